"""MCP over HTTP for many agents, at one path. Requests are stateless, so a restart of the server goes unnoticed.

The application that mounts this checks who may call; here each tool is checked against the caller's scope. The SDK is imported when the
first agent calls.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from anyio import TASK_STATUS_IGNORED, Lock, create_task_group, sleep_forever
from anyio.abc import TaskGroup, TaskStatus
from anyio.to_thread import run_sync
from starlette.types import Receive, Scope, Send

from onward.settings import Settings

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from onward.store import Store

PATH = "/mcp"


class McpApp:
    """An ASGI application that answers MCP requests while `run` is entered."""

    path = PATH

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        self._lock = Lock()
        self._group: TaskGroup | None = None
        self._manager: StreamableHTTPSessionManager | None = None

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Answer requests while the context is open."""
        async with create_task_group() as group:
            self._group = group
            yield
            self._group = self._manager = None
            group.cancel_scope.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        async with self._lock:
            if self._manager is None:
                assert self._group, "run() was not entered"
                self._manager = await self._group.start(self._manage)
        await self._manager.handle_request(scope, receive, send)

    async def _manage(self, *, task_status: TaskStatus[StreamableHTTPSessionManager] = TASK_STATUS_IGNORED) -> None:
        manager = await run_sync(self._create_sessions)
        async with manager.run():
            task_status.started(manager)
            await sleep_forever()

    def _create_sessions(self) -> StreamableHTTPSessionManager:
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        from onward.mcp.context import McpContext
        from onward.mcp.server import McpServer

        server = McpServer(McpContext(self._store, self._settings))
        most_bytes = self._settings.body_limit_mb * 2**20
        return StreamableHTTPSessionManager(server.protocol, json_response=True, stateless=True, max_request_body_size=most_bytes)
