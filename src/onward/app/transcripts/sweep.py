"""The sweep: imports transcripts that no hook imported, and completes sessions that have ended without notice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from onward.app.projects import projects
from onward.app.sessions.removal import purge_due
from onward.app.sessions.stored_completion import complete_stored
from onward.app.sessions.titles import title_untitled
from onward.app.transcripts.agent_files import AgentFile, changed_at, list_agent_files
from onward.app.transcripts.agent_folders import AgentFolder
from onward.app.transcripts.imports import import_paths
from onward.core.import_result import ImportedFile
from onward.core.session import Session
from onward.errors import OnwardError
from onward.message import Message
from onward.settings import Worktrees
from onward.store import Store, locks, provenance, sessions, turns
from onward.store import projects as stored_projects

SILENCE_LIMIT = timedelta(days=1)
"""A session whose transcript is not on this machine counts as ended after this time without a turn."""

MAX_SESSIONS = 1_000
"""The most sessions that one sweep completes; the next one continues."""


@dataclass(frozen=True, slots=True)
class SweptSession:
    """A session that the sweep completed, or the error that prevented it. `version` is that of its handoff."""

    project: str
    session: Session
    version: int | None = None
    error: OnwardError | None = None


@dataclass(slots=True)
class SweepReport:
    """The result of a sweep: imported files and completed sessions, each possibly with an error, and the number of transcripts skipped
    because their project is unknown.
    """

    files: list[ImportedFile] = field(default_factory=list[ImportedFile])
    sessions: list[SweptSession] = field(default_factory=list[SweptSession])
    skipped_files: int = 0


def lock_sweep(store: Store) -> AbstractContextManager[bool]:
    """Hold the lock that only one sweep at a time has on this store; yields False if another process holds it."""
    return locks.try_lock(store, "sweep")


def sweep(
    store: Store,
    folders: Sequence[AgentFolder],
    *,
    quiet: timedelta,
    budget_tokens: int | None = None,
    worktrees: Worktrees = "together",
) -> SweepReport:
    """Import the files in *folders* that belong to a known project and have not changed for *quiet*, then complete every active session
    that has been quiet as long. One failure does not affect the rest.

    Transcripts of unknown projects are skipped: the user decides about them.
    """
    report = SweepReport()
    now = datetime.now(UTC)
    for file in list(_list_pending(store, folders, now - quiet)):
        if _has_known_project(store, file, worktrees):
            report.files += import_paths(store, [file.path], worktrees=worktrees).files
        else:
            report.skipped_files += 1
    title_untitled(store)
    purge_due(store)
    for project, session in _list_quiet_sessions(store, now, quiet):
        try:
            completed = complete_stored(store, session, budget_tokens=budget_tokens)
            report.sessions.append(SweptSession(project, completed.session, completed.handoff.version))
        except OnwardError as error:
            report.sessions.append(SweptSession(project, session, error=error))
        except Exception as error:  # noqa: BLE001 - a damaged session must not keep others from being completed
            unexpected = OnwardError(
                Message(
                    "Session {number} of {project}: {kind}: {error}.",
                    number=session.number,
                    project=project,
                    kind=type(error).__name__,
                    error=error,
                ),
                "Run `onward doctor`.",
            )
            report.sessions.append(SweptSession(project, session, error=unexpected))
    return report


def _list_pending(store: Store, folders: Sequence[AgentFolder], before: datetime) -> Iterator[AgentFile]:
    """Yield files that are not imported in their current state and have not changed since *before*. Databases with many sessions are left
    to `import`: they may contain any project.
    """
    with store.read() as connection:
        all_projects = [project for archived in (False, True) for project in stored_projects.list_projects(connection, archived=archived)]
        imported_at = {
            provenance_row.path: provenance_row.imported_at
            for project in all_projects
            for provenance_row in provenance.list_imports(connection, project.id)
        }
    for file in list_agent_files([folder for folder in folders if not folder.holds_many]):
        known_at = imported_at.get(str(file.path))
        if file.changed_at <= before and (known_at is None or known_at < file.changed_at):
            yield file


def _has_known_project(store: Store, file: AgentFile, worktrees: Worktrees) -> bool:
    """Return whether the file is a transcript of an existing project."""
    return any(origin is not None and projects.find_by_origin(store, origin) is not None for origin in file.belongings(worktrees))


def _list_quiet_sessions(store: Store, now: datetime, quiet: timedelta) -> Iterator[tuple[str, Session]]:
    """Yield the active sessions of active projects that have turns and have ended, oldest first."""
    with store.read() as connection:
        names = {project.id: project.name for project in stored_projects.list_projects(connection)}
        active = sessions.list_across_projects(connection, status="in_progress", limit=MAX_SESSIONS)
        candidates = [session for session in active if session.turns and session.project_id in names]
        last_turn_at = {session.id: turns.last_turn_at(connection, session.id) for session in candidates}
    for session in reversed(candidates):
        modified_at = changed_at(session.source)
        is_over = (
            now - modified_at >= quiet
            if modified_at
            else now - max(filter(None, (session.created_at, last_turn_at[session.id]))) >= SILENCE_LIMIT
        )
        if is_over:
            yield names[session.project_id], session
