"""The scripted model's server on the loopback address. It keeps every request: that shows what the model was really given."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bench.clients.dialogue import Request
from bench.clients.protocols import PROTOCOLS, Protocol
from bench.clients.script import ScriptedModel

MODELS = ("scripted-1", "gemini-2.5-pro", "claude-sonnet-4-5")


class Endpoint(ThreadingHTTPServer):
    """The server. `requests` are all that arrived, in their order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.model = ScriptedModel()
        self.requests: list[Request] = []

    @property
    def url(self) -> str:
        """The address without a path."""
        return f"http://127.0.0.1:{self.server_port}"

    def texts_since(self, place: int) -> list[str]:
        """Return all that the model was given in each request from *place* on."""
        return ["\n".join(entry.text for entry in request.entries) for request in self.requests[place:]]


@contextmanager
def running_endpoint() -> Iterator[Endpoint]:
    """Serve while the context is open."""
    endpoint = Endpoint()
    thread = threading.Thread(target=endpoint.serve_forever, daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        endpoint.shutdown()
        endpoint.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Endpoint

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        models = [{"id": name, "object": "model", "type": "model", "display_name": name} for name in MODELS]
        self._send({"object": "list", "data": models, "models": [], "has_more": False})

    def do_HEAD(self) -> None:
        self._send({})

    def do_POST(self) -> None:
        body = self._read_body()
        path = self.path.partition("?")[0]
        protocol = next((protocol for end, protocol in PROTOCOLS.items() if path.endswith(end)), None)
        if protocol is None:
            # Counting tokens, telemetry.
            self._send({"input_tokens": 1_000, "totalTokens": 1_000})
            return
        request = protocol.request(body)
        self.server.requests.append(request)
        document = protocol.document(self.server.model.answer(request), body)
        if body.get("stream") or "stream" in path:
            self._stream(protocol, document)
        else:
            self._send(document)

    def _read_body(self) -> dict[str, Any]:
        data = self._read_chunks() if self.headers.get("transfer-encoding") == "chunked" else self._read_whole()
        encoding = self.headers.get("content-encoding")
        if encoding == "gzip":
            data = gzip.decompress(data)
        elif encoding == "zstd":
            import zstandard

            data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
        value = json.loads(data or b"{}")
        return value if isinstance(value, dict) else {}

    def _read_whole(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def _read_chunks(self) -> bytes:
        data = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def _send(self, value: dict[str, Any]) -> None:
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _stream(self, protocol: Protocol, document: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        for event in protocol.events(document):
            name = f"event: {event['type']}\n" if protocol.has_named_events else ""
            self.wfile.write(f"{name}data: {json.dumps(event)}\n\n".encode())
        if protocol.end_of_stream:
            self.wfile.write(f"data: {protocol.end_of_stream}\n\n".encode())
