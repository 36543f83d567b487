"""Making a store empty, while others may have it open: they see an empty one then."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sqlalchemy import text

from onward.store import copies, schema
from onward.store.engine import Store
from onward.store.migrating import upgrade

_BESIDE = ("turn_words", "alembic_version")
"""Tables of PostgreSQL that the migrations make, and no statement of ours names by its columns."""


def empty(store: Store) -> None:
    """Take all that is ours out of the database, for good, and bring the schema up to date anew; at once or not at all. What else the database holds stays."""
    if store.path:
        with tempfile.TemporaryDirectory(dir=store.path.parent) as folder:
            new = Store.at_folder(Path(folder))
            made = new.path
            new.close()
            assert made is not None
            copies.copy(made, store.path)
        return
    names = ", ".join([*(table.name for table in schema.tables.sorted_tables), *_BESIDE])
    with store.write() as connection:
        connection.execute(text(f"DROP TABLE IF EXISTS {names}"))
        upgrade(connection)
