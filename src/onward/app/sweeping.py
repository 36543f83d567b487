"""Sweeping up: transcripts that agents left and nobody brought in, and sessions that never said goodbye."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from onward.app import completing, projects
from onward.app.belonging import belonging
from onward.app.discovery import AgentFolder, files_in
from onward.app.finding import looked_at
from onward.app.imports import import_paths
from onward.core.imported import ImportedFile
from onward.core.session import Session
from onward.errors import OnwardError
from onward.settings import Worktrees
from onward.store import Store, locks, provenance, sessions, turns
from onward.store import projects as kept_projects

UNSEEN_FOR = timedelta(days=1)
"""A session without a transcript at hand is over when nothing was heard of it for so long."""

MOST_SESSIONS = 1_000
"""A sweep completes at most so many; the next one goes on."""


@dataclass(frozen=True, slots=True)
class SweptSession:
    """A session that was completed, or why it was not; `version` is of the handoff that it made."""

    project: str
    session: Session
    version: int | None = None
    error: OnwardError | None = None


@dataclass(slots=True)
class Swept:
    """What a sweep did: the files that it brought in or could not, the sessions that it completed or could not, and how many transcripts of no known project it passed over."""

    files: list[ImportedFile] = field(default_factory=list[ImportedFile])
    sessions: list[SweptSession] = field(default_factory=list[SweptSession])
    passed_over: int = 0


def only_one(store: Store) -> AbstractContextManager[bool]:
    """Be the only one that sweeps on this store, until the end; False where another process does."""
    return locks.only_one(store, "sweep")


def sweep(
    store: Store,
    folders: Sequence[AgentFolder],
    *,
    quiet: timedelta,
    budget_tokens: int | None = None,
    worktrees: Worktrees = "together",
) -> Swept:
    """Bring in what lies in *folders*, is of a known project and has been *quiet* for so long, then complete every active session that is. One failure never costs the rest.

    Transcripts of projects that are not known are passed over: whether they are wanted is for a person to say.
    """
    swept = Swept()
    now = datetime.now(UTC)
    for path in list(_left(store, folders, now - quiet)):
        if _is_known(store, path, worktrees):
            swept.files += import_paths(store, [path], worktrees=worktrees).files
        else:
            swept.passed_over += 1
    for project, session in _quiet_sessions(store, now, quiet):
        try:
            done = completing.complete(store, session, budget_tokens=budget_tokens)
            swept.sessions.append(SweptSession(project, done.session, done.handoff.version))
        except OnwardError as error:
            swept.sessions.append(SweptSession(project, session, error=error))
        except Exception as error:  # noqa: BLE001 - a session that is not whole must not keep all others from being completed
            unforeseen = OnwardError(f"Session {session.number} of {project}: {type(error).__name__}: {error}.", "Run `onward doctor`.")
            swept.sessions.append(SweptSession(project, session, error=unforeseen))
    return swept


def _left(store: Store, folders: Sequence[AgentFolder], before: datetime) -> Iterator[Path]:
    """Yield the files that changed since they were imported, if they ever were, and not since *before*. A database of many sessions is for `import`: it may hold any project's."""
    with store.read() as connection:
        everything = [one for archived in (False, True) for one in kept_projects.listed(connection, archived=archived)]
        imported = {one.path: one.imported_at for known in everything for one in provenance.listed(connection, known.id)}
    for path in files_in([folder for folder in folders if not folder.holds_many]):
        try:
            changed_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except OSError:
            continue
        known_at = imported.get(str(path))
        if changed_at <= before and (known_at is None or known_at < changed_at):
            yield path


def _is_known(store: Store, path: Path, worktrees: Worktrees) -> bool:
    """Whether the file is a transcript of a project that is there already."""
    one = looked_at(path, named=False)
    if one.error or one.head is None:
        return False
    try:
        told = belonging(one.head, path, worktrees)
    except OnwardError:
        return False
    return told is not None and projects.found(store, told) is not None


def _quiet_sessions(store: Store, now: datetime, quiet: timedelta) -> Iterator[tuple[str, Session]]:
    """Yield the active sessions of projects at work that have turns and are over, those that began first first."""
    with store.read() as connection:
        names = {project.id: project.name for project in kept_projects.listed(connection)}
        active = sessions.of_all(connection, status="active", limit=MOST_SESSIONS)
        found = [one for one in active if one.turns and one.project_id in names]
        heard = {one.id: turns.last_at(connection, one.id) for one in found}
    for session in reversed(found):
        changed_at = _changed_at(session.source)
        is_over = (
            now - changed_at >= quiet if changed_at else now - max(filter(None, (session.created_at, heard[session.id]))) >= UNSEEN_FOR
        )
        if is_over:
            yield names[session.project_id], session


def _changed_at(source: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(Path(source).stat().st_mtime, UTC) if source else None
    except (OSError, ValueError):
        return None
