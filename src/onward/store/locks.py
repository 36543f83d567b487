"""Locks that hold across processes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING
from zlib import crc32

from onward.private_files import create_file
from onward.store.lazy_module import sa

if TYPE_CHECKING:
    from sqlalchemy import Connection

if TYPE_CHECKING:
    from onward.store.engine import Store


def lock_transaction(connection: Connection, name: str) -> None:
    """Wait for other transactions that hold the lock *name*, and hold it until this one ends. SQLite has one writer at a time anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": crc32(f"onward {name}".encode())})


@contextmanager
def try_lock(store: Store, name: str) -> Iterator[bool]:
    """Hold the lock *name* of this store; yields False when another process holds it. The lock ends with its process."""
    if store.path is None:
        # A lock of the connection, not of a transaction, because the work may take long.
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            lock = {"lock": crc32(f"onward only one {name}".encode())}
            is_acquired = bool(connection.execute(sa.text("SELECT pg_try_advisory_lock(:lock)"), lock).scalar())
            try:
                yield is_acquired
            finally:
                if is_acquired:
                    connection.execute(sa.text("SELECT pg_advisory_unlock(:lock)"), lock)
        return
    # SQLite's exclusive lock on a file of its own works on every system.
    path = store.path.with_name(f"{name}.lock")
    create_file(path)
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as lock_file:
        try:
            lock_file.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            yield False
        else:
            yield True
