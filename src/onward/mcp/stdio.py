"""One agent of this machine, over standard input and output: nothing but the protocol goes there."""

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
    """Answer the agent that started this process, until it goes."""
    anyio.run(McpServer(McpContext(store=store, settings=settings, folder=Path.cwd(), machine=read_machine())).run_stdio_async)
