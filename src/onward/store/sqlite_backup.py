"""Copies of a whole SQLite store, taken and put back while others use it. PostgreSQL has its own tools for that."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from onward.errors import StoreDamaged, StoreTooNew, UnreadableFile
from onward.store.engine import BUSY_TIMEOUT_SECONDS
from onward.store.migration import NEWEST_VERSION

_PAGES_PER_STEP = 4096
"""Copied between two reports of progress."""


def copy(source: Path, target: Path, on_progress: Callable[[int, int], object] | None = None) -> None:
    """Copy the store at *source* as it is at one moment into the database file *target*, taking the place of all that is in it, at once or not at all.

    Whoever reads or writes the one goes on meanwhile; whoever uses the other waits, and sees the new content then. *on_progress* is told (pages done, of).
    Raises sqlite3.Error where either is no database, or cannot be written.
    """

    def report_progress(_: int, remaining: int, total: int) -> None:
        if on_progress:
            on_progress(total - remaining, total)

    with closing(_connect(source)) as reader, closing(_connect(target)) as writer:
        # One state throughout: without a reader of its own, every write of somebody else would begin the copy anew.
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        reader.backup(writer, pages=_PAGES_PER_STEP, progress=report_progress)


def make_standalone(path: Path) -> None:
    """Make a copy one file, whole by itself."""
    with closing(_connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


def check(path: Path) -> None:
    """Read the store at *path* to its end. Raises `UnreadableFile` where it is none, `StoreDamaged` where it is not whole, `StoreTooNew` for one of a newer Onward."""
    if not path.is_file():
        raise UnreadableFile(f"{path} is not there, or no file.", "Name a file that `onward backup` wrote.")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_SECONDS)) as connection:
            messages = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
            version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError as error:
        raise UnreadableFile(f"{path} is no store of Onward: {error}.", "Name a file that `onward backup` wrote.") from error
    except sqlite3.DatabaseError as error:
        raise StoreDamaged(f"{path} is not whole: {error}.", "Use another copy.") from error
    if messages != ["ok"]:
        raise StoreDamaged(f"{path} is not whole: {messages[0]}.", "Use another copy.")
    if version is None or str(version[0]) > NEWEST_VERSION:
        raise StoreTooNew(f"{path} was written by a newer Onward.", "Upgrade: pip install -U onward")


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)
