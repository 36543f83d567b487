"""A scripted server over real HTTP: answers, drops, redirects, streams."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class ScriptedAnswer:
    """The answer to one request; status 0 drops the connection before any byte, `is_cut` after the body."""

    data: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    is_cut: bool = False
    beside: dict[str, Any] = field(default_factory=dict)

    def body_bytes(self) -> bytes:
        return json.dumps({"success": True, "data": self.data, **self.beside}).encode() if self.body is None else self.body


class ScriptedServer(ThreadingHTTPServer):
    """Answers by a script, and records the requests."""

    daemon_threads = True

    def __init__(self) -> None:
        self.script: Callable[[str, str], ScriptedAnswer] = lambda _method, _path: ScriptedAnswer()
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def script_answers(self, *answers: ScriptedAnswer) -> None:
        """Send these answers one after the other; the last one is repeated."""
        pending_answers = list(answers)
        self.script = lambda _method, _path: pending_answers.pop(0) if len(pending_answers) > 1 else pending_answers[0]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ScriptedServer

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.requests.append((self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        answer = self.server.script(self.command, self.path)
        self.close_connection = answer.is_cut or not answer.status
        if not answer.status:
            return
        written = answer.body_bytes()
        self.send_response(answer.status)
        for name, value in {"content-type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        if not answer.is_cut:
            self.send_header("content-length", str(len(written)))
        self.end_headers()
        self.wfile.write(written)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _answer  # noqa: N815 - the library's own names

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
