"""Statements that every request needs, made once; on SQLite they go straight to the driver, because most of what a short one costs there is SQLAlchemy's part.

Inside `Store.read` and `Store.write` only: there the transaction has begun.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

_MAX_ROWS = 50
"""Rows of one statement that adds rows."""
_MAX_FORMS = 64
"""Of one statement that are kept: lists of another length make another."""


class _CompiledStatement(NamedTuple):
    """A statement as SQLite takes it: the names of its values in their order, those that it has of itself, and what makes a row."""

    sql: str
    names: Sequence[str]
    defaults: Mapping[str, Any]
    row: Callable[[Iterable[Any]], Any]


class PreparedStatement:
    """A statement whose values are given by name. Its rows have the columns' names; a Boolean is 0 or 1 where the database has none."""

    def __init__(self, statement: Select[Any] | ReturningInsert[Any] | ReturningUpdate[Any]) -> None:
        self._statement = statement
        self._compiled = lru_cache(_MAX_FORMS)(self._compile)

    def all(self, connection: Connection, **values: Any) -> list[Any]:
        """Return the rows. A value that is a list stands for as many as it holds."""
        if connection.dialect.name != "sqlite":
            return list(connection.execute(self._statement, values))
        sql, names, defaults, row = self._compiled(*[(name, len(value) if type(value) is list else None) for name, value in values.items()])
        parameters = {**defaults, **values}
        for name, value in values.items():
            if type(value) is list:
                parameters.update((f"{name}_{index}", item) for index, item in enumerate(value, start=1))
        return [row(record) for record in _driver_connection(connection).execute(sql, [parameters[name] for name in names])]

    def first(self, connection: Connection, **values: Any) -> Any | None:
        """Return the first row, None where there is none."""
        return next(iter(self.all(connection, **values)), None)

    def _compile(self, *lengths: tuple[str, int | None]) -> _CompiledStatement:
        """Return the form for values of these names: lists of so many, or None for one by itself."""
        examples = {name: None if length is None else [0] * length for name, length in lengths}
        compiled = self._statement.compile(dialect=sqlite.dialect()).construct_expanded_state(examples)
        columns = [column.name for column in self._statement.exported_columns]
        row: Any = namedtuple("Row", columns, rename=True)  # type: ignore[misc]  # noqa: PYI024 - its names are known now only
        return _CompiledStatement(compiled.statement, compiled.positiontup or (), compiled.parameters, row._make)


def execute_raw(connection: Connection, sql: str, values: Sequence[Any]) -> Iterable[Any]:
    """Run a statement in the database's own words, and return its rows."""
    if connection.dialect.name != "sqlite":
        return connection.exec_driver_sql(sql, tuple(values))
    rows: Iterable[Any] = _driver_connection(connection).execute(sql, values)
    return rows


def insert_rows(connection: Connection, target: str, rows: Sequence[Sequence[Any]]) -> None:
    """Add *rows* to a table, *into* being its name and columns, many in one statement: a driver that adds them one by one stops for other threads at each."""
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
