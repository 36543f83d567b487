"""Salvage: what can still be read of a damaged SQLite store goes into a new one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, String, Table, insert, select
from sqlalchemy.exc import IntegrityError
from zstandard import ZstdDecompressor, ZstdError

from onward.store import schema, turns
from onward.store.bit_repair import find_original
from onward.store.checksums import RowKey, checksum_of, content_columns, key_condition
from onward.store.engine import Store

_ZSTD = b"\x28\xb5\x2f\xfd"
_MAX_ROWID = 2**62


@dataclass(slots=True)
class SalvagedTable:
    """How many rows of a table are in the new store, how many were set aside, and whether some could not be read at all."""

    name: str
    rows: int = 0
    set_aside: int = 0
    has_gaps: bool = False


def salvage(source: Path, target: Store, set_aside: Path) -> list[SalvagedTable]:
    """Copy every row of the store at *source* that can be read into the new store *target*, and index it. Rows that fit nowhere, because
    what they belong to is gone, are written to *set_aside* as JSON lines. Return the tables that had rows or gaps.
    """
    tables: list[SalvagedTable] = []
    with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as reader, set_aside.open("ab") as file:
        reader.text_factory = bytes
        # Damaged entries of the schema are passed over.
        reader.execute("PRAGMA writable_schema = ON")
        with target.write() as writer:
            writer.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            for table in schema.metadata.sorted_tables:
                salvaged = SalvagedTable(table.name)
                for values in _readable_rows(reader, table, salvaged):
                    _put_row(writer, table, values, salvaged, file.write)
                if salvaged.rows or salvaged.set_aside or salvaged.has_gaps:
                    tables.append(salvaged)
            _set_orphans_aside(writer, {salvaged.name: salvaged for salvaged in tables}, file.write)
            turns.reindex(writer)
    return tables


def copy_rows(connection: Connection, table: Table, keys: Sequence[RowKey]) -> Iterator[bytes]:
    """Yield the rows of *table* with *keys* as lines of JSON."""
    for key in keys:
        row = connection.execute(select(table).where(key_condition(table, key))).mappings().one()
        yield _line(table, {str(name): bytes(value) if isinstance(value, memoryview) else value for name, value in row.items()})


def _readable_rows(reader: sqlite3.Connection, table: Table, salvaged: SalvagedTable) -> Iterator[list[Any]]:
    """Yield the values of each row of *table*, past the places that cannot be read."""
    try:
        stored_names = {bytes(row[1]).decode("utf-8", "replace") for row in reader.execute(f"PRAGMA table_info({table.name})")}
    except sqlite3.Error:
        stored_names = set()
    columns = [column for column in table.columns if column.name in stored_names]
    if not columns:
        salvaged.has_gaps = True
        return
    names = ", ".join(column.name for column in columns)
    query = f"SELECT rowid, {names} FROM {table.name} WHERE rowid >= ? ORDER BY rowid"  # noqa: S608
    start = -_MAX_ROWID
    while True:
        try:
            for row in reader.execute(query, (start,)):
                yield list(row[1:])
                start = row[0] + 1
            return
        except sqlite3.Error:
            salvaged.has_gaps = True
            start = _find_gap_end(reader, query, start)
            if start > _MAX_ROWID:
                return


def _find_gap_end(reader: sqlite3.Connection, query: str, start: int) -> int:
    """Return the first row id after *start* from which rows can be read again, or where the table ends."""
    step = 1
    while start + step <= _MAX_ROWID and not _can_read(reader, query, start + step):
        step *= 2
    low, high = start + step // 2, start + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _can_read(reader, query, middle) else (middle, high)
    return high


def _can_read(reader: sqlite3.Connection, query: str, start: int) -> bool:
    try:
        reader.execute(query, (start,)).fetchone()
    except sqlite3.Error:
        return False
    return True


def _put_row(writer: Connection, table: Table, values: list[Any], salvaged: SalvagedTable, set_aside: Callable[[bytes], object]) -> None:
    row = dict(zip((column.name for column in table.columns), values, strict=False))
    original = _find_original(table, row)
    try:
        decoded = {name: _decode(table, name, value) for name, value in {**row, **original}.items()}
        with writer.begin_nested():
            writer.execute(insert(table).values(**decoded))
        salvaged.rows += 1
    except (IntegrityError, UnicodeDecodeError, OverflowError):
        salvaged.set_aside += 1
        set_aside(_line(table, row))


def _find_original(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """Return what was stored in a row with one wrong bit; empty for a sound row and for one that is damaged otherwise."""
    names, checksum = [column.name for column in content_columns(table)], row.get(schema.CHECKSUM)
    values = [row.get(name) for name in names]
    if not checksum or checksum_of(table)(values) == checksum:
        return {}
    original = find_original(table, values, checksum)
    return {} if original is None else dict(zip(names, original, strict=True))


def _set_orphans_aside(writer: Connection, tables: dict[str, SalvagedTable], set_aside: Callable[[bytes], object]) -> None:
    """Take rows out again that belong to a row that is gone, until none does."""
    while orphans := writer.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
        for name, rowid in sorted({(orphan[0], orphan[1]) for orphan in orphans}):
            table = schema.metadata.tables[name]
            row = writer.exec_driver_sql(f"SELECT * FROM {name} WHERE rowid = ?", (rowid,)).mappings().one()  # noqa: S608
            set_aside(_line(table, dict(row)))
            writer.exec_driver_sql(f"DELETE FROM {name} WHERE rowid = ?", (rowid,))  # noqa: S608
            tables[name].rows -= 1
            tables[name].set_aside += 1


def _line(table: Table, row: dict[str, Any]) -> bytes:
    """Return a row as a line of JSON, with compressed columns opened where that works."""
    document: dict[str, Any] = {"table": table.name}
    for name, value in row.items():
        data = value
        if isinstance(value, bytes):
            with suppress(ZstdError):
                data = ZstdDecompressor().decompress(value) if value.startswith(_ZSTD) else value
            data = data.decode("utf-8", "backslashreplace")
        document[name] = data
    return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)


def _decode(table: Table, name: str, value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) and isinstance(table.c[name].type, String) else value
