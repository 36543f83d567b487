"""A folder of sessions, the command line in processes of its own, and the contents of a store."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from onward.store.turn_bodies import TurnCodec

SESSIONS, TURNS = 4, 80
PROJECT = "shop"


@dataclass(frozen=True)
class Onward:
    """The command line on one store. `limits` runs in the process before the command does."""

    home: Path
    limits: Callable[[], None] | None = None
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        environment = {**os.environ, **self.environment, "ONWARD_HOME": str(self.home)}
        command = [sys.executable, "-m", "onward", *arguments]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=self.limits)  # noqa: PLW1509 (no threads here)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def import_all(self, folder: Path) -> subprocess.CompletedProcess[str]:
        return self.run("import", str(folder), "--project", PROJECT, "--complete")

    @property
    def database(self) -> Path:
        return self.home / "onward.db"


def soak() -> int:
    """Return the multiplier for the size of the long tests."""
    return int(os.environ.get("ONWARD_SOAK", "1"))


@pytest.fixture(scope="session")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with sessions of two agents: work on a shop, decisions, failures and their fixes."""
    folder = tmp_path_factory.mktemp("sessions")
    samples = Path(__file__).resolve().parents[2] / "src" / "onward" / "samples"
    for sample in samples.glob("*.jsonl"):
        shutil.copy(sample, folder / sample.name)
    for number in range(1, SESSIONS + 1):
        (folder / f"work-{number}.jsonl").write_text(_session(number), "utf-8")
    return folder


@dataclass(frozen=True)
class ReferenceStore:
    """A store after an undisturbed import: its folder, its contents, and how long the import took."""

    home: Path
    state: dict[str, object]
    took_s: float

    def copy(self, home: Path) -> Onward:
        shutil.copytree(self.home, home)
        return Onward(home)


@pytest.fixture(scope="session")
def reference_store(sessions: Path, tmp_path_factory: pytest.TempPathFactory) -> ReferenceStore:
    """The store after an undisturbed import."""
    onward = Onward(tmp_path_factory.mktemp("undisturbed") / "home")
    started = time.monotonic()
    done = onward.import_all(sessions)
    took_s = time.monotonic() - started
    assert done.returncode == 0, done.stderr
    return ReferenceStore(onward.home, stored_state(onward.database), took_s)


def _session(number: int) -> str:
    """Return one Claude Code session, the same for the same number on every machine."""
    chance = random.Random(number)
    at = datetime(2026, 3, number, 9, tzinfo=UTC)
    records: list[dict[str, object]] = []

    def say(role: str, content: object) -> None:
        nonlocal at
        at += timedelta(seconds=chance.randrange(5, 90))
        place = len(records)
        records.append(
            {
                "type": role,
                "uuid": f"{number:08x}-0000-4000-8000-{place:012x}",
                "parentUuid": f"{number:08x}-0000-4000-8000-{place - 1:012x}" if place else None,
                "sessionId": f"{number:08x}-1111-4000-8000-000000000000",
                "timestamp": at.isoformat().replace("+00:00", "Z"),
                "cwd": "/home/me/shop",
                "gitBranch": "main",
                "message": {"role": role, "content": content, **({"id": f"msg_{number:04}{place:06}"} if role == "assistant" else {})},
            }
        )

    def call(place: int, name: str, arguments: dict[str, object], result: str) -> None:
        say("assistant", [{"type": "tool_use", "id": f"toolu_{number:04}{place:06}", "name": name, "input": arguments}])
        say("user", [{"type": "tool_result", "tool_use_id": f"toolu_{number:04}{place:06}", "content": result}])

    for place in range(TURNS // 4):
        part = chance.choice(["cart", "checkout", "stock", "prices", "search", "mail"])
        say(
            "user",
            (
                f"Make step {place} of the {part} work. Never touch the generated client; port {4000 + number * 100 + place} is taken, use "
                "the next one."
            ),
        )
        say(
            "assistant",
            [
                {
                    "type": "text",
                    "text": f"I decided to keep the {part} totals in cents, because rounding lost {place + 1} orders last week.",
                }
            ],
        )
        call(
            2 * place,
            "Edit",
            {"file_path": f"/home/me/shop/src/{part}_{place}.py", "old_string": "total = 0", "new_string": f"total_cents = {place}"},
            "ok",
        )
        listing = "\n".join(f"src/{part}_{place}.py:{line}: {chance.getrandbits(64):x}" for line in range(chance.randrange(4, 60)))
        call(2 * place + 1, "Bash", {"command": f"pytest tests/test_{part}.py"}, f"{listing}\n{place + 3} passed in 0.{place}s")
    return "".join(json.dumps(record) + "\n" for record in records)


def stored_state(database: Path) -> dict[str, object]:
    """Return the contents of the store at *database*, without row ids, times and random keys."""
    connection = sqlite3.connect(database)
    bodies = TurnCodec()

    def rows(query: str) -> list[tuple[object, ...]]:
        return connection.execute(query).fetchall()

    assert rows("PRAGMA integrity_check") == [("ok",)]
    assert rows("PRAGMA foreign_key_check") == []
    connection.execute("INSERT INTO turn_words(turn_words) VALUES('integrity-check')")
    turns = rows(
        "SELECT number, ordinal, role, at, chars, abandoned, body FROM turns JOIN sessions ON sessions.id = session_id ORDER BY number, "
        "ordinal"
    )
    indexed = {row[0] for row in rows("SELECT id FROM turn_words_docsize")}
    assert indexed == {row[0] for row in rows("SELECT id FROM turns")}
    state: dict[str, object] = {
        "projects": rows("SELECT name, status FROM projects ORDER BY name"),
        "sessions": rows(
            "SELECT number, agent, native_id, status, title, cwd, branch, turns, tokens, started_at, ended_at, completed_at IS NOT NULL "
            "FROM sessions ORDER BY number"
        ),
        "turns": [(*row[:6], bodies.unpack(str(row[2]), row[3], row[6])) for row in turns],  # type: ignore[arg-type]
        "facts": rows("SELECT id, session, kind, state, body_json FROM facts ORDER BY id"),
        "handoffs": rows("SELECT version, session_number, markdown FROM handoffs ORDER BY version"),
    }
    connection.close()
    return state
