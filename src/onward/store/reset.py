"""Emptying a store that others may have open: they see an empty store afterwards."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, text

from onward.store import schema, sqlite_backup
from onward.store.engine import Store
from onward.store.migration import run_migrations

_UNMAPPED_TABLES = ("turn_words", "alembic_version")
"""Tables of PostgreSQL that the migrations create outside the schema module."""
_TOKEN_COLUMNS = [column for column in schema.access_tokens.columns if column.name != "id"]


def empty_store(store: Store) -> None:
    """Delete everything that Onward stores and create the schema again, all or nothing. Access tokens stay valid. Other tables of the
    database remain.
    """
    with store.read() as connection:
        tokens = [dict(row._mapping) for row in connection.execute(select(*_TOKEN_COLUMNS))]  # noqa: SLF001
    if store.path:
        with tempfile.TemporaryDirectory(dir=store.path.parent) as folder:
            new_store = Store.at_folder(Path(folder))
            new_path = new_store.path
            with new_store.write() as connection:
                _store_tokens(connection, tokens)
            new_store.close()
            assert new_path is not None
            sqlite_backup.copy(new_path, store.path)
        return
    names = ", ".join([*(table.name for table in schema.metadata.sorted_tables), *_UNMAPPED_TABLES])
    with store.write() as connection:
        connection.execute(text(f"DROP TABLE IF EXISTS {names}"))
        run_migrations(connection)
        _store_tokens(connection, tokens)


def _store_tokens(connection: Connection, tokens: list[dict[str, Any]]) -> None:
    if tokens:
        connection.execute(insert(schema.access_tokens), tokens)
