"""The MCP server of one agent: answers the opening at once, and opens the store with the agent's first call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from onward.mcp import handshake

if TYPE_CHECKING:
    from io import BufferedReader, BufferedWriter


def serve(flags: Mapping[str, object]) -> int:
    """Answer the agent that started this process until it disconnects, and return the exit code.

    *flags* override the settings: `project` is a name or id, None for the project of the agent's folder.
    """
    return handshake.serve(lambda lines, reader, writer: _answer_calls(flags, lines, reader, writer))


def _answer_calls(flags: Mapping[str, object], lines: list[bytes], reader: BufferedReader, writer: BufferedWriter) -> None:
    # Imported here: the MCP library and the store take a second.
    import gc
    import os
    from pathlib import Path

    import anyio

    from onward import adapters, backend
    from onward.agents.running_session import RunningSessions
    from onward.mcp import stdio
    from onward.mcp.context import McpContext
    from onward.mcp.server import McpServer
    from onward.settings import read_machine, read_settings

    gc.enable()
    settings, machine = read_settings(flags), read_machine()
    backend.require_local(settings)
    with adapters.open_store(settings) as store:
        find_running = RunningSessions(settings, machine, os.environ).find
        context = McpContext(store=store, settings=settings, folder=Path.cwd(), machine=machine, find_running=find_running)
        anyio.run(stdio.serve, McpServer(context), lines, reader, writer, len(lines) > 1)
