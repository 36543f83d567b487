"""The figures that `make bench-check` watches, each beside its peer or ceiling in the same run.

A figure is a ratio where there is something to compare with. Goals are of CPU time: the least of several runs. Where valgrind is installed,
short commands are compared by their instructions as well: other load on the machine does not change these.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench import server as bench_server
from bench import speed, start
from bench.scale import QUESTIONS
from bench.transcripts import MEGABYTE, one_session, sources
from onward.app.handoffs import handoffs
from onward.app.projects import projects
from onward.app.search import search_results
from onward.app.sessions import completion, sessions
from onward.store import Store

PEER = "claude-handoff==0.20.0"
COUNTED = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--branch-sim=no", "--cachegrind-out-file=/dev/null")
MOST_COUNTED_MB = 1.5
"""Above this size valgrind would take minutes: CPU time is compared."""
RUNS, IDLE_SECONDS = 5, 20.0
SHORT_TURNS = 12
BARE = [sys.executable, "-I", "-c", "pass"]
ONWARD = [sys.executable, "-m", "onward"]


class Measurement(NamedTuple):
    """A measured figure: its value, and for a ratio of commands the same ratio of instructions."""

    name: str
    value: float
    instructions: float | None = None


Figures = Iterator[Measurement]


class Options(NamedTuple):
    """The size of a run."""

    turns: int = 100_000
    sizes_kb: tuple[int, ...] = (100, 1_000, 10_000)
    sessions: int = 1_000


class Cost(NamedTuple):
    """What a command costs."""

    seconds: float
    instructions: float | None = None

    def beside(self, name: str, other: Cost) -> Measurement:
        """Return the ratio to *other* as the figure *name*."""
        counted = self.instructions / other.instructions if self.instructions and other.instructions else None
        return Measurement(name, self.seconds / other.seconds, counted)


class Machine:
    """A folder with a store for the measured commands, and what counts their cost."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "home"
        self.environment = {**os.environ, "ONWARD_HOME": str(self.home), "HOME": str(folder), "PYTHONHASHSEED": "0"}
        self.counts = shutil.which("valgrind") is not None

    def cost(self, command: list[str], *, stdin: bytes = b"", cwd: Path | None = None, counts: bool = True) -> Cost:
        """Return what *command* costs after its first run, which leaves what it caches."""
        seconds = min(self.cpu_seconds(command, stdin, cwd) for _ in range(RUNS))
        if not (self.counts and counts):
            return Cost(seconds)
        done = subprocess.run(
            [*COUNTED, *command], input=stdin, env=self.environment, cwd=cwd or self.folder, capture_output=True, check=False
        )
        counts_read = re.findall(rb"I\s+refs:\s+([\d,]+)", done.stderr)
        if not counts_read:
            raise SystemExit(f"valgrind counted nothing of {command}: {done.stderr[-300:]!r}")
        return Cost(seconds, float(counts_read[-1].replace(b",", b"")))

    def cpu_seconds(self, command: list[str], stdin: bytes = b"", cwd: Path | None = None) -> float:
        """Return the CPU time of one run of *command*."""
        source = self.folder / "stdin"
        source.write_bytes(stdin)
        with source.open("rb") as text:
            process = subprocess.Popen(
                command, stdin=text, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=cwd or self.folder, env=self.environment
            )
            _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
        return usage.ru_utime + usage.ru_stime


def commands(options: Options) -> Figures:
    """Commands that open the store, and the start of the MCP server, beside a bare interpreter."""
    del options
    with tempfile.TemporaryDirectory(prefix="onward-bench-") as name:
        machine, repository = Machine(Path(name)), Path(name) / "shop"
        start.fill_store(machine.home, repository, 100)
        bare = machine.cost(BARE)
        for words in ("project list", "session list", "handoff", "search port 4007", "session start"):
            label = "search" if words.startswith("search") else words
            yield machine.cost([*ONWARD, *words.split()], cwd=repository).beside(label, bare)
        lines: list[dict[str, object]] = [
            {"id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": _CLIENT}},
            {"method": "notifications/initialized"},
            {"id": 2, "method": "tools/list"},
        ]
        stdin = "".join(json.dumps({"jsonrpc": "2.0", **line}) + "\n" for line in lines).encode()
        yield machine.cost([*ONWARD, "mcp"], stdin=stdin, cwd=repository).beside("mcp until tools/list", bare)


_CLIENT = {"name": "bench", "version": "1"}


def distills(options: Options) -> Figures:
    """`distill` beside claude-handoff's, and beside `orjson.loads` of every line; and its resident memory."""
    with tempfile.TemporaryDirectory(prefix="onward-bench-") as name:
        machine = Machine(Path(name))
        peer = _install_peer(Path(name) / "peer")
        for size_kb in options.sizes_kb:
            path = Path(name) / "session.jsonl"
            path.write_bytes(one_session(sources(speed.DATA, "claude-code"), size_kb * 1_000))
            counts = size_kb * 1_000 <= MOST_COUNTED_MB * MEGABYTE
            label = f"{size_kb // 1_000} MB" if size_kb >= 1_000 else f"{size_kb} KB"
            if peer:
                onward_cost = machine.cost([*ONWARD, "distill", str(path)], counts=counts)
                yield onward_cost.beside(f"distill {label}, beside chf", machine.cost([str(peer), "-o", "-", str(path)], counts=counts))
            if size_kb >= 10_000:
                seconds = machine.cost([*ONWARD, "distill", str(path)], counts=False).seconds
                lines = path.read_bytes().splitlines()
                yield Measurement(f"distill {label}, beside orjson", seconds / min(_cpu(partial(speed.load, lines)) for _ in range(RUNS)))
        for agent in ("claude-code", "codex") if 50_000 in options.sizes_kb else ():
            path = Path(name) / "session.jsonl"
            path.write_bytes(one_session(sources(speed.DATA, agent), 50 * MEGABYTE))
            yield Measurement(f"resident, 50 MB of {agent}", speed.run(*ONWARD, "distill", str(path), home=machine.home).resident_mb)


def _install_peer(folder: Path) -> Path | None:
    """Install claude-handoff in *folder* and return its program; None where the network does not allow it."""
    done = subprocess.run([sys.executable, "-m", "venv", str(folder)], check=False, capture_output=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PEER]
    if done.returncode or subprocess.run(pip, check=False, capture_output=True).returncode:
        print(f"… {PEER} cannot be installed: not compared with it", file=sys.stderr)
        return None
    return folder / "bin" / "chf"


def _cpu(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def imports(options: Options) -> Figures:
    """An import of many turns beside raw sqlite3 and FTS5, and searches in its store."""
    with tempfile.TemporaryDirectory(prefix="onward-bench-") as name:
        machine, source = Machine(Path(name)), Path(name) / "sessions"
        source.mkdir()
        for number, content in enumerate(speed.enough_sessions("claude-code", options.turns)):
            (source / f"{number:05}.jsonl").write_bytes(content)
        command = [*ONWARD, "import", str(source), "--project", "bench"]
        onward_seconds = machine.cpu_seconds(command)
        raw_ms = speed.raw_insert(source, Path(name) / "raw.db")[1]
        yield Measurement(f"import of {options.turns:,} turns, share of raw", raw_ms / 1_000 / onward_seconds)
        with Store.at_folder(machine.home) as store:
            project = projects.resolve(store, "bench")
            search_results.search(store, "once, so that everything is loaded", project=project)
            took = sorted(_cpu(partial(search_results.search, store, question, project=project)) for question in QUESTIONS * 3)
        yield Measurement(f"search in {options.turns:,} turns, median ms", median(took) * 1_000)
        yield Measurement(f"search in {options.turns:,} turns, p95 ms", took[int(len(took) * 0.95)] * 1_000)


def growth(options: Options) -> Figures:
    """Session 1,000 beside session 10, all short; and the size of stored handoffs."""
    first, last = 10, options.sessions
    spent: dict[str, dict[int, float]] = {"complete": {}, "handoff": {}, "search": {}}
    with tempfile.TemporaryDirectory(prefix="onward-bench-") as name, Store.at_folder(Path(name) / "home") as store:
        project = projects.create(store, "short")
        for number in range(1, last + 3):
            near = next((place for place in (first, last) if abs(number - place) <= 2), 0)
            took = _complete_short(store, project, number)
            if near:
                spent["complete"][near] = min(took, spent["complete"].get(near, took))
            if number in (first, last):
                spent["handoff"][number] = min(
                    _cpu(lambda: handoffs.current_handoff(store, project, budget_tokens=3_000)) for _ in range(5)
                )
                spent["search"][number] = min(_cpu(lambda: search_results.search(store, "port 4007", project=project)) for _ in range(RUNS))
        for what, costs in spent.items():
            yield Measurement(f"{what}, session {last:,} beside {first}", costs[last] / costs[first])
        with closing(sqlite3.connect(Path(name) / "home" / "onward.db")) as connection:
            size = "length(CAST(markdown AS BLOB)) + length(CAST(document_json AS BLOB)) + length(CAST(preservation_json AS BLOB))"
            [sizes] = zip(*connection.execute(f"SELECT {size} FROM handoffs ORDER BY version DESC LIMIT 50"), strict=True)
        yield Measurement("handoff version, KB", sum(sizes) / len(sizes) / 1_000)
        yield Measurement("list of 50 handoffs, KB", _listed_kb(store))


def _listed_kb(store: Store) -> float:
    from starlette.testclient import TestClient

    from onward.api.application import build
    from onward.settings import Settings

    here = ("127.0.0.1", 50_000)
    with TestClient(build(store, Settings(Path("/"), Path("/"))), base_url="http://127.0.0.1:3000", client=here) as client:
        return len(client.get("/api/projects/1/handoffs", params={"limit": 50}).content) / 1_000


def _complete_short(store: Store, project: projects.Project, number: int) -> float:
    from onward.app.turns import client_turns
    from onward.core.transcript.transcript import Turn

    session = sessions.start(store, project).session
    turns = [Turn("user" if place % 2 == 0 else "assistant", _short_text(number, place)) for place in range(SHORT_TURNS)]
    client_turns.append_turns(store, session.id, turns)
    return _cpu(lambda: completion.complete(store, sessions.require_by_id(store, session.id)))


def _short_text(number: int, place: int) -> str:
    if place == 0:
        return f"Never touch the client of part {number}. Use port {4000 + number}, and keep totals in cents in `src/part_{number}.py`."
    if place == SHORT_TURNS - 1:
        return f"We decided to keep part {number} in SQLite because rounding lost {number} orders. Next: write tests/test_part_{number}.py."
    return f"Step {place} of part {number}: `src/part_{number}.py` now handles case {place}, and its test passes."


def servers(options: Options) -> Figures:
    """Requests beside bare FastAPI and sqlite3, the start of the server, its search page, and what it costs when nobody asks."""
    del options
    with tempfile.TemporaryDirectory(prefix="onward-bench-") as name:
        home, copy = Path(name) / "home", Path(name) / "bare.db"
        start.fill_store(Path(name) / "filled", Path(name) / "shop", 24)
        serve = [*ONWARD, "serve", "--port", "0", "--no-token", "--json"]
        with bench_server.Server(serve, home) as server:
            yield Measurement("start to first answer, CPU s", server.user_seconds())
            bench_server.prepare(server)
            with closing(sqlite3.connect(home / "onward.db")) as store, closing(sqlite3.connect(copy)) as bare:
                store.backup(bare)
            with bench_server.Server([sys.executable, "-m", "bench.minimal_server", str(copy)], home) as least:
                yield from _shares(least, server)
        with bench_server.Server(serve, Path(name) / "filled") as server:
            searches = [
                bench_server.request("GET", f"/search?q={word}") for word in ("port", "totals", "orders", "SQLite", "generated+client")
            ]
            bench_server.measure_requests(server, searches, 1, 1)
            yield Measurement("search page, CPU ms", bench_server.measure_requests(server, searches, 1, 5).user_ms)
            time.sleep(5)
            before = server.user_seconds()
            time.sleep(IDLE_SECONDS)
            yield Measurement("idle serve, % of a core", (server.user_seconds() - before) / IDLE_SECONDS * 100)


def _shares(least: bench_server.Server, server: bench_server.Server) -> Figures:
    for row in bench_server.compare(least, server, 1.0, 3, clients_at_once=(1,)):
        values = dict(zip(bench_server.HEAD, row, strict=True))
        yield Measurement(f"API share, {values['what']}", float(str(values["bare ms"])) / float(str(values["Onward ms"])))


GROUPS: dict[str, Callable[[Options], Figures]] = {
    "commands": commands,
    "distill": distills,
    "imports": imports,
    "growth": growth,
    "servers": servers,
}
