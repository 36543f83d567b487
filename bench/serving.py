"""What the API costs: requests a second beside a bare FastAPI endpoint over SQLite that does as little as can be, at 1 and 32 clients, in one run.

python -m bench.serving [--seconds 4]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Self

from bench.report import keep, table

BARE = """
import sqlite3, sys, threading, uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
path = sys.argv[1]
local = threading.local()
app = FastAPI()
class Turn(BaseModel):
    role: str
    content: str
class Save(BaseModel):
    session_id: int
    turns: list[Turn]
def db():
    if not hasattr(local, "db"):
        local.db = sqlite3.connect(path, timeout=60)
        local.db.execute("PRAGMA journal_mode=WAL"); local.db.execute("PRAGMA synchronous=NORMAL")
    return local.db
@app.get("/read")
def read():
    rows = db().execute("SELECT id, role, content FROM turns ORDER BY id LIMIT 20").fetchall()
    return {"success": True, "data": [{"id": row[0], "role": row[1], "content": row[2]} for row in rows]}
@app.post("/write")
def write(save: Save):
    with db() as connection:
        connection.executemany("INSERT INTO turns (session_id, role, content) VALUES (?, ?, ?)", [(save.session_id, t.role, t.content) for t in save.turns])
    return {"success": True, "data": {"new_turns": len(save.turns)}}
import socket
listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP); listening.bind(("127.0.0.1", 0)); listening.listen(512)
print('{"url": "http://127.0.0.1:%d"}' % listening.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False)).run(sockets=[listening])
"""
"""The endpoint to compare with: the same server, a plain function, its own connection for each thread, nothing else."""


class Server:
    """A server of its own process, ended on leaving."""

    def __init__(self, command: list[str], home: Path) -> None:
        environment = {**os.environ, "ONWARD_HOME": str(home)}
        started = time.perf_counter()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
        assert self.process.stdout
        self.port = int(json.loads(self.process.stdout.readline())["url"].rpartition(":")[2])
        asyncio.run(ask(self.port, [request("GET", "/healthz")], 1, 0))
        self.started_seconds = time.perf_counter() - started

    def user_seconds(self) -> float:
        """Return the user time that the process has taken so far."""
        return int(Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[11]) / os.sysconf("SC_CLK_TCK")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(20)


def request(method: str, path: str, body: object = None) -> bytes:
    """Return a request as it goes over the wire."""
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
    return head.encode() + content


async def ask(port: int, requests: list[bytes], clients: int, seconds: float) -> tuple[list[float], int]:
    """Return how long each answer took, in ms, from *clients* that each ask one thing after the other; and how many were refused."""
    took: list[float] = []
    refused = 0
    until = time.perf_counter() + seconds

    async def client(number: int) -> None:
        nonlocal refused
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        turn = number
        while True:
            asked = time.perf_counter()
            writer.write(requests[turn % len(requests)])
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
            await reader.readexactly(length)
            took.append((time.perf_counter() - asked) * 1000)
            refused += not head.startswith(b"HTTP/1.1 200")
            turn += clients
            if time.perf_counter() >= until:
                break
        writer.close()

    await asyncio.gather(*map(client, range(clients)))
    return took, refused


HEAD = ["what", "clients", "bare /s", "Onward /s", "of it", "bare ms", "Onward ms", "p99 ms", "refused"]


def turns(start: int, count: int) -> list[dict[str, str]]:
    """Return turns that nobody said before."""
    return [{"role": "user", "content": f"Turn number {start + place} of the load."} for place in range(count)]


def prepared(server: Server) -> None:
    """Give a server something to read."""
    first = [request("POST", "/api/projects", {"name": "kopi"}), request("POST", "/api/sessions", {"project_id": 1})]
    first.append(request("POST", "/api/conversations/save", {"session_id": 1, "turns": turns(0, 20)}))
    first.append(request("POST", "/api/sessions/1/complete", {"accomplishments": ["It runs"]}))
    for one in [*first, *[request("POST", "/api/sessions", {"project_id": 1})] * 32]:
        _, refused = asyncio.run(ask(server.port, [one], 1, 0))
        assert not refused, one


def measured(server: Server, requests: list[bytes], clients: int, seconds: float) -> dict[str, Any]:
    """Return what a server did of *requests*."""
    before = server.user_seconds()
    started = time.perf_counter()
    took, refused = asyncio.run(ask(server.port, requests, clients, seconds))
    spent = time.perf_counter() - started
    took.sort()
    return {
        "per_second": len(took) / spent,
        "user_ms": (server.user_seconds() - before) * 1000 / len(took),
        "p99_ms": took[int(len(took) * 0.99)],
        "refused": refused,
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.serving", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=4, help="how long each row is measured")
    seconds = parser.parse_args(arguments).seconds
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bare.db"
        with sqlite3.connect(path) as bare:
            bare.execute("CREATE TABLE turns (id INTEGER PRIMARY KEY, session_id INTEGER, role TEXT, content TEXT)")
            bare.executemany(
                "INSERT INTO turns (session_id, role, content) VALUES (1, ?, ?)", [tuple(one.values()) for one in turns(0, 20)]
            )
        ours = [sys.executable, "-m", "onward", "serve", "--port", "0", "--json"]
        with Server([sys.executable, "-c", BARE, str(path)], Path(folder)) as least, Server(ours, Path(folder) / "home") as server:
            prepared(server)
            rows = compare(least, server, seconds)
            print(f"start to first answer: bare {least.started_seconds:.2f} s, Onward {server.started_seconds:.2f} s\n")
            started = {"bare_s": least.started_seconds, "onward_s": server.started_seconds}
    print(table(HEAD, rows))
    keep("serving", {"start": started, "rows": [dict(zip(HEAD, row, strict=True)) for row in rows]}, arguments)


def compare(least: Server, server: Server, seconds: float) -> list[list[object]]:
    """Return a row for each thing that both do. `ms` is the server's user time a request, which a busy machine changes least."""
    count = 1_000_000

    def saves(path: str, size: int, clients: int) -> list[bytes]:
        nonlocal count
        count += 2_000_000
        return [
            request("POST", path, {"session_id": 2 + place % clients, "turns": turns(count + place * size, size)}) for place in range(6000)
        ]

    rows: list[list[object]] = []
    for clients in (1, 32):
        for what, plain, asked in (
            ("a project", [request("GET", "/read")], [request("GET", "/api/projects/1")]),
            ("20 turns", [request("GET", "/read")], [request("GET", "/api/ai/conversations/1?limit=20")]),
            ("the handoff", [request("GET", "/read")], [request("GET", "/api/projects/1/handoff")]),
            ("save 1 turn", saves("/write", 1, clients), saves("/api/conversations/save", 1, clients)),
            ("save 50 turns", saves("/write", 50, clients), saves("/api/conversations/save", 50, clients)),
        ):
            one, other = measured(least, plain, clients, seconds), measured(server, asked, clients, seconds)
            share = other["per_second"] / one["per_second"]
            rows.append([
                what, clients, f"{one['per_second']:.0f}", f"{other['per_second']:.0f}", f"{share:.0%}", f"{one['user_ms']:.2f}",
                f"{other['user_ms']:.2f}", f"{other['p99_ms']:.0f}", other["refused"],
            ])  # fmt: skip
    return rows


if __name__ == "__main__":
    main()
