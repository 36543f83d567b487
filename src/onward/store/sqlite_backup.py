"""Backups of a SQLite store, made and restored while others use it. PostgreSQL has its own tools."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from onward.errors import StoreDamaged, StoreTooNew, UnreadableFile
from onward.locations import is_read_only, read_only_url
from onward.message import Message
from onward.store.engine import BUSY_TIMEOUT_SECONDS
from onward.store.migration import NEWEST_VERSION

_PAGES_PER_STEP = 4096
"""Pages copied between two progress reports."""
_NAME_A_BACKUP = "Name a file that `onward backup` wrote."


def copy(source: Path, target: Path, on_progress: Callable[[int, int], object] | None = None) -> None:
    """Copy one snapshot of the store at *source* into the database file *target*, replacing its content, all or nothing.

    Users of *source* continue meanwhile; users of *target* wait and then see the new content. *on_progress* gets (pages done, total).
    Raises sqlite3.Error if either is not a database or cannot be written.
    """

    def report_progress(_: int, remaining: int, total: int) -> None:
        if on_progress:
            on_progress(total - remaining, total)

    with closing(_connect(source)) as reader, closing(_connect(target)) as writer:
        # One snapshot: without an open reader, every write of another process would restart the copy.
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        reader.backup(writer, pages=_PAGES_PER_STEP, progress=report_progress)


def replace(source: Path, target: Path) -> None:
    """Copy the store at *source* over the database file *target*, also where that is no database any more."""
    try:
        copy(source, target)
    except sqlite3.DatabaseError:
        for suffix in ("-wal", "-shm"):
            target.with_name(target.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(source, target)


def make_standalone(path: Path) -> None:
    """Turn a backup into a single file that needs no other."""
    with closing(_connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


def check(path: Path) -> None:
    """Read the whole store at *path*.

    Raises `UnreadableFile` if it is not a store, `StoreDamaged` if it is damaged, `StoreTooNew` if a newer Onward wrote it.
    """
    if not path.is_file():
        raise UnreadableFile(Message("There is no file {path}.", path=path), _NAME_A_BACKUP)
    try:
        with closing(sqlite3.connect(read_only_url(path), uri=True, timeout=BUSY_TIMEOUT_SECONDS)) as connection:
            messages = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
            version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError as error:
        raise UnreadableFile(Message("{path} is not a store of Onward: {problem}.", path=path, problem=error), _NAME_A_BACKUP) from error
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise StoreDamaged(Message("{path} is damaged: {problem}.", path=path, problem=error), "Use another backup.") from error
    if messages != ["ok"]:
        raise StoreDamaged(Message("{path} is damaged: {problem}.", path=path, problem=messages[0]), "Use another backup.")
    if version is None or str(version[0]) > NEWEST_VERSION:
        raise StoreTooNew(Message("A newer Onward has written {path}.", path=path), "Upgrade: pip install -U onward")


def count_contents(path: Path) -> tuple[int, int, int]:
    """Return the numbers of projects, sessions and turns in the store at *path*."""
    with closing(_connect(path)) as connection:
        projects, sessions, turns = (
            int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
            for table in ("projects", "sessions", "turns")
        )
    return projects, sessions, turns


def _connect(path: Path) -> sqlite3.Connection:
    if is_read_only(path):
        return sqlite3.connect(read_only_url(path), uri=True, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)
    return sqlite3.connect(path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)
