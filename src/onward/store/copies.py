"""Copies of a whole SQLite store, taken and put back while others use it. PostgreSQL has its own tools for that."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from onward.errors import StoreDamaged, StoreTooNew, UnreadableFile
from onward.store.engine import BUSY_TIMEOUT_SECONDS
from onward.store.migrating import NEWEST

_PAGES = 4096
"""Copied between two reports of progress."""


def copy(source: Path, target: Path, on_progress: Callable[[int, int], object] | None = None) -> None:
    """Copy the store at *source* as it is at one moment into the database file *target*, taking the place of all that is in it, at once or not at all.

    Whoever reads or writes the one goes on meanwhile; whoever uses the other waits, and sees the new content then. *on_progress* is told (pages done, of).
    Raises sqlite3.Error where either is no database, or cannot be written.
    """

    def tell(_: int, left: int, total: int) -> None:
        if on_progress:
            on_progress(total - left, total)

    with closing(_connected(source)) as reading, closing(_connected(target)) as writing:
        # One state throughout: without a reader of its own, every write of somebody else would begin the copy anew.
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
        reading.backup(writing, pages=_PAGES, progress=tell)


def settle(path: Path) -> None:
    """Make a copy one file, whole by itself."""
    with closing(_connected(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


def check(path: Path) -> None:
    """Read the store at *path* to its end. Raises `UnreadableFile` where it is none, `StoreDamaged` where it is not whole, `StoreTooNew` for one of a newer Onward."""
    if not path.is_file():
        raise UnreadableFile(f"{path} is not there, or no file.", "Name a file that `onward backup` wrote.")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_SECONDS)) as connection:
            said = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
            version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError as error:
        raise UnreadableFile(f"{path} is no store of Onward: {error}.", "Name a file that `onward backup` wrote.") from error
    except sqlite3.DatabaseError as error:
        raise StoreDamaged(f"{path} is not whole: {error}.", "Use another copy.") from error
    if said != ["ok"]:
        raise StoreDamaged(f"{path} is not whole: {said[0]}.", "Use another copy.")
    if version is None or str(version[0]) > NEWEST:
        raise StoreTooNew(f"{path} was written by a newer Onward.", "Upgrade: pip install -U onward")


def _connected(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)
