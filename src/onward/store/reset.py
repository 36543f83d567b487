"""Emptying a store that others may have open: they see an empty store afterwards."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sqlalchemy import text

from onward.store import schema, sqlite_backup
from onward.store.engine import Store
from onward.store.migration import run_migrations

_UNMAPPED_TABLES = ("turn_words", "alembic_version")
"""Tables of PostgreSQL that the migrations create outside the schema module."""


def empty_store(store: Store) -> None:
    """Delete everything that Onward stores and create the schema again, all or nothing. Other tables of the database remain."""
    if store.path:
        with tempfile.TemporaryDirectory(dir=store.path.parent) as folder:
            new_store = Store.at_folder(Path(folder))
            new_path = new_store.path
            new_store.close()
            assert new_path is not None
            sqlite_backup.copy(new_path, store.path)
        return
    names = ", ".join([*(table.name for table in schema.metadata.sorted_tables), *_UNMAPPED_TABLES])
    with store.write() as connection:
        connection.execute(text(f"DROP TABLE IF EXISTS {names}"))
        run_migrations(connection)
