"""Sweeping up: transcripts that agents left and nobody brought in, and sessions that never said goodbye."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from onward.app import completing, projects
from onward.app.discovery import AgentFolder
from onward.app.imports import import_paths
from onward.app.left import LeftFile, changed_at, left
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
    for file in list(_left(store, folders, now - quiet)):
        if _is_known(store, file, worktrees):
            swept.files += import_paths(store, [file.path], worktrees=worktrees).files
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


def _left(store: Store, folders: Sequence[AgentFolder], before: datetime) -> Iterator[LeftFile]:
    """Yield the files that changed since they were imported, if they ever were, and not since *before*. A database of many sessions is for `import`: it may hold any project's."""
    with store.read() as connection:
        everything = [one for archived in (False, True) for one in kept_projects.listed(connection, archived=archived)]
        imported = {one.path: one.imported_at for known in everything for one in provenance.listed(connection, known.id)}
    for file in left([folder for folder in folders if not folder.holds_many]):
        known_at = imported.get(str(file.path))
        if file.changed_at <= before and (known_at is None or known_at < file.changed_at):
            yield file


def _is_known(store: Store, file: LeftFile, worktrees: Worktrees) -> bool:
    """Whether the file is a transcript of a project that is there already."""
    return any(told is not None and projects.found(store, told) is not None for told in file.belongings(worktrees))


def _quiet_sessions(store: Store, now: datetime, quiet: timedelta) -> Iterator[tuple[str, Session]]:
    """Yield the active sessions of projects at work that have turns and are over, those that began first first."""
    with store.read() as connection:
        names = {project.id: project.name for project in kept_projects.listed(connection)}
        active = sessions.of_all(connection, status="active", limit=MOST_SESSIONS)
        found = [one for one in active if one.turns and one.project_id in names]
        heard = {one.id: turns.last_at(connection, one.id) for one in found}
    for session in reversed(found):
        at = changed_at(session.source)
        is_over = now - at >= quiet if at else now - max(filter(None, (session.created_at, heard[session.id]))) >= UNSEEN_FOR
        if is_over:
            yield names[session.project_id], session
