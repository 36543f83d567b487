"""The database of the store: its schema version, a prompt on it, copying and resetting it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
    """The schema version before the store was opened (empty for a new store) and now."""

    old_version: str
    new_version: str


@dataclass(frozen=True, slots=True)
class DatabasePrompt:
    """How to open a prompt on the database: the command and its environment variables. The password is among these, because command lines
    are public.
    """

    command: tuple[str, ...]
    secrets: dict[str, str]


@dataclass(frozen=True, slots=True)
class ResetReport:
    """The name of a store that was reset, and the backup of its content; None on PostgreSQL and for an empty store."""

    name: str
    backup_path: Path | None


def read_migration(store: Store) -> Migration:
    """Return the schema versions before and after the store was opened."""
    return Migration(store.initial_version, NEWEST_VERSION)


def store_name(store: Store) -> str:
    """Return the name of the store: its database on PostgreSQL, its file on SQLite."""
    return store.path.name if store.path else str(store.engine.url.database)


def database_prompt(store: Store) -> DatabasePrompt:
    """Return how to open the database's own prompt."""
    if store.path:
        # SQLite needs this for every connection; without it, deleting rows would leave others without their parents.
        return DatabasePrompt(("sqlite3", "-cmd", "PRAGMA foreign_keys = ON", str(store.path)), {})
    url = store.engine.url
    secrets = {"PGPASSWORD": str(url.password)} if url.password else {}
    shown_url = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    return DatabasePrompt(("psql", shown_url.render_as_string()), secrets)


def copy_store(store: Store, target: Store, on_progress: Callable[[int, int], object] | None = None) -> int:
    """Copy everything in *store* to the empty store *target* in one transaction, and return the number of rows. *on_progress* receives
    (rows done, total).

    Raises `Conflict` if *target* is not empty, or while jobs are open, because their files are not copied.
    """
    if open_jobs := jobs.list_open(store):
        raise Conflict(
            Message("{count} jobs are running or queued.", count=len(open_jobs)), "Wait for them or cancel them, then run this again."
        )
    return sum(store_copy.copy(store, target, on_progress).values())


def reset_store(settings: Settings, store: Store) -> ResetReport:
    """Delete everything in the store. On SQLite a backup is made next to it first; if that fails, nothing is deleted."""
    backup_path = None
    if store.path:
        backup_path = backups.previous_path(store.path, "reset")
        backups.backup(settings, backup_path)
    empty_store(store)
    return ResetReport(store_name(store), backup_path)
