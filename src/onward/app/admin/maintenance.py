"""The store's own care: its schema, a prompt of the database, and beginning anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import URL

from onward.app.admin import backups
from onward.app.jobs import jobs
from onward.errors import Conflict
from onward.message import Message
from onward.settings import Settings
from onward.store import Store, store_copy
from onward.store.migration import NEWEST_VERSION
from onward.store.reset import empty_store


@dataclass(frozen=True, slots=True)
class Migration:
    """The schema that a store was found at, empty where it was made now, and the one it is at."""

    old_version: str
    new_version: str


@dataclass(frozen=True, slots=True)
class DatabasePrompt:
    """How to open a prompt on the database: the command, and the variables that it needs. The password is in these, for anyone can read a command line."""

    command: tuple[str, ...]
    secrets: dict[str, str]


@dataclass(frozen=True, slots=True)
class ResetReport:
    """A store that was made empty, by name. `kept` is the copy of what it held; None on PostgreSQL, and where there was nothing."""

    name: str
    kept: Path | None


def read_migration(store: Store) -> Migration:
    """Return what opening the store did to its schema."""
    return Migration(store.initial_version, NEWEST_VERSION)


def store_name(store: Store) -> str:
    """Return what the store is called: its database on PostgreSQL, its file on SQLite."""
    return store.path.name if store.path else str(store.engine.url.database)


def database_prompt(store: Store) -> DatabasePrompt:
    """Return how to open the database's own prompt."""
    if store.path:
        # SQLite forgets this for every connection, and rows would lose what they belong to.
        return DatabasePrompt(("sqlite3", "-cmd", "PRAGMA foreign_keys = ON", str(store.path)), {})
    url = store.engine.url
    secrets = {"PGPASSWORD": str(url.password)} if url.password else {}
    shown_url = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    return DatabasePrompt(("psql", shown_url.render_as_string()), secrets)


def copy_store(store: Store, target: Store, on_progress: Callable[[int, int], object] | None = None) -> int:
    """Copy all that *store* holds into the new store *target*, at once or not at all, and return how many rows that is. *on_progress* is told (rows done, of).

    Raises `Conflict` where *target* holds something, and while jobs are under way: their files stay where they are.
    """
    if open_jobs := jobs.list_open(store):
        raise Conflict(
            Message("{count} jobs are running or queued.", count=len(open_jobs)), "Wait for them or cancel them, then run this again."
        )
    return sum(store_copy.copy(store, target, on_progress).values())


def reset_store(settings: Settings, store: Store) -> ResetReport:
    """Make the store empty, for good. On SQLite what it held is copied beside it first, and where that fails nothing is emptied."""
    backup_path = None
    if store.path:
        backup_path = store.path.with_name(f"{store.path.name}.before-reset-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}")
        backups.backup(settings, backup_path)
    empty_store(store)
    return ResetReport(store_name(store), backup_path)
