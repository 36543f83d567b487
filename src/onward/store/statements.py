"""Statements that every request runs, compiled once. On SQLite they go straight to the driver: SQLAlchemy costs more than a short query.

Use them inside `Store.read` and `Store.write` only, where the transaction has started.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

Item = TypeVar("Item")

MAX_PARAMETERS = 500
"""Values that one statement takes in a list, at most."""
_MAX_ROWS = 50
"""Rows that one INSERT adds, at most."""
_MAX_FORMS = 64
"""Compiled forms stored per statement: each length of a list parameter needs its own."""


class _CompiledStatement(NamedTuple):
    """A statement compiled for SQLite: its SQL, the order of its parameters, those with fixed values, and the type of its rows."""

    sql: str
    names: Sequence[str]
    defaults: Mapping[str, Any]
    row: Callable[[Iterable[Any]], Any]


class PreparedStatement:
    """A statement with named parameters. Its rows have the columns' names; on SQLite a Boolean is 0 or 1."""

    def __init__(self, statement: Select[Any] | ReturningInsert[Any] | ReturningUpdate[Any]) -> None:
        self._statement = statement
        self._compiled = lru_cache(_MAX_FORMS)(self._compile)

    def all(self, connection: Connection, **values: Any) -> list[Any]:
        """Return all rows. A list value fills a parameter that expands to its items."""
        if connection.dialect.name != "sqlite":
            return list(connection.execute(self._statement, values))
        sql, names, defaults, row = self._compiled(*[(name, len(value) if type(value) is list else None) for name, value in values.items()])
        parameters = {**defaults, **values}
        for name, value in values.items():
            if type(value) is list:
                parameters.update((f"{name}_{index}", item) for index, item in enumerate(value, start=1))
        return [row(record) for record in _driver_connection(connection).execute(sql, [parameters[name] for name in names])]

    def first(self, connection: Connection, **values: Any) -> Any | None:
        """Return the first row, or None."""
        return next(iter(self.all(connection, **values)), None)

    def _compile(self, *lengths: tuple[str, int | None]) -> _CompiledStatement:
        """Return the statement compiled for parameters of these names and list lengths (None: not a list)."""
        examples = {name: None if length is None else [0] * length for name, length in lengths}
        compiled = self._statement.compile(dialect=sqlite.dialect()).construct_expanded_state(examples)
        columns = [column.name for column in self._statement.exported_columns]
        row: Any = namedtuple("Row", columns, rename=True)  # type: ignore[misc]  # noqa: PYI024 - the names are known at run time only
        return _CompiledStatement(compiled.statement, compiled.positiontup or (), compiled.parameters, row._make)


def batches(values: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Yield *values* in portions that one statement can take."""
    for start in range(0, len(values), MAX_PARAMETERS):
        yield values[start : start + MAX_PARAMETERS]


def execute_raw(connection: Connection, sql: str, values: Sequence[Any]) -> Iterable[Any]:
    """Run SQL in the database's own dialect and return its rows."""
    if connection.dialect.name != "sqlite":
        return connection.exec_driver_sql(sql, tuple(values))
    rows: Iterable[Any] = _driver_connection(connection).execute(sql, values)
    return rows


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


def _driver_connection(connection: Connection) -> Any:
    return connection.connection.driver_connection
