"""The doctor: what is wrong, what will be, and how to mend it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from onward.errors import OnwardError
from onward.settings import Settings
from onward.store import Store, health, projects, provenance, sessions

Status: TypeAlias = Literal["ok", "warning", "problem"]

LEAST_FREE_BYTES = 500 * 1024 * 1024
WARNED_BEFORE = timedelta(days=7)
LEFT_OPEN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and what to do where something is to be done."""

    check: str
    status: Status
    message: str
    hint: str = ""


class KeptFor(NamedTuple):
    """Where an agent keeps transcripts that it deletes when they have not changed for so long."""

    agent: str
    folder: Path
    pattern: str
    keeps: timedelta


def examine(settings: Settings, open_store: Callable[[Settings], Store], kept: Sequence[KeptFor] = ()) -> list[Finding]:
    """Return what every check finds, and of the transcripts that are *kept* for a while those that are lost soon. A store that cannot be opened is a finding too."""
    findings = [_room(settings)]
    try:
        with open_store(settings) as store:
            where = store.path or "the PostgreSQL store"
            findings += [Finding("store", "ok", f"{where} opens, its schema is up to date"), *_store(store), _left_open(store)]
            findings += [_expiring(store, one) for one in kept]
    except OnwardError as error:
        findings.append(Finding("store", "problem", error.message, error.hint))
    return findings


def _room(settings: Settings) -> Finding:
    place = next(folder for folder in (settings.home, *settings.home.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    told = f"{free / 1024**3:.1f} GiB free at {place}"
    return (
        Finding("disk", "ok", told) if free >= LEAST_FREE_BYTES else Finding("disk", "problem", told, "Free some space: imports need it.")
    )


def _store(store: Store) -> Iterator[Finding]:
    with store.read() as connection:
        damage, missing = health.damage(connection), health.unindexed(connection)
    if damage:
        yield Finding(
            "integrity", "problem", f"the database is not whole: {'; '.join(damage[:3])}", "Copy the data folder, then restore a backup."
        )
    else:
        yield Finding("integrity", "ok", "the database is whole")
    if missing:
        yield Finding("search index", "problem", f"the index and the turns differ by {missing}", "Make it anew: onward rebuild --index")
    else:
        yield Finding("search index", "ok", "every turn is in the index")


def _left_open(store: Store) -> Finding:
    """Sessions that were begun a while ago and never completed hand nothing over."""
    before = datetime.now(UTC) - LEFT_OPEN
    with store.read() as connection:
        left = {
            project.name: [one.number for one in sessions.listed(connection, project.id, status="active") if one.created_at < before]
            for project in projects.listed(connection)
        }
    told = [f"{name}: {', '.join(f'session {number}' for number in numbers[:5])}" for name, numbers in left.items() if numbers]
    if not told:
        return Finding("sessions", "ok", "no session was left open")
    return Finding(
        "sessions",
        "warning",
        f"never completed, so not in any handoff: {'; '.join(told)}",
        "Complete them: onward sweep, or onward session complete NUMBER",
    )


def _expiring(store: Store, kept: KeptFor) -> Finding:
    """What was not imported when its agent deletes it is lost."""
    with store.read() as connection:
        imported = {
            one.path: one.imported_at for project in projects.listed(connection) for one in provenance.listed(connection, project.id)
        }
    check, lost_soon = f"{kept.agent} transcripts", []
    for path in sorted(kept.folder.glob(kept.pattern)):
        try:
            changed_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except OSError:
            continue
        known_at = imported.get(str(path))
        if datetime.now(UTC) - changed_at > kept.keeps - WARNED_BEFORE and (known_at is None or known_at < changed_at):
            lost_soon.append(path)
    if not lost_soon:
        return Finding(check, "ok", "none is about to be deleted unread")
    more = ", …" if len(lost_soon) > 1 else ""
    return Finding(
        check,
        "warning",
        f"{len(lost_soon)} will be deleted within a week, or are overdue, and were never imported: {lost_soon[0]}{more}",
        f"Import them: onward import {kept.folder}",
    )
