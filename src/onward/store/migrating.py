"""Bringing a database's schema up to date, once, however many processes start at the same moment."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from onward.errors import StoreTooNew

NEWEST = "0007"
"""The newest migration. A store that is at it already costs one query: alembic is not even imported."""

_LOCK = 0x0A11_A2D0
"""Any number, the same in every Onward: PostgreSQL's name for the lock that one migrating process holds."""


def bring_up_to_date(engine: Engine, writing: Engine) -> str:
    """Run the migrations that the database lacks, all in one transaction; return the version that it was found at, empty for a new one. Raises `StoreTooNew` when it has some that this version does not know."""
    with engine.connect() as connection:
        version = _version(connection)
    if version == NEWEST:
        return version
    if version > NEWEST:
        raise StoreTooNew(
            f"The store was written by a newer Onward (its schema is {version}, this one knows {NEWEST}).", "Upgrade: pip install -U onward"
        )
    with writing.begin() as connection:
        # On SQLite the transaction itself is the lock.
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if (version := _version(connection)) != NEWEST:
            upgrade(connection)
    return version


def _version(connection: Connection) -> str:
    """Return the number of the migration that the database is at; empty for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""


def upgrade(connection: Connection) -> None:
    """Run the migrations that the database lacks."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
