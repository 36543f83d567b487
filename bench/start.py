"""Response time of commands that must start at once, compared with a bare interpreter in the same run.

    python -m bench.start [--sessions 100] [--times 15]

The store holds that many completed sessions of one project, in a repository with as many commits. Each command runs as agents and
people run it: by its script. The commands take turns, so that they share whatever else the machine does. The ratios are of CPU time.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.report import keep, table
from onward.agents.settings_entries import current_program
from onward.app.projects import projects as kept_projects
from onward.app.sessions import completion, sessions
from onward.app.turns import client_turns
from onward.core.transcript.transcript import Turn
from onward.store import Store

READING_RATIO, WRITING_RATIO = 8.0, 15.0
LIMITS = {
    "onward --version": 3.0,
    "onward hook session-start": 5.0,
    "onward project list": READING_RATIO,
    "onward session list": READING_RATIO,
    "onward handoff": READING_RATIO,
    "onward search": READING_RATIO,
    "onward session start": WRITING_RATIO,
}
"""Limits, as multiples of the bare interpreter."""


class Cost(NamedTuple):
    """What one run took."""

    cpu_ms: float
    wall_ms: float


def fill_store(home: Path, repository: Path, count: int) -> None:
    """Create a store with *count* completed sessions of the project of *repository*, and a commit for each."""
    repository.mkdir()
    who = ("-c", "user.name=Ayu", "-c", "user.email=ayu@example.com")
    subprocess.run(["git", "init", "--quiet", str(repository)], check=True)
    with Store.at_folder(home) as store:
        project = kept_projects.create(store, "shop", repository=(str(repository), ""))
        for number in range(count):
            subprocess.run(["git", "-C", str(repository), *who, "commit", "--quiet", "--allow-empty", "-m", f"Step {number}"], check=True)
            session = sessions.start(store, project).session
            prompt = (
                f"Never touch the generated client of part {number}. Use port {4000 + number}, and keep the totals in cents in "
                f"`src/part_{number}.py`."
            )
            done = (
                f"We decided to keep part {number} in SQLite because rounding lost {number} orders. Next: write "
                f"tests/test_part_{number}.py."
            )
            client_turns.append_turns(store, session.id, [Turn("user", prompt), Turn("assistant", done)])
            completion.complete(store, sessions.require_by_id(store, session.id))


def measure(command: list[str], stdin: Path, folder: Path, environment: dict[str, str]) -> Cost:
    """Return what *command* took, its child processes not counted."""
    started = time.perf_counter()
    with stdin.open() as text:
        process = subprocess.Popen(command, stdin=text, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
    wall_ms = (time.perf_counter() - started) * 1_000
    assert status == 0, command
    return Cost((usage.ru_utime + usage.ru_stime) * 1_000, wall_ms)


def main(arguments: list[str] | None = None) -> None:
    """Measure, print the table and the limits, and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=100, help="sessions in the store (100)")
    parser.add_argument("--times", type=int, default=15, help="runs of each command; the fastest counts (15)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="onward-bench-") as name:
        home, repository = Path(name) / "home", Path(name) / "shop"
        fill_store(home, repository, options.sessions)
        environment = {**os.environ, "ONWARD_HOME": str(home), "HOME": name}
        payload = json.dumps({"session_id": "s-1", "transcript_path": f"{name}/none.jsonl", "cwd": str(repository), "source": "startup"})
        program = list(current_program())
        commands = {
            "bare interpreter": [sys.executable, "-I", "-c", "pass"],
            "onward --version": [*program, "--version"],
            "onward hook session-start": [*program, "hook", "session-start", "--agent", "claude-code"],
            "onward hook session-end": [*program, "hook", "session-end", "--agent", "claude-code"],
            "onward project list": [*program, "project", "list"],
            "onward session list": [*program, "session", "list"],
            "onward handoff": [*program, "handoff"],
            "onward search": [*program, "search", "port", "4007"],
            "onward session start": [*program, "session", "start"],
        }
        answer = subprocess.run(
            commands["onward hook session-start"],
            input=payload,
            capture_output=True,
            text=True,
            cwd=repository,
            env=environment,
            check=True,
        )
        assert f"after session {options.sessions}" in answer.stdout, answer.stdout
        stdin = Path(name) / "payload.json"
        stdin.write_text(payload)
        costs: dict[str, list[Cost]] = {what: [] for what in commands}
        for number in range(options.times):
            for what, command in commands.items():
                # These two leave something behind, a process or a session: a few runs are enough.
                if number < 3 or what not in ("onward hook session-end", "onward session start"):
                    costs[what].append(measure(command, stdin, repository, environment))
    least = {what: Cost(min(run.cpu_ms for run in runs), min(run.wall_ms for run in runs)) for what, runs in costs.items()}
    bare = least["bare interpreter"]
    rows = [(what, cost.cpu_ms, cost.wall_ms, median(run.wall_ms for run in costs[what])) for what, cost in least.items()]
    heads = (f"{options.sessions} sessions", "CPU ms", "wall ms", "median wall ms", "x bare, CPU", "x bare, wall")
    print(table(heads, [(*row, row[1] / bare.cpu_ms, row[2] / bare.wall_ms) for row in rows]))
    checks = [(what, least[what].cpu_ms / bare.cpu_ms, limit) for what, limit in LIMITS.items()]
    shown = [(what, ratio, f"<= {limit:g}", "met" if ratio <= limit else "MISSED") for what, ratio, limit in checks]
    print("\n" + table(("limit: multiples of a bare interpreter, CPU", "measured", "limit", ""), shown))
    figures = {what: {"cpu": cpu, "least": wall, "median": middle} for what, cpu, wall, middle in rows}
    keep("start", {"sessions": options.sessions, "ms": figures}, arguments)


if __name__ == "__main__":
    main()
