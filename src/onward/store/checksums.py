"""Checksums of stored rows: written with every change, compared when the store is checked.

A transaction ends with `seal`, which gives every row that it changed its checksum. Damage on the disk changes a row without one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple
from zlib import crc32

from sqlalchemy import Connection, DefaultClause, Table, and_, bindparam, select, tuple_, update
from sqlalchemy.exc import DatabaseError, OperationalError

from onward.store.schema import CHECKED_TABLES, CHECKSUM
from onward.store.statements import execute_raw

RowKey = tuple[Any, ...]
"""The values of a row's primary key."""

_BATCH_ROWS = 500
_CHANGED_TABLES_QUERY = " UNION ALL ".join(
    f"SELECT {number} WHERE EXISTS (SELECT 1 FROM {table.name} WHERE {CHECKSUM} IS NULL)"  # noqa: S608
    for number, table in enumerate(CHECKED_TABLES)
)


class CheckedTable(NamedTuple):
    """The check of a table, or of some of its rows: how many, the keys of damaged rows and of those without a checksum, and the last key.

    `is_unreadable` tells that the database cannot read some of it: the rest of the table was not checked.
    """

    table: Table
    rows: int
    damaged: list[RowKey]
    unsealed: list[RowKey]
    last_key: RowKey
    is_unreadable: bool = False

    @property
    def is_sound(self) -> bool:
        """Whether nothing in it is damaged."""
        return not self.damaged and not self.is_unreadable


@cache
def checksum_of(table: Table) -> Callable[[Sequence[Any]], int]:
    """Return the function that computes the checksum of a row of *table* from its values, which follow the order of the columns."""

    def compute(values: Sequence[Any]) -> int:
        # 0 marks a row without a checksum.
        return crc32(b"".join([part for _, part in row_parts(table, values)])) or 1

    return compute


def row_parts(table: Table, values: Sequence[Any]) -> list[tuple[int | None, bytes]]:
    """Return the bytes that the checksum of a row is computed from, in parts: those of a value with its index, and what names it (None).

    A value that is NULL or the column's default counts for nothing: a column that a later migration adds changes no checksum.
    """
    parts: list[tuple[int | None, bytes]] = []
    for index, ((name, default), value) in enumerate(zip(_named_columns(table), values, strict=False)):
        if value is None:
            continue
        data = _to_bytes(value)
        if data != default:
            parts += ((None, b"%b=%d:" % (name, len(data))), (index, data))
    return parts


@cache
def _named_columns(table: Table) -> list[tuple[bytes, bytes | None]]:
    return [(column.name.encode(), default_bytes(column)) for column in content_columns(table)]


@cache
def content_columns(table: Table) -> list[Any]:
    """Return the columns of *table* without the checksum."""
    return [column for column in table.columns if column.name != CHECKSUM]


def default_bytes(column: Any) -> bytes | None:
    """Return the bytes of a column's default in the database; None if it has none."""
    return str(column.server_default.arg).encode() if isinstance(column.server_default, DefaultClause) else None


def key_condition(table: Table, key: RowKey) -> Any:
    """Return the condition that selects the row of *table* with *key*."""
    return and_(*(column == value for column, value in zip(table.primary_key.columns, key, strict=True)))


def _to_bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, int):
        return b"%d" % value
    return repr(value).encode() if isinstance(value, float) else bytes(value)


def seal(connection: Connection) -> None:
    """Give every row that this transaction changed its checksum."""
    for (number,) in list(execute_raw(connection, _CHANGED_TABLES_QUERY, ())):
        table = CHECKED_TABLES[number]
        while _seal_where(connection, table, table.c[CHECKSUM].is_(None)):
            pass


def seal_rows(connection: Connection, table: Table, keys: Sequence[RowKey]) -> None:
    """Give the rows with *keys* a checksum of what they contain now."""
    for start in range(0, len(keys), _BATCH_ROWS):
        _seal_where(connection, table, _key_columns(table).in_(keys[start : start + _BATCH_ROWS]))


def _seal_where(connection: Connection, table: Table, condition: Any) -> int:
    compute = checksum_of(table)
    key_columns = list(table.primary_key.columns)
    rows = connection.execute(select(*key_columns, *content_columns(table)).where(condition).limit(_BATCH_ROWS)).all()
    if not rows:
        return 0
    names = [f"key_{number}" for number in range(len(key_columns))]
    is_row = [column == bindparam(name) for column, name in zip(key_columns, names, strict=True)]
    parameters = [dict(zip(names, row, strict=False)) | {"sum": compute(row[len(names) :])} for row in rows]
    connection.execute(update(table).where(*is_row).values({CHECKSUM: bindparam("sum")}), parameters)
    return len(rows)


def check_table(connection: Connection, table: Table, after: RowKey = (), limit: int | None = None) -> CheckedTable:
    """Compare the rows of *table* with their checksums, in the order of their keys: all, or at most *limit* after the key *after*."""
    compute, width = checksum_of(table), len(table.primary_key.columns)
    rows, last_key, is_unreadable = 0, after, False
    damaged: list[RowKey] = []
    unsealed: list[RowKey] = []
    with undecoded_texts(connection):
        try:
            for row in _rows_by_key(connection, table, after, limit):
                rows += 1
                last_key = _readable_key(row[:width])
                if (checksum := row[width]) == 0:
                    unsealed.append(last_key)
                elif compute(row[width + 1 :]) != checksum:
                    damaged.append(last_key)
        except (OperationalError, sqlite3.OperationalError):
            # Busy, or no space: that says nothing about the table.
            raise
        except (DatabaseError, sqlite3.DatabaseError):
            is_unreadable = True
    return CheckedTable(table, rows=rows, damaged=damaged, unsealed=unsealed, last_key=last_key, is_unreadable=is_unreadable)


def _rows_by_key(connection: Connection, table: Table, after: RowKey, limit: int | None) -> Iterable[Any]:
    """Yield rows in the order of their keys: the key, the checksum, and the content."""
    if connection.dialect.name == "sqlite":
        # Straight from the driver, which takes half the time.
        keys = ", ".join(column.name for column in table.primary_key.columns)
        names = ", ".join((keys, CHECKSUM, *(column.name for column in content_columns(table))))
        condition = f"WHERE ({keys}) > ({', '.join('?' * len(after))}) " if after else ""
        query = f"SELECT {names} FROM {table.name} {condition}ORDER BY {keys} LIMIT ?"  # noqa: S608 - names of the schema
        return execute_raw(connection, query, (*after, -1 if limit is None else limit))
    rows = select(*table.primary_key.columns, table.c[CHECKSUM], *content_columns(table)).order_by(*table.primary_key.columns)
    if after:
        rows = rows.where(_key_columns(table) > tuple_(*after))
    return connection.execute(rows.limit(limit).execution_options(yield_per=_BATCH_ROWS))


def _key_columns(table: Table) -> Any:
    return tuple_(*table.primary_key.columns)


def _readable_key(values: Collection[Any]) -> RowKey:
    return tuple(value.decode("utf-8", "replace") if isinstance(value, bytes) else value for value in values)


@contextmanager
def undecoded_texts(connection: Connection) -> Iterator[None]:
    """Read texts of SQLite as bytes: one that cannot be decoded any more is one damaged row, not the end of the check."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name != "sqlite":
        yield
        return
    driver.text_factory = bytes
    try:
        yield
    finally:
        driver.text_factory = str
