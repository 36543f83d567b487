"""Bringing a database's schema up to date, once, however many processes start at the same moment."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from onward.errors import StoreTooNew

NEWEST_VERSION = "0007"
"""The newest migration. A store that is at it already costs one query: alembic is not even imported."""

_LOCK_KEY = 0x0A11_A2D0
"""Any number, the same in every Onward: PostgreSQL's name for the lock that one migrating process holds."""


def migrate(engine: Engine, write_engine: Engine) -> str:
    """Run the migrations that the database lacks, all in one transaction; return the version that it was found at, empty for a new one. Raises `StoreTooNew` when it has some that this version does not know."""
    with engine.connect() as connection:
        version = _schema_version(connection)
    if version == NEWEST_VERSION:
        return version
    if version > NEWEST_VERSION:
        raise StoreTooNew(
            f"The store was written by a newer Onward (its schema is {version}, this one knows {NEWEST_VERSION}).",
            "Upgrade: pip install -U onward",
        )
    with write_engine.begin() as connection:
        # On SQLite the transaction itself is the lock.
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK_KEY})
        if (version := _schema_version(connection)) != NEWEST_VERSION:
            run_migrations(connection)
    return version


def _schema_version(connection: Connection) -> str:
    """Return the number of the migration that the database is at; empty for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""


def run_migrations(connection: Connection) -> None:
    """Run the migrations that the database lacks."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
