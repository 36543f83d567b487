"""Doing one thing at a time, whoever does it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING
from zlib import crc32

from sqlalchemy import Connection, text

if TYPE_CHECKING:
    from onward.store.engine import Store


def lock_transaction(connection: Connection, name: str) -> None:
    """Keep every other transaction that does *what* out until this one ends. SQLite has one writer at a time anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": crc32(f"onward {name}".encode())})


@contextmanager
def try_lock(store: Store, name: str) -> Iterator[bool]:
    """Be the only process that does *what* on this store until the end; False where another one is. A process that dies lets go."""
    if store.path is None:
        # Of the connection, not of a transaction: what is done takes its time.
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            lock = {"lock": crc32(f"onward only one {name}".encode())}
            is_acquired = bool(connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), lock).scalar())
            try:
                yield is_acquired
            finally:
                if is_acquired:
                    connection.execute(text("SELECT pg_advisory_unlock(:lock)"), lock)
        return
    # A lock that every system has: that of a database in exclusive use.
    with closing(sqlite3.connect(store.path.with_name(f"{name}.lock"), timeout=0, isolation_level=None)) as lock_file:
        try:
            lock_file.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            yield False
        else:
            yield True
