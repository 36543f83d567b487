"""The worker's database has a clock with parts of a second, whatever the SQLite."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing

import pytest

from onward.work import engine


def test_an_old_sqlite_counts_parts_of_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SUBSECOND_SQLITE", (99, 0))
    started_at = time.time()
    with closing(sqlite3.connect(":memory:")) as connection:
        engine.add_subsecond_clock(connection, None)
        connection.execute("CREATE TABLE runs (at REAL NOT NULL DEFAULT (unixepoch('subsec') * 1000))")
        connection.execute("INSERT INTO runs DEFAULT VALUES")
        (at,) = connection.execute("SELECT at FROM runs").fetchone()
    assert started_at * 1000 <= at <= time.time() * 1000


def test_a_new_sqlite_keeps_its_own_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SUBSECOND_SQLITE", (3, 0))
    with closing(sqlite3.connect(":memory:")) as connection:
        engine.add_subsecond_clock(connection, None)
        assert connection.execute("SELECT unixepoch('2026-01-01')").fetchone() == (1767225600,)
