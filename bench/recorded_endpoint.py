"""A model endpoint whose answers are written by somebody: each request goes into a file, and the answer is read from another.

The files of a request are named by a digest of what was asked, and end in `.request.md` and `.answer.md`. An answer that is there is
given at once; otherwise the endpoint waits for it as long as it is told to, then fails.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class RecordedEndpoint(ThreadingHTTPServer):
    """An OpenAI-compatible endpoint on loopback that answers from the files of a folder. `unanswered` are the requests without one."""

    daemon_threads = True

    def __init__(self, folder: Path, wait_seconds: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder, self.wait_seconds = folder, wait_seconds
        self.unanswered: list[Path] = []
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        """The address up to `/v1`."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    def find_answer(self, request: str) -> str:
        """Return the answer to *request*, and write its file where there is none yet; empty if none came in time."""
        name = sha256(request.encode()).hexdigest()[:16]
        request_path, answer_path = self.folder / f"{name}.request.md", self.folder / f"{name}.answer.md"
        if not request_path.exists():
            request_path.write_text(request, encoding="utf-8")
        end = time.monotonic() + self.wait_seconds
        while not answer_path.exists():
            if time.monotonic() >= end:
                self.unanswered.append(request_path)
                return ""
            time.sleep(0.5)
        return answer_path.read_text(encoding="utf-8")


class _Handler(BaseHTTPRequestHandler):
    server: RecordedEndpoint

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        answer = self.server.find_answer("\n\n".join(str(message["content"]) for message in body["messages"]))
        if not answer:
            self._send(404, json.dumps({"error": {"message": "no recorded answer"}}), "application/json")
        elif body.get("stream"):
            self._send(200, "".join(f"data: {part}\n\n" for part in _events(answer)), "text/event-stream")
        else:
            self._send(200, json.dumps(_completion(answer)), "application/json")

    def log_message(self, *_: object) -> None:
        pass

    def _send(self, status: int, text: str, content_type: str) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _completion(answer: str) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}
    return {"id": "r", "object": "chat.completion", "created": 1, "model": "recorded", "choices": [choice]}


def _events(answer: str) -> Iterator[str]:
    base = {"id": "r", "object": "chat.completion.chunk", "created": 1, "model": "recorded"}
    for delta, finish in (({"role": "assistant", "content": answer}, None), ({}, "stop")):
        yield json.dumps({**base, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
    yield "[DONE]"


@contextmanager
def serve_recorded(folder: Path, wait_seconds: float = 0.0) -> Iterator[RecordedEndpoint]:
    """Serve the answers of *folder* while the context lasts."""
    server = RecordedEndpoint(folder, wait_seconds)
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.05), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
