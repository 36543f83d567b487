"""Speed of `distill` and `import`, compared with ceilings on the same machine in the same run.

    python -m bench.speed [--sizes 1,10,50] [--agents claude-code,codex] [--turns 100000]

The ceilings: a bare interpreter start; `orjson.loads` of every line of the file, in process, best of five; a raw sqlite3 + FTS5 insert
of the same turns. Transcripts are real sessions repeated under fresh ids; `--turns` adds an import of that many turns at once (some
minutes).
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from bench.report import ROOT, save, table
from bench.transcripts import MEGABYTE, Agent, many_sessions, one_session, sources
from onward.core.transcript.transcript import ImportReport, Turn
from onward.formats import open_source, read
from onward.store.search.searchable_text import searchable_text

DATA = ROOT.parent / "shared" / "data"
ONWARD = (sys.executable, "-m", "onward")
DISTILL_LIMIT_MS = 150
DISTILL_TO_EMPTY_RATIO = 2.0
DISTILL_TO_LOADS_RATIO = 5.0
RESIDENT_LIMIT_MB = 60
IMPORT_TO_RAW_RATIO = 0.5


@dataclass(frozen=True, slots=True)
class Run:
    """One process: wall and CPU time, peak resident size, and exit code."""

    wall_ms: float
    cpu_ms: float
    resident_mb: float
    exit_code: int


@dataclass(frozen=True, slots=True)
class DistillRun:
    """`distill` of one file, and its ceilings."""

    agent: str
    file_mb: float
    wall_ms: float
    resident_mb: float
    loads_ms: float
    empty_ms: float
    bare_ms: float


@dataclass(frozen=True, slots=True)
class ImportRun:
    """`import` of one folder, and its ceiling."""

    agent: str
    folder_mb: float
    turns: int
    wall_ms: float
    cpu_ms: float
    resident_mb: float
    raw_ms: float

    @property
    def to_raw_ratio(self) -> float:
        """Turns per second of CPU, as a share of a raw insert."""
        return self.raw_ms / self.cpu_ms


@dataclass(frozen=True, slots=True)
class Check:
    """A promised figure."""

    name: str
    value: float
    limit: str
    met: bool


_LAUNCHER = """
import os, sys, time
command = sys.argv[1:]
silence = [(os.POSIX_SPAWN_OPEN, descriptor, os.devnull, os.O_WRONLY, 0) for descriptor in (1, 2)]
started = time.perf_counter()
process = os.posix_spawn(command[0], command, os.environ, file_actions=silence)
_, status, usage = os.wait4(process, 0)
wall = time.perf_counter() - started
print(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status))
"""
"""Until it executes, a process counts the pages of its parent as its own; a small parent starts the measured command."""


def run(*command: str, home: Path) -> Run:
    """Run *command* with *home* as its data folder and return its cost."""
    launcher = (sys.executable, "-I", "-S", "-c", _LAUNCHER, *command)
    answer = subprocess.run(launcher, env={**os.environ, "ONWARD_HOME": str(home)}, capture_output=True, text=True, check=True)
    wall_s, cpu_s, resident, exit_code = answer.stdout.split()
    return Run(
        float(wall_s) * 1_000, float(cpu_s) * 1_000, int(resident) / (1_024 if sys.platform != "darwin" else MEGABYTE), int(exit_code)
    )


def best(times: int, once: Callable[[], Run]) -> Run:
    """Return the fastest of *times* runs."""
    return min((once() for _ in range(times)), key=lambda each: each.wall_ms)


def best_ms(times: int, once: Callable[[], object]) -> float:
    """Return the least time of *once* over *times* calls."""
    took: list[float] = []
    for _ in range(times):
        started = time.perf_counter()
        once()
        took.append((time.perf_counter() - started) * 1_000)
    return min(took)


def measure_distill(agent: Agent, size_mb: int, bare_ms: float, empty_ms: float, folder: Path) -> DistillRun:
    """Measure `distill` of one session of *size_mb*."""
    path = folder / f"{agent}-{size_mb}.jsonl"
    path.write_bytes(one_session(sources(DATA, agent), size_mb * MEGABYTE))
    best_run = best(7 if size_mb <= 2 else 3 if size_mb <= 10 else 2, lambda: run(*ONWARD, "distill", str(path), home=folder / "no-home"))
    if best_run.exit_code:
        raise SystemExit(f"distill of {size_mb} MB of {agent} ended with {best_run.exit_code}")
    lines = path.read_bytes().splitlines()
    return DistillRun(
        agent=agent,
        file_mb=path.stat().st_size / MEGABYTE,
        wall_ms=best_run.wall_ms,
        resident_mb=best_run.resident_mb,
        loads_ms=best_ms(5, lambda: load(lines)),
        empty_ms=empty_ms,
        bare_ms=bare_ms,
    )


def load(lines: list[bytes]) -> None:
    """Parse every line."""
    for line in lines:
        orjson.loads(line)


def measure_import(agent: Agent, contents: Iterator[bytes], folder: Path) -> ImportRun:
    """Measure the import of sessions with these *contents* into an empty store, and the raw insert of the same turns."""
    source = folder / "sessions"
    source.mkdir()
    for number, content in enumerate(contents):
        (source / f"{number:05}.jsonl").write_bytes(content)
    size_mb = sum(path.stat().st_size for path in source.iterdir()) / MEGABYTE
    home = folder / "home"
    timing = run(*ONWARD, "import", str(source), "--project", "bench", home=home)
    if timing.exit_code:
        raise SystemExit(f"import of {size_mb:.0f} MB of {agent} ended with {timing.exit_code}")
    turns, raw_ms = raw_insert(source, folder / "raw.db")
    shutil.rmtree(source)
    shutil.rmtree(home)
    return ImportRun(
        agent=agent,
        folder_mb=size_mb,
        turns=turns,
        wall_ms=timing.wall_ms,
        cpu_ms=timing.cpu_ms,
        resident_mb=timing.resident_mb,
        raw_ms=raw_ms,
    )


def raw_insert(source: Path, database: Path) -> tuple[int, float]:
    """Return the number of turns in *source*, and the CPU time that a bare sqlite3 insert with index takes."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        "CREATE TABLE turns (id INTEGER PRIMARY KEY, session INTEGER, ordinal INTEGER, role TEXT, at TEXT, body TEXT);"
        "CREATE VIRTUAL TABLE turn_words USING fts5(text, content='', tokenize='porter unicode61 remove_diacritics 2');"
    )
    turns, spent_ms = 0, 0.0
    for session, path in enumerate(sorted(source.iterdir())):
        read_turns = [item for item in read(open_source(path), ImportReport()) if isinstance(item, Turn)]
        rows = [
            (turns + ordinal, session, ordinal, turn.role, str(turn.at), orjson.dumps(asdict(turn), default=str).decode("utf-8", "replace"))
            for ordinal, turn in enumerate(read_turns, 1)
        ]
        words = [(turns + ordinal, searchable_text(turn)) for ordinal, turn in enumerate(read_turns, 1)]
        started = time.process_time()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?)", rows)
        connection.executemany("INSERT INTO turn_words (rowid, text) VALUES (?, ?)", words)
        connection.execute("COMMIT")
        spent_ms += (time.process_time() - started) * 1_000
        turns += len(rows)
    connection.close()
    database.unlink()
    return turns, spent_ms


def enough_sessions(agent: Agent, turns: int) -> Iterator[bytes]:
    """Yield sessions until they hold that many turns."""
    for content in many_sessions(sources(DATA, agent), sys.maxsize):
        if turns <= 0:
            return
        yield content
        turns -= _turns(content)


def _turns(content: bytes) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "session.jsonl"
        path.write_bytes(content)
        return sum(isinstance(item, Turn) for item in read(open_source(path), ImportReport()))


def checks(distills: list[DistillRun], imports: list[ImportRun]) -> list[Check]:
    """Return the promised figures that these runs cover."""
    results: list[Check] = []
    for distill_run in distills:
        label = f"{distill_run.agent} {distill_run.file_mb:.0f} MB"
        if distill_run.file_mb <= 2:
            results.append(
                Check(f"distill {label}: ms", distill_run.wall_ms, f"<= {DISTILL_LIMIT_MS}", distill_run.wall_ms <= DISTILL_LIMIT_MS)
            )
            ratio = distill_run.wall_ms / distill_run.empty_ms
            results.append(
                Check(
                    f"distill {label}: multiple of an empty file", ratio, f"<= {DISTILL_TO_EMPTY_RATIO:g}", ratio <= DISTILL_TO_EMPTY_RATIO
                )
            )
        else:
            ratio = distill_run.wall_ms / distill_run.loads_ms
            results.append(
                Check(
                    f"distill {label}: multiple of orjson.loads", ratio, f"<= {DISTILL_TO_LOADS_RATIO:g}", ratio <= DISTILL_TO_LOADS_RATIO
                )
            )
        if distill_run.file_mb > 40:
            results.append(
                Check(
                    f"distill {label}: MB resident",
                    distill_run.resident_mb,
                    f"<= {RESIDENT_LIMIT_MB}",
                    distill_run.resident_mb <= RESIDENT_LIMIT_MB,
                )
            )
    for each in imports:
        label = f"{each.agent}, {each.turns:,} turns"
        ratio = each.to_raw_ratio
        results.append(
            Check(
                f"import {label}: share of a raw insert (sqlite3 + FTS5)",
                ratio,
                f">= {IMPORT_TO_RAW_RATIO:g}",
                ratio >= IMPORT_TO_RAW_RATIO,
            )
        )
    return results


def measure(sizes_mb: list[int], agents: list[Agent], turns: int) -> tuple[list[DistillRun], list[ImportRun]]:
    """Measure everything and report progress."""
    distills: list[DistillRun] = []
    imports: list[ImportRun] = []
    with tempfile.TemporaryDirectory(prefix="onward-bench-") as name:
        folder = Path(name)
        bare_ms = best(9, lambda: run(sys.executable, "-I", "-c", "pass", home=folder)).wall_ms
        empty = folder / "empty.jsonl"
        empty.touch()
        empty_ms = best(9, lambda: run(*ONWARD, "distill", str(empty), home=folder / "no-home")).wall_ms
        for agent in agents:
            for size_mb in sizes_mb:
                print(f"… {agent}, {size_mb} MB", file=sys.stderr, flush=True)
                distills.append(measure_distill(agent, size_mb, bare_ms, empty_ms, folder))
                imports.append(measure_import(agent, many_sessions(sources(DATA, agent), size_mb * MEGABYTE), folder))
            if turns:
                print(f"… {agent}, {turns:,} turns", file=sys.stderr, flush=True)
                imports.append(measure_import(agent, enough_sessions(agent, turns), folder))
    return distills, imports


def main(arguments: list[str] | None = None) -> None:
    """Measure, print the tables, and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1,10,50", help="sizes in MB (1,10,50)")
    parser.add_argument("--agents", default="claude-code,codex", help="agents (claude-code,codex)")
    parser.add_argument("--turns", type=int, default=0, help="also import that many turns at once")
    options = parser.parse_args(arguments)
    agents: list[Agent] = [agent for agent in ("claude-code", "codex") if agent in options.agents.split(",")]
    distills, imports = measure([int(size) for size in options.sizes.split(",")], agents, options.turns)
    rows = [
        (
            f"distill {distill_run.agent}",
            distill_run.file_mb,
            distill_run.wall_ms,
            distill_run.resident_mb,
            distill_run.loads_ms,
            distill_run.wall_ms / distill_run.loads_ms,
            distill_run.wall_ms / distill_run.empty_ms,
        )
        for distill_run in distills
    ]
    print(table(("", "MB", "ms", "MB resident", "loads ms", "x loads", "x empty"), rows))
    print(f"\nbare interpreter {distills[0].bare_ms:.0f} ms, distill of an empty file {distills[0].empty_ms:.0f} ms\n")
    print(
        table(
            ("", "MB", "turns", "ms", "CPU ms", "turns/s of CPU", "raw turns/s", "of raw", "MB resident"),
            [
                (
                    f"import {import_run.agent}",
                    import_run.folder_mb,
                    import_run.turns,
                    import_run.wall_ms,
                    import_run.cpu_ms,
                    import_run.turns / import_run.cpu_ms * 1_000,
                    import_run.turns / import_run.raw_ms * 1_000,
                    import_run.to_raw_ratio,
                    import_run.resident_mb,
                )
                for import_run in imports
            ],
        )
    )
    results = checks(distills, imports)
    print(
        "\n"
        + table(
            ("figure", "measured", "limit", ""),
            [(check.name, check.value, check.limit, "met" if check.met else "MISSED") for check in results],
        )
    )
    path = save(
        "speed",
        {
            "distill": [asdict(distill_run) for distill_run in distills],
            "import": [asdict(import_run) for import_run in imports],
            "checks": [asdict(check) for check in results],
        },
    )
    print(f"\nwritten: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
