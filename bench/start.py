"""Response time of commands that must start at once, compared with a bare interpreter in the same run.

    python -m bench.start [--sessions 100] [--times 15]

The store holds that many completed sessions of one project, in a repository with as many commits. Each command runs as agents and
people run it: by its script.
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

from bench.report import keep, table
from onward.agents.settings_entries import current_program
from onward.app.projects import projects as kept_projects
from onward.app.sessions import completion, sessions
from onward.app.turns import client_turns
from onward.core.transcript.transcript import Turn
from onward.store import Store

SESSION_START_RATIO, VERSION_RATIO = 5.0, 3.0
"""Limit, as a multiple of the bare interpreter."""


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


def took_ms(command: list[str], times: int, stdin: str, folder: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Return the least and the median time of *times* runs of *command*."""
    took = []
    for _ in range(times):
        started = time.perf_counter()
        subprocess.run(command, input=stdin, stdout=subprocess.DEVNULL, text=True, cwd=folder, env=environment, check=True)
        took.append((time.perf_counter() - started) * 1_000)
    return min(took), median(took)


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
        # The end of a session leaves a background process that imports it: a few runs are enough.
        times = {what: min(options.times, 3) if what.endswith("end") else options.times for what in commands}
        took = {what: took_ms(command, times[what], payload, repository, environment) for what, command in commands.items()}
    bare_ms = took["bare interpreter"][0]
    print(table((f"{options.sessions} sessions", "ms", "median ms", "x bare"), [(what, *ms, ms[0] / bare_ms) for what, ms in took.items()]))
    promised = {"onward hook session-start": SESSION_START_RATIO, "onward --version": VERSION_RATIO}
    checks = [(what, took[what][0] / bare_ms, limit) for what, limit in promised.items()]
    rows = [(what, ratio, f"<= {limit:g}", "met" if ratio <= limit else "MISSED") for what, ratio, limit in checks]
    print("\n" + table(("limit: multiples of a bare interpreter", "measured", "limit", ""), rows))
    keep("start", {"sessions": options.sessions, "ms": {what: {"least": ms[0], "median": ms[1]} for what, ms in took.items()}}, arguments)


if __name__ == "__main__":
    main()
