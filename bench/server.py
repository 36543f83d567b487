"""Cost of the API: requests per second compared with a minimal FastAPI server over SQLite, with 1 and 32 clients, in one run.

    python -m bench.server [--seconds 5] [--rounds 5]

The minimal server (`bench.minimal_server`) is the ceiling: hand-written, over a copy of the same database. It parses the same bodies,
stores the same rows in the same tables with the same pragmas and returns the same fields, so the share shows the cost of Onward itself:
duplicate detection, redaction, the search index, access control, limits, request ids, the log and the metrics. (Until November 2026 it
kept two columns without a constraint, and answered every read with twenty rows of three columns: too easy for writes and for reads of
twenty turns, too hard for one project.)

Both are measured in turns of a few seconds, because the load of a shared machine varies; a share is the median of the rounds, with the
lowest and the highest.
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
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice, repeat
from pathlib import Path
from statistics import median
from typing import NamedTuple, Self

from bench.report import keep, table


class Server:
    """A server in a process of its own, ended on exit."""

    def __init__(self, command: list[str], home: Path) -> None:
        environment = {**os.environ, "ONWARD_HOME": str(home)}
        started = time.perf_counter()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
        assert self.process.stdout
        self.port = int(json.loads(self.process.stdout.readline())["url"].rpartition(":")[2])
        asyncio.run(ask(self.port, [request("GET", "/healthz")], 1, 0))
        self.started_seconds = time.perf_counter() - started

    def user_seconds(self) -> float:
        """Return the user CPU time of the process so far."""
        return int(Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[11]) / os.sysconf("SC_CLK_TCK")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(20)


def request(method: str, path: str, body: object = None) -> bytes:
    """Return a request as bytes."""
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
    return head.encode() + content


async def ask(port: int, requests: list[bytes], clients: int, seconds: float) -> tuple[list[float], int]:
    """Return the response times in ms of *clients* that each send one request after the other, and the number of refused requests."""
    took: list[float] = []
    refused = 0
    until = time.perf_counter() + seconds

    async def client(number: int) -> None:
        nonlocal refused
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        turn = number
        while True:
            sent_at = time.perf_counter()
            writer.write(requests[turn % len(requests)])
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
            await reader.readexactly(length)
            took.append((time.perf_counter() - sent_at) * 1000)
            refused += not head.startswith(b"HTTP/1.1 200")
            turn += clients
            if time.perf_counter() >= until:
                break
        writer.close()

    await asyncio.gather(*map(client, range(clients)))
    return took, refused


HEAD = ["what", "clients", "bare /s", "Onward /s", "of it", "lowest", "highest", "bare ms", "Onward ms", "bare p99", "p99 ms", "refused"]


class ServerMeasurement(NamedTuple):
    """Measurement of one server: requests per second, user time per request, sorted response times, and refused requests."""

    per_second: float
    user_ms: float
    took_ms: list[float]
    refused: int


def turns(start: int, count: int) -> list[dict[str, str]]:
    """Return new turns."""
    return [{"role": "user", "content": f"Turn number {start + place} of the load."} for place in range(count)]


def prepare(server: Server) -> None:
    """Create data to read."""
    first = [request("POST", "/api/projects", {"name": "kopi"}), request("POST", "/api/sessions", {"project_id": 1})]
    first.append(request("POST", "/api/conversations/save", {"session_id": 1, "turns": turns(0, 20)}))
    first.append(request("POST", "/api/sessions/1/complete", {"accomplishments": ["It runs"]}))
    for message in [*first, *[request("POST", "/api/sessions", {"project_id": 1})] * 32]:
        _, refused = asyncio.run(ask(server.port, [message], 1, 0))
        assert not refused, message


def measure_requests(server: Server, requests: list[bytes], clients: int, seconds: float) -> ServerMeasurement:
    """Measure *requests* on a server."""
    before = server.user_seconds()
    started = time.perf_counter()
    took, refused = asyncio.run(ask(server.port, requests, clients, seconds))
    spent = time.perf_counter() - started
    return ServerMeasurement(len(took) / spent, (server.user_seconds() - before) * 1000 / len(took), sorted(took), refused)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.server", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=5, help="duration of each measurement")
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        home, copy = Path(folder) / "home", Path(folder) / "bare.db"
        with Server([sys.executable, "-m", "onward", "serve", "--port", "0", "--no-token", "--json"], home) as server:
            prepare(server)
            with closing(sqlite3.connect(home / "onward.db")) as store, closing(sqlite3.connect(copy)) as bare:
                store.backup(bare)
            with Server([sys.executable, "-m", "bench.minimal_server", str(copy)], home) as least:
                rows = compare(least, server, options.seconds / options.rounds, options.rounds)
            print(f"start to first answer: minimal server {least.started_seconds:.2f} s, Onward {server.started_seconds:.2f} s\n")
            started = {"bare_s": least.started_seconds, "onward_s": server.started_seconds}
    print(table(HEAD, rows))
    keep("server", {"start": started, "rows": [dict(zip(HEAD, row, strict=True)) for row in rows]}, arguments)


def compare(least: Server, server: Server, seconds: float, rounds: int, clients_at_once: Sequence[int] = (1, 32)) -> list[list[object]]:
    """Return a row for each request that both servers answer. `ms` is the user time per request, which depends least on other load."""
    count = 1_000_000

    def saves(size: int, clients: int) -> Iterator[list[bytes]]:
        nonlocal count
        while True:
            count += 200_000
            yield [
                request("POST", "/api/conversations/save", {"session_id": 2 + place % clients, "turns": turns(count + place * size, size)})
                for place in range(3000)
            ]

    rows: list[list[object]] = []
    for clients in clients_at_once:
        for what, request_lists in (
            ("a project", repeat([request("GET", "/api/projects/1")])),
            ("20 turns", repeat([request("GET", "/api/ai/conversations/1?limit=20")])),
            ("the handoff", repeat([request("GET", "/api/projects/1/handoff")])),
            ("save 1 turn", saves(1, clients)),
            ("save 50 turns", saves(50, clients)),
        ):
            pairs = [
                (measure_requests(least, requests, clients, seconds), measure_requests(server, requests, clients, seconds))
                for requests in islice(request_lists, rounds)
            ]
            rows.append([what, clients, *_summarise(pairs)])
    return rows


def _summarise(pairs: list[tuple[ServerMeasurement, ServerMeasurement]]) -> Iterator[object]:
    """Yield the figures of one row from its rounds."""
    shares = sorted(onward.per_second / bare.per_second for bare, onward in pairs)
    slowest = [sorted(ms for measured in side for ms in measured.took_ms) for side in zip(*pairs, strict=True)]
    yield from (f"{median(measurement.per_second for measurement in side):.0f}" for side in zip(*pairs, strict=True))
    yield from (f"{share:.0%}" for share in (median(shares), shares[0], shares[-1]))
    yield from (f"{median(measurement.user_ms for measurement in side):.2f}" for side in zip(*pairs, strict=True))
    yield from (f"{took[int(len(took) * 0.99)]:.0f}" for took in slowest)
    yield sum(measurement.refused for pair in pairs for measurement in pair)


if __name__ == "__main__":
    main()
