"""Health of the database: what it can check by itself."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from onward.store.schema import turns
from onward.store.search import turn_index


def find_damage(connection: Connection) -> list[str]:
    """Return at most ten lines about damage that SQLite finds in itself, or none. PostgreSQL checks itself."""
    if connection.dialect.name != "sqlite":
        return []
    messages = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA quick_check(10)")]
    orphans = [
        f"a row of {row[0]} refers to a missing row of {row[2]}"
        for row in connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(10)
    ]
    return [line for line in messages if line != "ok"] + orphans


def count_unindexed(connection: Connection) -> int:
    """Return the difference between the number of stored turns and the number of indexed turns."""
    return abs(
        int(connection.execute(select(func.count()).select_from(turns)).scalar_one()) - turn_index.index_for(connection).count(connection)
    )


def ping(connection: Connection) -> None:
    """Check that the database answers."""
    connection.execute(select(1)).one()
