"""A connection that reads SQLite without SQLAlchemy."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection


class SqliteReader:
    """A connection of the driver on which SQL text runs (`statements.Query`). What else a connection of SQLAlchemy can do, one on the same
    transaction does; *before_import* is called first.
    """

    dialect = SimpleNamespace(name="sqlite")

    def __init__(self, driver_connection: sqlite3.Connection, before_import: Callable[[], object]) -> None:
        self.driver_connection = driver_connection
        self._before_import = before_import
        self._opened: Connection | None = None

    @property
    def connection(self) -> SqliteReader:
        """Itself: SQLAlchemy's connections have the driver's one step further inside."""
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._full_connection, name)

    @cached_property
    def _full_connection(self) -> Connection:
        from sqlalchemy import NullPool, create_engine

        self._before_import()
        # The first connection of an engine is rolled back after the engine has read what the database can do.
        connections = iter((sqlite3.connect(":memory:"), self.driver_connection))
        engine = create_engine("sqlite://", creator=lambda: next(connections), poolclass=NullPool)
        engine.connect().close()
        self._opened = engine.connect()
        return self._opened

    def close(self) -> None:
        """End the transaction and close the connection."""
        if self._opened is not None:
            self._opened.close()
        self.driver_connection.close()
