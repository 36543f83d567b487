"""Copying a store into a new one, in the same kind of database or the other."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, Integer, Table, func, insert, select, text

from onward.errors import Conflict
from onward.store import schema, turns
from onward.store.engine import Store

_BATCH_ROWS = 1000
ProgressCallback = Callable[[int, int], object]


def copy(source: Store, target: Store, on_progress: ProgressCallback | None = None) -> dict[str, int]:
    """Copy one snapshot of *source* into the new store *target*, all or nothing, index it, and return the number of rows by table.

    *on_progress* gets (rows done, total). Raises `Conflict` if *target* is not empty.
    """
    with source.read() as reader, target.write() as writer:
        for table in schema.metadata.sorted_tables:
            if writer.execute(select(table).limit(1)).first() is not None:
                raise Conflict("The target store is not empty.", "Name a new database, or a folder without a store.")
        counts = {
            table.name: int(reader.execute(select(func.count()).select_from(table)).scalar_one()) for table in schema.metadata.sorted_tables
        }
        done, total = 0, sum(counts.values())
        for table in schema.metadata.sorted_tables:
            for rows in reader.execution_options(stream_results=True).execute(select(table)).mappings().partitions(_BATCH_ROWS):
                writer.execute(insert(table), [dict(row) for row in rows])
                done += len(rows)
                if on_progress:
                    on_progress(done, total)
            _advance_sequence(writer, table)
        turns.reindex(writer)
    return counts


def _advance_sequence(connection: Connection, table: Table) -> None:
    """Let new ids continue after the copied ones. SQLite does that by itself."""
    key = next(iter(table.primary_key.columns))
    if connection.dialect.name == "sqlite" or not isinstance(key.type, Integer) or key.foreign_keys:
        return
    if sequence := connection.execute(select(func.pg_get_serial_sequence(table.name, key.name))).scalar():
        statement = f'SELECT setval(:sequence, max("{key.name}")) FROM "{table.name}" HAVING max("{key.name}") IS NOT NULL'  # noqa: S608
        connection.execute(text(statement), {"sequence": sequence})
