"""Schema migrations: run once, even when many processes start at the same moment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from onward.errors import StoreTooNew
from onward.message import Message
from onward.store.statements import Query, execute_raw

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

NEWEST_VERSION = "0019"
"""The newest migration. A store that is up to date costs one query; alembic is not even imported."""

_LOCK_KEY = 0x0A11_A2D0
"""The advisory lock of PostgreSQL that one migrating process holds. Any number will do, but it must never change."""


def migrate(engine: Engine, write_engine: Engine) -> str:
    """Run the missing migrations in one transaction. Return the version before, empty for a new database.

    Raises `StoreTooNew` when the database has migrations that this version does not know.
    """
    with engine.connect() as connection:
        version = schema_version(connection)
    if version == NEWEST_VERSION:
        return version
    if version > NEWEST_VERSION:
        raise StoreTooNew(
            Message(
                "A newer Onward has written this store (its schema is {version}, this Onward knows {newest}).",
                version=version,
                newest=NEWEST_VERSION,
            ),
            "Upgrade: pip install -U onward",
        )
    with write_engine.begin() as connection:
        # On SQLite the write transaction itself is the lock.
        if connection.dialect.name == "postgresql":
            Query("SELECT pg_advisory_xact_lock(:lock)").all(connection, lock=_LOCK_KEY)
        if (version := schema_version(connection)) != NEWEST_VERSION:
            run_migrations(connection)
    return version


def schema_version(connection: Connection) -> str:
    """Return the version of the database's schema; empty for an empty database."""
    table = "SELECT max(name) FROM sqlite_master WHERE name = '{}'" if connection.dialect.name == "sqlite" else "SELECT to_regclass('{}')"
    if next(iter(execute_raw(connection, table.format("alembic_version"), ())))[0] is None:
        return ""
    row = Query("SELECT version_num FROM alembic_version").first(connection)
    return "" if row is None else str(row.version_num)


def run_migrations(connection: Connection) -> None:
    """Run the missing migrations."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
