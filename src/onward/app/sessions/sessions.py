"""Sessions: start them with the previous handoff, list, replay, reopen and abandon them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from onward.app.lookup import lock_project, require_handoff, require_numbered_session, require_session
from onward.core.agents import agent_id, agent_label
from onward.core.project import Project
from onward.core.session import AGENT_SOURCE, Session, SessionOrder, SessionStatus, StoredTurn
from onward.core.transcript.transcript import SessionHead
from onward.errors import Conflict, NotFound
from onward.message import Message
from onward.store import Store, events, handoffs, projects, removed_sessions, sessions, turns

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from onward.core.handoff.versions import StoredHandoff
    from onward.core.session_results import SessionDetail, SessionStart, TimelineEntry
    from onward.core.template import Template

__all__ = [
    "Session",
    "SessionOrder",
    "SessionStatus",
    "abandon",
    "count_by_day",
    "export_markdown",
    "find_by_native_id",
    "join",
    "list_agents",
    "list_all",
    "list_recent",
    "list_sessions",
    "reopen",
    "replay",
    "require",
    "require_by_id",
    "show",
    "start",
    "tick",
    "timeline",
]  # fmt: skip


def start(
    store: Store,
    project: Project,
    *,
    agent: str = "",
    objectives: Sequence[str] = (),
    template: Template | None = None,
    handoff_id: int | None = None,
    account_id: int | None = None,
    by_agent: bool = False,
) -> SessionStart:
    """Start a session under the project's next number, on the account *account_id* if given. It loads the master handoff, or the one with
    *handoff_id*.

    The session stores the name and the checklist of *template*, which may change later; its objectives are in *objectives*
    (`Template.beginning`).

    The session takes the next imported transcript that starts later. If the agent itself started the session (*by_agent*), the transcript
    may have started before.
    """
    # Imported here and below: a list of sessions would wait for what it does not need.
    from onward.core.session_results import SessionStart
    from onward.redact import Redactor

    redactor = Redactor(project.key)
    objectives = [redactor.text(objective) for objective in objectives]
    with store.write() as connection:
        lock_project(connection, project)
        session = sessions.create(
            connection,
            project.id,
            redactor.head(SessionHead(agent_id(agent))),
            source=AGENT_SOURCE if by_agent else "",
            objectives=objectives,
            template=template.name if template else "",
            checklist=template.checklist if template else (),
        )
        previous = handoffs.find_newest(connection, project.id) if handoff_id is None else require_handoff(connection, project, handoff_id)
        if previous:
            sessions.record_loaded_handoff(connection, session.id, previous.id)
        if account_id is not None:
            # Only who starts a session on an account needs it.
            from onward.app.accounts.charges import link_account

            link_account(connection, session, account_id, "started on it")
        _record_change(connection, session)
        return SessionStart(session, previous)


def join(store: Store, project: Project, head: SessionHead, *, objectives: Sequence[str] = ()) -> SessionStart:
    """Return the session of the running transcript with *head*, active again if it was completed, because it continues.

    If the project has none, it is created, or a person has started one that waits for its transcript. *head* has an id, under which the
    transcript is imported later.
    """
    with store.read() as connection:
        removed_session = removed_sessions.find_by_native_ids(connection, project.id, [head.id or ""])
        moved_to = projects.find(connection, removed_session.moved_to) if removed_session and removed_session.moved_to else None
    if moved_to:
        return join(store, moved_to, head, objectives=objectives)
    if removed_session:
        raise Conflict(
            Message("Session {number} of {project} was deleted.", number=removed_session.number, project=project.name),
            Message("Restore it: onward session undelete {number}", number=removed_session.number),
        )
    from onward.core.session_results import SessionStart
    from onward.redact import Redactor

    redactor = Redactor(project.key)
    head = redactor.head(head)
    with store.write() as connection:
        lock_project(connection, project)
        previous = handoffs.find_newest(connection, project.id)
        session = next(iter(sessions.find_by_native_ids(connection, project.id, [head.id or ""])), None)
        if session is None:
            session = _await_transcript(connection, project, head, [redactor.text(objective) for objective in objectives], previous)
        elif session.status != "in_progress":
            sessions.set_status(connection, session.id, "in_progress")
        _record_change(connection, session)
        return SessionStart(require_session(connection, session.id), previous)


def _await_transcript(
    connection: Connection, project: Project, head: SessionHead, objectives: Sequence[str], previous: StoredHandoff | None
) -> Session:
    """Return a session that the transcript with *head* becomes when it is imported."""
    native_id = head.id or ""
    waiting = sessions.find_awaiting_transcript(connection, project.id, head.started_at or datetime.now(UTC))
    if waiting:
        return sessions.attach_transcript(connection, waiting.id, head, native_id=native_id, source=AGENT_SOURCE)
    session = sessions.create(connection, project.id, head, native_id=native_id, source=AGENT_SOURCE, objectives=objectives)
    if previous:
        sessions.record_loaded_handoff(connection, session.id, previous.id)
    return session


def find_by_native_id(store: Store, project: Project, native_id: str) -> Session | None:
    """Return the session of a project that its agent calls *native_id*, None if there is none."""
    with store.read() as connection:
        return next(iter(sessions.find_by_native_ids(connection, project.id, [native_id])), None)


def require(store: Store, project: Project, number: int | None = None) -> Session:
    """Return the session with this number, or else the latest active session. Raises `NotFound`."""
    with store.read() as connection:
        if number is not None:
            return require_numbered_session(connection, project, number)
        session = sessions.find_latest(connection, project.id, "in_progress")
    if session is None:
        raise NotFound(
            Message("There is no active session in {project}.", project=project.name),
            Message("List sessions: onward session list --project {project}", project=project.name),
        )
    return session


def list_sessions(
    store: Store,
    project: Project,
    *,
    with_empty: bool = False,
    status: SessionStatus | None = None,
    after: int = 0,
    limit: int | None = None,
) -> list[Session]:
    """Return a project's sessions by number; those with a number greater than *after*. Empty ones, without turns, facts and words, are
    left out unless *with_empty*.
    """
    with store.read() as connection:
        return sessions.list_sessions(connection, project.id, with_empty=with_empty, status=status, after=after, limit=limit)


def require_by_id(store: Store, session_id: int) -> Session:
    """Return the session with this id. Raises `NotFound`."""
    with store.read() as connection:
        return require_session(connection, session_id)


def list_all(
    store: Store,
    *,
    with_empty: bool = False,
    project_id: int | None = None,
    account_id: int | None = None,
    status: SessionStatus | None = None,
    agent: str | None = None,
    before: int | None = None,
    order: SessionOrder | None = None,
    skip: int = 0,
    limit: int,
) -> list[Session]:
    """Return sessions of all projects, optionally of an account or *agent*, in *order* after the first *skip*; by default newest first,
    those started before the session with the id *before*. Empty ones are left out unless *with_empty*.
    """
    with store.read() as connection:
        return sessions.list_across_projects(
            connection,
            with_empty=with_empty,
            project_id=project_id,
            account_id=account_id,
            status=status,
            agent=agent and agent_id(agent),
            before=before,
            order=order,
            skip=skip,
            limit=limit,
        )


def count_by_day(store: Store, since: datetime) -> Counter[date]:
    """Return how many sessions started on each day (UTC) since *since*."""
    with store.read() as connection:
        return Counter(at.date() for at in sessions.list_start_times(connection, since))


def list_agents(store: Store) -> list[str]:
    """Return the agents that have sessions, by name."""
    with store.read() as connection:
        return sessions.list_agents(connection)


def timeline(
    store: Store,
    project: Project,
    *,
    with_empty: bool = False,
    status: SessionStatus | None = None,
    after: int = 0,
    limit: int | None = None,
) -> list[TimelineEntry]:
    """Return a project's sessions by number, each with the preservation of its handoff; those with a number greater than *after*."""
    from onward.core.session_results import TimelineEntry

    with store.read() as connection:
        listed_sessions = sessions.list_sessions(connection, project.id, with_empty=with_empty, status=status, after=after, limit=limit)
        handoffs_by_session = handoffs.figures_by_session(connection, [session.id for session in listed_sessions])
    return [TimelineEntry(session, handoffs_by_session.get(session.id)) for session in listed_sessions]


def list_recent(
    store: Store, project: Project, *, status: SessionStatus | None = None, before: int | None = None, limit: int
) -> list[TimelineEntry]:
    """Return a project's timeline with the highest number first; sessions with a number less than *before*."""
    from onward.core.session_results import TimelineEntry

    with store.read() as connection:
        listed_sessions = sessions.list_newest(connection, project.id, status=status, before=before, limit=limit)
        handoffs_by_session = handoffs.figures_by_session(connection, [session.id for session in listed_sessions])
    return [TimelineEntry(session, handoffs_by_session.get(session.id)) for session in listed_sessions]


def show(store: Store, session: Session) -> SessionDetail:
    """Return a session with its handoffs."""
    from onward.core.session_results import SessionDetail

    with store.read() as connection:
        loaded_id = sessions.find_loaded_handoff_id(connection, session.id)
        return SessionDetail(
            session, handoffs.find(connection, loaded_id) if loaded_id else None, handoffs.find_by_session(connection, session.id)
        )


def replay(store: Store, session: Session, *, first: int = 1, last: int | None = None, limit: int | None = None) -> Iterator[StoredTurn]:
    """Yield the turns of a session from ordinal *first* to *last*, both included, also abandoned ones; at most *limit*."""
    with store.read() as connection:
        yield from turns.read_session(connection, session.id, first=first, last=last or turns.MAX_ORDINAL, limit=limit)


def export_markdown(store: Store, session: Session) -> Iterator[str]:
    """Yield a session as Markdown: a heading, and each of its turns."""
    # Only an export needs them.
    from onward.app.turns.markdown import markdown
    from onward.core.text.printable import printable

    with store.read() as connection:
        project = projects.find(connection, session.project_id)
    name = f"{project.name if project else ''} #{session.number}".strip()
    yield printable(f"# {session.title or name}\n\n{name}{f' · {agent_label(session.agent)}' if session.agent else ''}\n\n")
    for stored_turn in replay(store, session):
        yield markdown(stored_turn.turn, stored_turn.ordinal)


def tick(store: Store, session: Session, item: int, *, is_done: bool = True) -> Session:
    """Store whether *item* of a session's checklist, counted from 1, is done. Raises `NotFound` if there is no such item."""
    with store.write() as connection:
        updated = sessions.set_item_done(connection, session.id, item - 1, is_done)
    if updated is None:
        raise NotFound(
            Message("Session {number} has no item {item} on its checklist.", number=session.number, item=item),
            Message("See it: onward session show {number}", number=session.number),
        )
    return updated


def reopen(store: Store, session: Session) -> Session:
    """Make a session active again. Its handoff stays until the session is completed again."""
    return _set_status(store, session, "in_progress")


def abandon(store: Store, session: Session) -> Session:
    """Abandon a session without completing it. Its turns stay and can be searched."""
    return _set_status(store, session, "abandoned")


def _set_status(store: Store, session: Session, status: SessionStatus) -> Session:
    with store.write() as connection:
        sessions.set_status(connection, session.id, status)
        _record_change(connection, session)
        return require_session(connection, session.id)


def _record_change(connection: Connection, session: Session) -> None:
    events.record(connection, "changed", project_id=session.project_id, data={"session_id": session.id})
