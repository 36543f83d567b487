"""Health of the database: what it can check by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Table, func, select
from sqlalchemy.exc import DatabaseError, OperationalError

from onward.store import checksums, handoffs
from onward.store.checksums import CheckedTable, RowKey
from onward.store.schema import CHECKED_TABLES, turns, usage
from onward.store.schema import handoffs as handoffs_table
from onward.store.search import turn_index
from onward.store.statements import batches
from onward.store.turn_bodies import TurnCodec


def find_damage(connection: Connection) -> list[str]:
    """Return at most ten lines about damage that SQLite finds in itself, or none. PostgreSQL checks itself."""
    if connection.dialect.name != "sqlite":
        return []
    messages = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(10)")]
    orphans = [
        f"a row of {row[0]} refers to a missing row of {row[2]}"
        for row in connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(10)
    ]
    return [line for line in messages if line != "ok"] + orphans


def rebuild_lookups(connection: Connection) -> None:
    """Build the indexes of SQLite again from its tables."""
    connection.exec_driver_sql("REINDEX")


def find_usage_sessions(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Return the ids of the sessions whose usage is in rows with *ids*."""
    return set(connection.execute(select(usage.c.session_id).where(usage.c.id.in_(ids))).scalars())


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


def check_tables(connection: Connection) -> list[CheckedTable]:
    """Check every table, all of its rows."""
    return [check_table(connection, table) for table in CHECKED_TABLES]


def check_table(connection: Connection, table: Table, after: RowKey = (), limit: int | None = None) -> CheckedTable:
    """Check rows of *table* as `checksums.check_table` does. A row without a checksum is damaged if it cannot be read any more."""
    checked = checksums.check_table(connection, table, after, limit)
    unreadable: set[RowKey] = set()
    if checked.unsealed and table is turns:
        unreadable = _find_unreadable_turns(connection, [int(key[0]) for key in checked.unsealed])
    elif checked.unsealed and table is handoffs_table:
        unreadable = {(key,) for key in handoffs.list_unreadable(connection)}
    if not unreadable:
        return checked
    unsealed = [key for key in checked.unsealed if key not in unreadable]
    return checked._replace(damaged=[*checked.damaged, *(key for key in checked.unsealed if key in unreadable)], unsealed=unsealed)


def seal_unsealed(connection: Connection, checked_tables: Iterable[CheckedTable]) -> None:
    """Give the rows that are older than checksums one."""
    for checked in checked_tables:
        checksums.seal_rows(connection, checked.table, checked.unsealed)


def _find_unreadable_turns(connection: Connection, ids: Sequence[int]) -> set[RowKey]:
    bodies = TurnCodec()
    return {
        (key,)
        for batch in batches(ids)
        for key, body in connection.execute(select(turns.c.id, turns.c.body).where(turns.c.id.in_(batch)))
        if bodies.is_damaged(bytes(body))
    }


def ping(connection: Connection) -> None:
    """Check that the database answers."""
    connection.execute(select(1)).one()
