"""MCP over standard input and output for one agent of this machine. Only protocol messages are written there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from onward.mcp.context import McpContext
from onward.mcp.server import McpServer
from onward.settings import Settings, read_machine

if TYPE_CHECKING:
    from onward.store import Store


def run(store: Store, settings: Settings) -> None:
    """Answer the agent that started this process, until it disconnects."""
    anyio.run(McpServer(McpContext(store=store, settings=settings, folder=Path.cwd(), machine=read_machine())).run_stdio_async)
