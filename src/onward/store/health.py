"""Whether a store is whole: what the database itself can check."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from onward.store.schema import turns
from onward.store.search import turn_index


def find_damage(connection: Connection) -> list[str]:
    """Return what the database finds wrong with itself, at most ten lines; nothing when it is whole. PostgreSQL looks after itself."""
    if connection.dialect.name != "sqlite":
        return []
    messages = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA quick_check(10)")]
    orphans = [
        f"a row of {row[0]} belongs to no row of {row[2]}" for row in connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(10)
    ]
    return [line for line in messages if line != "ok"] + orphans


def count_unindexed(connection: Connection) -> int:
    """Return by how many the turns in the search index differ from those that are kept."""
    return abs(
        int(connection.execute(select(func.count()).select_from(turns)).scalar_one()) - turn_index.index_for(connection).count(connection)
    )


def ping(connection: Connection) -> None:
    """Have the database answer."""
    connection.execute(select(1)).one()
