"""Health of the database: what it can check by itself."""

from __future__ import annotations

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DatabaseError, OperationalError

from onward.store.schema import turns
from onward.store.search import turn_index
from onward.store.turn_bodies import TurnCodec


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


def is_index_damaged(connection: Connection) -> bool:
    """Return whether the search index of SQLite disagrees with itself, by its own check."""
    if connection.dialect.name != "sqlite":
        return False
    try:
        connection.exec_driver_sql("INSERT INTO turn_words(turn_words) VALUES('integrity-check')")
    except OperationalError:
        # Busy, or no space: that says nothing about the index.
        raise
    except DatabaseError:
        return True
    return False


def find_damaged_turns(connection: Connection) -> list[tuple[int, int]]:
    """Return the session id and the ordinal of every turn whose body cannot be read any more."""
    bodies = TurnCodec()
    rows = connection.execute(select(turns.c.session_id, turns.c.ordinal, turns.c.body)).yield_per(500)
    return [(session_id, ordinal) for session_id, ordinal, body in rows if bodies.is_damaged(bytes(body))]


def ping(connection: Connection) -> None:
    """Check that the database answers."""
    connection.execute(select(1)).one()
