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

_MOST_ROWS = 50
"""Rows of one statement that adds rows."""
_MOST_FORMS = 64
"""Of one statement that are kept: lists of another length make another."""


class _Form(NamedTuple):
    """A statement as SQLite takes it: the names of its values in their order, those that it has of itself, and what makes a row."""

    sql: str
    names: Sequence[str]
    own: Mapping[str, Any]
    row: Callable[[Iterable[Any]], Any]


class Prepared:
    """A statement whose values are given by name. Its rows have the columns' names; a Boolean is 0 or 1 where the database has none."""

    def __init__(self, statement: Select[Any] | ReturningInsert[Any] | ReturningUpdate[Any]) -> None:
        self._statement = statement
        self._form = lru_cache(_MOST_FORMS)(self._made)

    def all(self, connection: Connection, **values: Any) -> list[Any]:
        """Return the rows. A value that is a list stands for as many as it holds."""
        if connection.dialect.name != "sqlite":
            return list(connection.execute(self._statement, values))
        sql, names, own, row = self._form(*[(name, len(value) if type(value) is list else None) for name, value in values.items()])
        given = {**own, **values}
        for name, value in values.items():
            if type(value) is list:
                given.update((f"{name}_{place}", one) for place, one in enumerate(value, start=1))
        return [row(one) for one in _driver(connection).execute(sql, [given[name] for name in names])]

    def first(self, connection: Connection, **values: Any) -> Any | None:
        """Return the first row, None where there is none."""
        return next(iter(self.all(connection, **values)), None)

    def _made(self, *lengths: tuple[str, int | None]) -> _Form:
        """Return the form for values of these names: lists of so many, or None for one by itself."""
        like = {name: None if length is None else [0] * length for name, length in lengths}
        made = self._statement.compile(dialect=sqlite.dialect()).construct_expanded_state(like)
        columns = [column.name for column in self._statement.exported_columns]
        row: Any = namedtuple("Row", columns, rename=True)  # type: ignore[misc]  # noqa: PYI024 - its names are known now only
        return _Form(made.statement, made.positiontup or (), made.parameters, row._make)


def straight(connection: Connection, sql: str, values: Sequence[Any]) -> Iterable[Any]:
    """Run a statement in the database's own words, and return its rows."""
    if connection.dialect.name != "sqlite":
        return connection.exec_driver_sql(sql, tuple(values))
    found: Iterable[Any] = _driver(connection).execute(sql, values)
    return found


def add_rows(connection: Connection, into: str, rows: Sequence[Sequence[Any]]) -> None:
    """Add *rows* to a table, *into* being its name and columns, many in one statement: a driver that adds them one by one stops for other threads at each."""
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    for start in range(0, len(rows), _MOST_ROWS):
        some = rows[start : start + _MOST_ROWS]
        straight(connection, _adding(into, mark, len(some[0]), len(some)), [one for row in some for one in row])


@lru_cache(maxsize=4 * _MOST_ROWS)
def _adding(into: str, mark: str, columns: int, rows: int) -> str:
    row = f"({', '.join([mark] * columns)})"
    return f"INSERT INTO {into} VALUES {', '.join([row] * rows)}"  # noqa: S608


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection
