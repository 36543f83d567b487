"""The doctor: problems of an installation, problems that are near, and how to repair them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from onward.app.projects.moved_folders import list_moved_folders
from onward.core.agents import agent_label
from onward.errors import OnwardError
from onward.llm.embeddings import EXTRA_HINT, model_for
from onward.message import Message
from onward.private_files import close_to_others
from onward.settings import EmbeddingSettings, Settings
from onward.store import Store, health, projects, provenance, scrubs, sessions, turn_vectors
from onward.store.checksums import CheckedTable
from onward.store.scrubs import Scrub

Status: TypeAlias = Literal["ok", "warning", "problem"]
OpenStore: TypeAlias = Callable[[Settings], Store]

MIN_FREE_BYTES = 500 * 1024 * 1024
WARNING_TIME = timedelta(days=7)
OPEN_TOO_LONG = timedelta(days=1)
MEND_HINT = "Repair it: onward doctor --mend"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check, and a hint if there is something to do."""

    check: str | Message
    status: Status
    message: str | Message
    hint: str | Message = ""


class TranscriptRetention(NamedTuple):
    """How long an agent keeps unchanged transcripts before it deletes them."""

    agent: str
    folder: Path
    pattern: str
    lifetime: timedelta


def examine(
    settings: Settings,
    open_store: OpenStore,
    retentions: Sequence[TranscriptRetention] = (),
    folder: Path | None = None,
) -> list[Finding]:
    """Return the findings of all checks, including transcripts that agents are about to delete (*retentions*) and projects that were moved
    to *folder*. A store that cannot be opened is a finding too.
    """
    findings = [_check_disk(settings), _check_permissions(settings)]
    try:
        with open_store(settings) as store:
            location = store.path or Message("the PostgreSQL store")
            findings += [
                Finding("store", "ok", Message("{location} opens and its schema is up to date", location=location)),
                *_check_store(store),
                _check_open_sessions(store),
                *_check_moved_folders(store, folder),
                *_check_vectors(store, settings.embeddings),
            ]
            findings += [_check_expiring(store, retention) for retention in retentions]
    except OnwardError as error:
        findings.append(Finding("store", "problem", error.message, error.hint))
    return findings


def _check_disk(settings: Settings) -> Finding:
    existing = next(folder for folder in (settings.home, *settings.home.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    message = Message("{free:.1f} GiB free at {path}", free=free / 1024**3, path=existing)
    return (
        Finding("disk", "ok", message)
        if free >= MIN_FREE_BYTES
        else Finding("disk", "problem", message, "Free some disk space; imports need it.")
    )


def _check_permissions(settings: Settings) -> Finding:
    """Close the data folder to other users, and report what they could read until now."""
    tightened_paths = close_to_others(settings.home)
    if not tightened_paths:
        return Finding("permissions", "ok", "only you can read the data folder")
    return Finding(
        "permissions",
        "warning",
        Message(
            "other users of this machine could read {count} files and folders, such as {path}; now only you can",
            count=len(tightened_paths),
            path=tightened_paths[0],
        ),
        "If others use this machine, change the keys and passwords that your sessions mention.",
    )


def _check_store(store: Store) -> Iterator[Finding]:
    with store.read() as connection:
        damage, missing = health.find_damage(connection), health.count_unindexed(connection)
        checked_tables, scrub = health.check_tables(connection), scrubs.find_finished(connection)
    is_index_damaged = False
    if store.is_read_only:
        yield Finding(
            "access",
            "warning",
            "the data folder is read-only: nothing new can be stored",
            "Check the permissions of the folder, or name another folder in ONWARD_HOME.",
        )
    else:
        with store.write() as connection:
            is_index_damaged = health.is_index_damaged(connection)
            health.seal_unsealed(connection, checked_tables)
    if damage:
        yield Finding(
            "integrity",
            "problem",
            Message("the database is damaged: {damage}", damage="; ".join(damage[:3])),
            MEND_HINT,
        )
    else:
        yield Finding("integrity", "ok", "the database is intact")
    yield from _check_checksums(checked_tables, scrub)
    if is_index_damaged:
        yield Finding("search index", "problem", "the index is damaged: searches miss turns", "Rebuild it: onward rebuild --index")
    elif missing:
        yield Finding(
            "search index",
            "problem",
            Message("{missing} turns are missing from the index or outdated in it", missing=missing),
            "Rebuild it: onward rebuild --index",
        )
    else:
        yield Finding("search index", "ok", "all turns are indexed")


def _check_checksums(checked_tables: Sequence[CheckedTable], scrub: Scrub | None) -> Iterator[Finding]:
    for checked in checked_tables:
        check = Message("stored {table}", table=checked.table.name.replace("_", " "))
        if checked.damaged:
            message = Message("{count} of {total} do not match their checksums", count=len(checked.damaged), total=checked.rows)
            yield Finding(check, "problem", message, MEND_HINT)
        if checked.is_unreadable:
            yield Finding(check, "problem", Message("only {count} can be read; the rest is damaged", count=checked.rows), MEND_HINT)
    last_check = (
        Message("the last check in the background ended at {at:%Y-%m-%d %H:%M} UTC", at=scrub.finished_at)
        if scrub and scrub.finished_at
        else Message("no check in the background has ended yet; it runs with a server or a worker")
    )
    if all(checked.is_sound for checked in checked_tables):
        yield Finding(
            "checksums", "ok", Message("{count} stored rows match their checksums", count=sum(table.rows for table in checked_tables))
        )
    if scrub and scrub.damaged:
        message = Message("{last_check}; it found {count} damaged rows", last_check=last_check, count=scrub.damaged)
        yield Finding("background check", "problem", message, MEND_HINT)
    else:
        yield Finding("background check", "ok", last_check)


def _check_open_sessions(store: Store) -> Finding:
    """Find sessions that were started a while ago and never completed: they have no handoff."""
    cutoff = datetime.now(UTC) - OPEN_TOO_LONG
    with store.read() as connection:
        open_numbers = {
            project.name: [
                session.number
                for session in sessions.list_sessions(connection, project.id, status="in_progress")
                if session.created_at < cutoff
            ]
            for project in projects.list_projects(connection)
        }
    open_sessions = [f"{name}: {', '.join(map(str, numbers[:5]))}" for name, numbers in open_numbers.items() if numbers]
    if not open_sessions:
        return Finding("sessions", "ok", "no session has been open for too long")
    return Finding(
        "sessions",
        "warning",
        Message("sessions without a handoff, because they were never completed: {sessions}", sessions="; ".join(open_sessions)),
        "Complete them: onward sweep, or onward session complete NUMBER",
    )


def _check_vectors(store: Store, embeddings: EmbeddingSettings) -> Iterator[Finding]:
    """Find out whether search by meaning has what it needs. Nothing is asked of the model."""
    if not embeddings.model:
        return
    check = "search by meaning"
    if missing := [name for name in ("numpy", *(() if embeddings.url else ("fastembed",))) if find_spec(name) is None]:
        yield Finding(check, "problem", Message("{names} is not installed", names=", ".join(missing)), EXTRA_HINT)
        return
    model = model_for(embeddings).name
    with store.read() as connection:
        complete, total = turn_vectors.count(connection, model)
    message = Message("{count} of {total} turns have vectors of {model}", count=complete, total=total, model=model)
    if complete < total:
        yield Finding(check, "warning", message, "A server or a worker makes the rest, or: onward db vectors")
    else:
        yield Finding(check, "ok", message)


def _check_moved_folders(store: Store, folder: Path | None) -> list[Finding]:
    """Find projects whose folder was moved: sessions in the new one do not get their handoff."""
    moved_folders = list_moved_folders(store, [str(folder)] if folder else [])
    if not moved_folders:
        return [Finding("folders", "ok", "no project folder was moved without an update")]
    return [
        Finding(
            "folders",
            "warning",
            Message(
                "{folder} looks like the project {project}, which was at {old_root}",
                folder=moved_folder.folder,
                project=moved_folder.project,
                old_root=moved_folder.old_root,
            ),
            Message("Update the project's folder: {command}", command=moved_folder.command),
        )
        for moved_folder in moved_folders
    ]


def _check_expiring(store: Store, retention: TranscriptRetention) -> Finding:
    """Find transcripts that their agent is about to delete and that were never imported."""
    with store.read() as connection:
        imported_times = {
            entry.path: entry.imported_at
            for project in projects.list_projects(connection)
            for entry in provenance.list_imports(connection, project.id)
        }
    check, lost_soon = Message("{agent} transcripts", agent=agent_label(retention.agent)), []
    for path in sorted(retention.folder.glob(retention.pattern)):
        try:
            changed_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except OSError:
            continue
        imported_at = imported_times.get(str(path))
        if datetime.now(UTC) - changed_at > retention.lifetime - WARNING_TIME and (imported_at is None or imported_at < changed_at):
            lost_soon.append(path)
    if not lost_soon:
        return Finding(check, "ok", "no transcript is about to be deleted before it is imported")
    return Finding(
        check,
        "warning",
        Message(
            "{count} will be deleted within a week or are overdue, and were never imported, such as {path}",
            count=len(lost_soon),
            path=lost_soon[0],
        ),
        Message("Import them: onward import {folder}", folder=retention.folder),
    )
