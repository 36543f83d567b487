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

STATELESS_VERSION = "2026-07-28"
"""The protocol version whose requests need no handshake."""
STATELESS_FIELDS = ("_meta", "cacheScope", "resultType", "ttlMs")
"""What the library adds to each result of that version."""
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


def stateless_lines() -> list[bytes]:
    """Return the requests of an agent that asks for everything without a handshake."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": STATELESS_VERSION,
        "io.modelcontextprotocol/clientInfo": {"name": "agent", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    return [
        json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": {"_meta": meta}}).encode() + b"\n"
        for number, method in enumerate(("server/discover", *METHODS))
    ]


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
    return dict(zip(("initialize", *METHODS), _library_results(handshake_lines(version)), strict=True))


def stateless_answers() -> dict[str, Any]:
    """Return the library's result of each method of `stateless_lines`, by method."""
    return dict(zip(("server/discover", *METHODS), _library_results(stateless_lines()), strict=True))


def _library_results(lines: list[bytes]) -> list[Any]:
    nowhere = Path("/nonexistent")
    # Listing tools opens no store.
    context = McpContext(store=cast("Store", None), settings=Settings(nowhere, nowhere), folder=nowhere)
    wire = cast("Any", _Conversation(lines))
    anyio.run(serve, McpServer(context), [], wire, wire)
    results = {answer["id"]: answer["result"] for answer in map(json.loads, wire.getvalue().splitlines())}
    return [results[number] for number in sorted(results)]


def text() -> str:
    """Return the content of the file: the versions, the results for the newest one, and what a request without a handshake gets besides."""
    discovered = stateless_answers()["server/discover"]
    answers = {
        "versions": versions(),
        "results": library_answers(versions()[0]),
        "stateless_version": STATELESS_VERSION,
        "stateless_fields": {name: discovered[name] for name in STATELESS_FIELDS},
    }
    return json.dumps(answers, ensure_ascii=False, indent=1) + "\n"
