"""Statements as SQL text, the same for both databases. On SQLite they go straight to the driver: SQLAlchemy costs more than a short query,
and importing it more than a whole command that reads.

Use them inside `Store.read` and `Store.write` only, where the transaction has started.
"""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from onward.store.lazy_module import sa

if TYPE_CHECKING:
    from sqlalchemy import Connection, TextClause

Item = TypeVar("Item")

NO_LIMIT = 2**62
"""The value of a LIMIT that limits nothing."""
MAX_PARAMETERS = 500
"""Values that one statement takes in a list, at most."""
_MAX_ROWS = 50
"""Rows that one INSERT adds, at most."""
_LIST_PARAMETER = re.compile(r"\bIN :(\w+)")


class Query:
    """A statement with named parameters: `SELECT * FROM sessions WHERE id = :id`. A list fills `IN :ids`. Its rows have the columns' names;
    on SQLite a Boolean is 0 or 1.
    """

    def __init__(self, sql: str) -> None:
        self._sql = sql
        self._list_names = _LIST_PARAMETER.findall(sql)
        self._texts: dict[frozenset[str], TextClause] = {}

    def all(self, connection: Connection, **values: Any) -> list[Any]:
        """Return all rows."""
        if connection.dialect.name == "sqlite":
            return list(self._run(connection, values))
        return list(connection.execute(self._text(values), values))

    def first(self, connection: Connection, **values: Any) -> Any | None:
        """Return the first row, or None."""
        return next(iter(self.all(connection, **values)), None)

    def stream(self, connection: Connection, **values: Any) -> Iterator[Any]:
        """Yield the rows of a SELECT, which are read while they are used."""
        if connection.dialect.name == "sqlite":
            return self._run(connection, values)
        return iter(connection.execute(self._text(values), values, execution_options={"yield_per": MAX_PARAMETERS}))

    def _run(self, connection: Connection, values: dict[str, Any]) -> Iterator[Any]:
        sql = self._sql
        for name in self._list_names:
            items = values.pop(name)
            sql = sql.replace(f"IN :{name}", f"IN ({', '.join(f':{name}_{index}' for index in range(len(items)))})")
            values.update((f"{name}_{index}", item) for index, item in enumerate(items))
        cursor = driver_connection(connection).execute(sql, values)
        return map(_row_maker(tuple(column[0] for column in cursor.description)), cursor)

    def _text(self, values: dict[str, Any]) -> TextClause:
        """Return the statement for SQLAlchemy. An empty list leaves *values*: nothing is in it, whatever the type of the column."""
        empty_names = frozenset(name for name in self._list_names if not values[name])
        for name in empty_names:
            del values[name]
        if empty_names not in self._texts:
            sql = self._sql
            for name in empty_names:
                sql = sql.replace(f"IN :{name}", "IN (NULL)")
            filled_names = [name for name in self._list_names if name not in empty_names]
            self._texts[empty_names] = sa.text(sql).bindparams(*(sa.bindparam(name, expanding=True) for name in filled_names))
        return self._texts[empty_names]


@lru_cache(maxsize=256)
def _row_maker(columns: tuple[str, ...]) -> Callable[[Iterable[Any]], Any]:
    row: Any = namedtuple("Row", columns, rename=True)  # type: ignore[misc]  # noqa: PYI024 - the names are known at run time only
    return row._make


def batches(values: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Yield *values* in portions that one statement can take."""
    for start in range(0, len(values), MAX_PARAMETERS):
        yield values[start : start + MAX_PARAMETERS]


def execute_raw(connection: Connection, sql: str, values: Sequence[Any]) -> Iterable[Any]:
    """Run SQL in the database's own dialect and return its rows."""
    if connection.dialect.name != "sqlite":
        return connection.exec_driver_sql(sql, tuple(values))
    rows: Iterable[Any] = driver_connection(connection).execute(sql, values)
    return rows


def dialect_insert(connection: Connection) -> Any:
    """Return `insert` of the database's dialect, which can leave out rows that conflict with stored ones."""
    # Each dialect loads its own drivers. Importing both would add a tenth to the start of a command that writes.
    return import_module(f"sqlalchemy.dialects.{connection.dialect.name}").insert


def insert_rows(connection: Connection, target: str, rows: Sequence[Sequence[Any]]) -> None:
    """Insert *rows* into *target*, a table name with its columns, many rows per statement.

    With one row per statement the driver would hand over to other threads after each.
    """
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    for start in range(0, len(rows), _MAX_ROWS):
        batch = rows[start : start + _MAX_ROWS]
        execute_raw(connection, _insert_sql(target, mark, len(batch[0]), len(batch)), [value for row in batch for value in row])


@lru_cache(maxsize=4 * _MAX_ROWS)
def _insert_sql(target: str, mark: str, columns: int, rows: int) -> str:
    row = f"({', '.join([mark] * columns)})"
    return f"INSERT INTO {target} VALUES {', '.join([row] * rows)}"  # noqa: S608


def driver_connection(connection: Connection) -> Any:
    """Return the connection of the database's driver."""
    return connection.connection.driver_connection
