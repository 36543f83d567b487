"""Backups of the whole store, and restoring them."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from onward.app.archives.writer import atomic_write
from onward.app.jobs import jobs
from onward.app.jobs.jobs import Job
from onward.errors import BadInput, Conflict, StoreError
from onward.message import Message
from onward.private_files import create_file, create_folder
from onward.settings import Settings
from onward.store import Store, sqlite_backup
from onward.store.engine import FILE_NAME
from onward.store.store_copy import ProgressCallback

KIND = "backup"
"""The kind of the job."""


def download_name(at: datetime) -> str:
    """Return the name under which a browser stores a backup of the time *at*."""
    return f"onward-{at:%Y-%m-%d}.db"


def previous_path(store_file: Path, event: str = "") -> Path:
    """Return the path beside *store_file* for the copy that is made now, before it is replaced; *event* says by what."""
    cause = f"{event}-" if event else ""
    return store_file.with_name(f"{store_file.name}.before-{cause}{datetime.now(UTC):%Y%m%d-%H%M%S-%f}")


@dataclass(frozen=True, slots=True)
class StoreCopy:
    """A backup or a restored store: its file and contents. `previous_path` is where the replaced store is."""

    path: Path
    size_bytes: int
    projects: int
    sessions: int
    turns: int
    previous_path: Path | None = None


def backup(settings: Settings, target: Path, on_progress: ProgressCallback | None = None) -> StoreCopy:
    """Copy the whole store to the file *target* while other programs use it, verify the copy, and return it.

    If anything fails, an existing file at *target* stays. Raises `BadInput` for PostgreSQL and if there is no store yet.
    """
    source = configured_file(settings)
    if not source.exists():
        raise BadInput(Message("{home} contains no store yet.", home=settings.home), "Import sessions first: onward import")
    return _copy_store(source, target, on_progress)


def backup_open_store(store: Store, target: Path, on_progress: ProgressCallback | None = None) -> StoreCopy:
    """Copy an open store, as `backup` does."""
    return _copy_store(_store_file(store), target, on_progress)


def request_backup(store: Store, *, requested_by: str = "") -> Job:
    """Request a backup as a job and return the job; if a backup is in progress, return that job. Raises `BadInput` for PostgreSQL."""
    _store_file(store)
    return jobs.request_job(store, KIND, {}, key="store", requested_by=requested_by)


def _copy_store(source: Path, target: Path, on_progress: ProgressCallback | None) -> StoreCopy:
    if target.absolute() == source.absolute():
        raise BadInput("That is the store itself.", "Name another file.")
    with atomic_write(target) as part:
        try:
            sqlite_backup.copy(source, part, on_progress)
            sqlite_backup.make_standalone(part)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise StoreError(
                Message("The store could not be copied: {problem}.", problem=error), "Check the disk, and run `onward doctor`."
            ) from error
        sqlite_backup.check(part)
    return _describe(target)


def restore(settings: Settings, source: Path, *, overwrite: bool = False, on_progress: ProgressCallback | None = None) -> StoreCopy:
    """Replace the store with the backup *source* and return the restored store.

    An existing store is only replaced with *overwrite*, and stays beside the new one as a file; without it, `Conflict` is raised. The
    backup is verified first. Other programs that use the store wait and then see the restored content.
    """
    sqlite_backup.check(source)
    target = configured_file(settings)
    if source.absolute() == target.absolute():
        raise BadInput("That is the store itself.", "Name a file that `onward backup` wrote.")
    if target.exists() and not overwrite:
        raise Conflict(
            Message("{home} already contains a store.", home=settings.home),
            "Use --force to restore the backup over it; the existing store is saved next to it.",
        )
    create_folder(settings.home)
    replaced_path = _copy_previous(target) if target.exists() else None
    create_file(target)
    try:
        sqlite_backup.copy(source, target, on_progress)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise StoreError(
            Message("The backup could not be restored: {problem}.", problem=error),
            "Stop all programs that use the store, check the disk, and run this again.",
        ) from error
    # Opening the store upgrades a backup of an older Onward.
    Store.at_folder(settings.home).close()
    return _describe(target, replaced_path)


def _describe(path: Path, replaced_path: Path | None = None) -> StoreCopy:
    projects, sessions, turns = sqlite_backup.count_contents(path)
    return StoreCopy(
        path=path, size_bytes=path.stat().st_size, projects=projects, sessions=sessions, turns=turns, previous_path=replaced_path
    )


def _copy_previous(target: Path) -> Path:
    """Copy the store to a file of its own and return the path. A store that cannot be read is moved there."""
    path = previous_path(target)
    try:
        with atomic_write(path) as part:
            sqlite_backup.copy(target, part)
            sqlite_backup.make_standalone(part)
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        for suffix in ("", "-wal", "-shm"):
            if (file := target.with_name(target.name + suffix)).exists():
                file.rename(path.with_name(path.name + suffix))
    return path


def copy_as_is(source: Path, reason: str) -> Path:
    """Copy the store beside itself, damaged or not, and return the copy; *reason* is part of its name."""
    target = source.with_name(f"{source.name}.before-{reason}-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}")
    try:
        with atomic_write(target) as part:
            sqlite_backup.copy(source, part)
            sqlite_backup.make_standalone(part)
    except (sqlite3.Error, UnicodeDecodeError):
        for suffix in ("", "-wal"):
            if (path := source.with_name(source.name + suffix)).exists():
                create_file(target.with_name(target.name + suffix))
                shutil.copyfile(path, target.with_name(target.name + suffix))
    return target


def configured_file(settings: Settings) -> Path:
    """Return the file of the store. Raises `BadInput` for PostgreSQL."""
    if settings.database_url:
        raise _postgresql_error()
    return settings.home / FILE_NAME


def _store_file(store: Store) -> Path:
    if store.path is None:
        raise _postgresql_error()
    return store.path


def _postgresql_error() -> BadInput:
    return BadInput("The store is a PostgreSQL database.", "Back it up with PostgreSQL's tools: pg_dump, pg_restore.")
