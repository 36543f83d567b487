"""MCP over standard input and output for one agent of this machine. Only protocol messages are written there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from onward.mcp.context import FindRunning, McpContext
from onward.mcp.server import McpServer
from onward.settings import Machine, Settings

if TYPE_CHECKING:
    from onward.store import Store


def run(store: Store, settings: Settings, machine: Machine, find_running: FindRunning) -> None:
    """Answer the agent that started this process, until it disconnects. *find_running* finds the session that it has open."""
    context = McpContext(store=store, settings=settings, folder=Path.cwd(), machine=machine, find_running=find_running)
    anyio.run(McpServer(context).run_stdio_async)
