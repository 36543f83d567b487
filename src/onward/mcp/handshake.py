"""`onward mcp` until the agent's first call: the answers to its opening, before the MCP library and the store are imported.

An agent asks a server for its name and tools while a person waits for the first prompt, and many sessions never call a tool. What is asked
then never changes: `handshake.json` holds what the library answers, written by `docs/generate.py` (a test compares both). The first message
that needs more goes to `onward.mcp.stdio`, with the handshake before it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from io import BufferedReader, BufferedWriter
from typing import Any, TypeAlias

from onward.errors import OnwardError

RpcMessage: TypeAlias = dict[str, Any]
Answers: TypeAlias = dict[str, Any]
"""`versions` of the protocol that begin with a handshake, the newest first; `results` by method, for the newest version. A request of
`stateless_version` needs no handshake: it has an envelope of its own, and its result has `stateless_fields` besides.
"""

_ENVELOPE = "io.modelcontextprotocol/"
"""What the names in the envelope of a request without a handshake begin with."""
INTERNAL_ERROR = -32603
"""The code of JSON-RPC for a request that failed at the server."""


def read_answers() -> Answers:
    """Return the stored answers."""
    path = os.path.join(os.path.dirname(__file__), "handshake.json")  # noqa: PTH118, PTH120 - pathlib takes longer than all of this
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        answers: Answers = json.load(file)
    return answers


class McpHandshake:
    """The opening of one connection: what was answered so far. `lines` are those that the library must see, too."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._version = ""
        self.lines: list[bytes] = []

    def answer(self, message: RpcMessage) -> bytes | None:
        """Return the line that answers *message*, empty if none is due; None if only the library can answer."""
        method, params = message.get("method"), message.get("params") or {}
        if not self.lines and not self._version and self._is_stateless(params):
            return self._answer_stateless(message)
        if method == "initialize" and not self.lines and _is_handshake(params):
            versions = self._answers["versions"]
            self._version = params["protocolVersion"] if params["protocolVersion"] in versions else versions[0]
        elif not self._version and method != "notifications/cancelled":
            return None
        if "id" not in message:
            return b"" if method in ("notifications/initialized", "notifications/cancelled") else None
        result = {} if method == "ping" else self._answers["results"].get(method)
        if result is None or params.get("cursor"):
            return None
        if method == "initialize":
            result = {**result, "protocolVersion": self._version}
        return _to_line({"jsonrpc": "2.0", "id": message["id"], "result": result})

    def _is_stateless(self, params: dict[str, Any]) -> bool:
        """Whether *params* have the whole envelope of a request without a handshake; the library explains what is wrong with others."""
        meta = params.get("_meta")
        return (
            isinstance(meta, dict)
            and meta.get(f"{_ENVELOPE}protocolVersion") == self._answers["stateless_version"]
            and isinstance(meta.get(f"{_ENVELOPE}clientCapabilities"), dict)
            and _is_client(meta.get(f"{_ENVELOPE}clientInfo"))
        )

    def _answer_stateless(self, message: RpcMessage) -> bytes | None:
        """Return the answer to a request without a handshake. A client that got none in time may still begin with a handshake: the library
        would refuse that once it had answered such a request.
        """
        results = self._answers["results"]
        result = results.get(message["method"])
        if message["method"] == "server/discover":
            opening = {name: results["initialize"][name] for name in ("capabilities", "instructions")}
            result = {**opening, "supportedVersions": [self._answers["stateless_version"]]}
        if "id" not in message or result is None or message["method"] == "initialize" or message["params"].get("cursor"):
            return None
        return _to_line({"jsonrpc": "2.0", "id": message["id"], "result": {**result, **self._answers["stateless_fields"]}})

    def note(self, message: RpcMessage, line: bytes) -> None:
        """Add an answered *line* to the handshake if it belongs there."""
        if message.get("method") in ("initialize", "notifications/initialized"):
            self.lines.append(line)


def serve(answer_calls: Callable[[list[bytes], BufferedReader, BufferedWriter], None]) -> int:
    """Answer the agent that started this process until it disconnects, and return the exit code.

    *answer_calls* takes over with the lines that were read so far and the wire, or raises `OnwardError` before it reads more.
    """
    reader, writer = _claim_streams()
    handshake = McpHandshake(read_answers())
    for line in iter(reader.readline, b""):
        message = _parse(line)
        if message is not None and (answer := handshake.answer(message)) is not None:
            handshake.note(message, line)
            _write(writer, answer)
            continue
        try:
            answer_calls([*handshake.lines, line], reader, writer)
        except OnwardError as error:
            # The settings or the store are wrong. The agent reads why, and may try again when it is fixed.
            _write(writer, _refusal(message or {}, error))
        else:
            return 0
    return 0


def _claim_streams() -> tuple[BufferedReader, BufferedWriter]:
    """Return the wire to the agent. From now on other output of this process goes to standard error, and its children read nothing."""
    wire_in, wire_out = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return os.fdopen(wire_in, "rb"), os.fdopen(wire_out, "wb")


def _write(writer: BufferedWriter, line: bytes) -> None:
    writer.write(line)
    writer.flush()


def _parse(line: bytes) -> RpcMessage | None:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    is_message = isinstance(message, dict) and message.get("jsonrpc") == "2.0" and isinstance(message.get("params", {}), dict)
    return message if is_message and isinstance(message.get("id", 0), (int, str)) else None


def _is_handshake(params: dict[str, Any]) -> bool:
    """Whether *params* are complete; the library explains what is wrong with others."""
    return (
        isinstance(params.get("protocolVersion"), str)
        and isinstance(params.get("capabilities"), dict)
        and _is_client(params.get("clientInfo"))
    )


def _is_client(client: object) -> bool:
    return isinstance(client, dict) and all(isinstance(client.get(name), str) for name in ("name", "version"))


def _refusal(message: RpcMessage, error: OnwardError) -> bytes:
    """Return the answer to a request that failed, empty for what takes none."""
    if "id" not in message:
        return b""
    answer: RpcMessage = {"jsonrpc": "2.0", "id": message["id"]}
    if message.get("method") == "tools/call":
        return _to_line({**answer, "result": {"content": [{"type": "text", "text": str(error)}], "isError": True}})
    return _to_line({**answer, "error": {"code": INTERNAL_ERROR, "message": str(error)}})


def _to_line(message: RpcMessage) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
