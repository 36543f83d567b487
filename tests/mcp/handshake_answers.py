"""What the MCP library answers to an agent's opening: the content of `src/onward/mcp/handshake.json`."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path
from typing import Any, cast

import anyio
from mcp.server import runner

from onward.mcp.context import McpContext
from onward.mcp.server import McpServer
from onward.mcp.stdio import serve
from onward.settings import Settings
from onward.store import Store

METHODS = ("tools/list", "prompts/list", "resources/list", "resources/templates/list")
"""What agents ask for before their first call. The answers do not depend on the store."""


def versions() -> list[str]:
    """Return the protocol versions whose sessions begin with a handshake, the newest first."""
    return sorted(runner.HANDSHAKE_PROTOCOL_VERSIONS, reverse=True)


def handshake_lines(version: str) -> list[bytes]:
    """Return the messages of an agent that opens a session of protocol *version* and asks for everything."""
    client = {"name": "agent", "version": "1"}
    handshake = {"protocolVersion": version, "capabilities": {}, "clientInfo": client}
    requests = [("initialize", handshake), *((method, {}) for method in METHODS)]
    messages: list[dict[str, Any]] = [
        {"jsonrpc": "2.0", "id": number, "method": method, "params": params} for number, (method, params) in enumerate(requests)
    ]
    messages.insert(1, {"jsonrpc": "2.0", "method": "notifications/initialized"})
    return [json.dumps(message).encode() + b"\n" for message in messages]


class _Conversation(io.BytesIO):
    """An agent at the other end of the wire: it sends a line once the requests before it are answered."""

    def __init__(self, lines: list[bytes]) -> None:
        super().__init__()
        self._lines = lines
        self._open_requests = 0
        self._change = threading.Condition()

    def readline(self, size: int | None = -1, /) -> bytes:
        with self._change:
            self._change.wait_for(lambda: not self._open_requests, timeout=60)
            line = self._lines.pop(0) if self._lines else b""
            self._open_requests += b'"id"' in line
            return line

    def write(self, answer: Any, /) -> int:
        with self._change:
            self._open_requests -= 1
            self._change.notify_all()
            return super().write(answer)


def library_answers(version: str) -> dict[str, Any]:
    """Return the library's result of each method of `handshake_lines`, by method."""
    nowhere = Path("/nonexistent")
    # Listing tools opens no store.
    context = McpContext(store=cast("Store", None), settings=Settings(nowhere, nowhere), folder=nowhere)
    wire = cast("Any", _Conversation(handshake_lines(version)))
    anyio.run(serve, McpServer(context), [], wire, wire)
    results = {answer["id"]: answer["result"] for answer in map(json.loads, wire.getvalue().splitlines())}
    return {method: results[number] for number, method in enumerate(("initialize", *METHODS))}


def text() -> str:
    """Return the content of the file: the versions, and the results for the newest one."""
    results = library_answers(versions()[0])
    return json.dumps({"versions": versions(), "results": results}, ensure_ascii=False, indent=1) + "\n"
