"""Sessions: beginning one with the previous handoff at hand, looking at them, playing them back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from onward.core.transcript import SessionHead
from onward.errors import NotFound
from onward.redact import Redactor
from onward.store import Store, handoffs, projects, sessions, turns
from onward.store.handoffs import StoredHandoff
from onward.store.projects import Project
from onward.store.sessions import Session, SessionStatus
from onward.store.turns import MOST_ORDINAL, StoredTurn

__all__ = ["Session", "SessionDetail", "SessionStatus", "Started", "abandon", "find", "listed", "reopen", "replay", "show", "start"]


@dataclass(frozen=True, slots=True)
class Started:
    """A session that began, and the handoff it begins with: None for the first of its project."""

    session: Session
    previous: StoredHandoff | None


@dataclass(frozen=True, slots=True)
class SessionDetail:
    """A session, the handoff it began with and the one that completing it made, where there are any."""

    session: Session
    loaded: StoredHandoff | None
    made: StoredHandoff | None


def start(store: Store, project: Project, *, agent: str = "", objectives: Sequence[str] = ()) -> Started:
    """Begin a session under the project's next number; it loads the master handoff. The transcript that is imported next becomes its own."""
    objectives = [Redactor(project.key).text(one) for one in objectives]
    with store.write() as connection:
        if not projects.hold(connection, project.id):
            raise NotFound(f"The project {project.name!r} is gone: someone deleted it.", "List what there is: onward project list")
        session = sessions.add(connection, project.id, SessionHead(agent), objectives=objectives)
        previous = handoffs.newest(connection, project.id)
        if previous:
            sessions.note_loaded(connection, session.id, previous.id)
        return Started(session, previous)


def find(store: Store, project: Project, number: int | None = None) -> Session:
    """Return the session of that number; without one, the session begun last that is still active. Raises `NotFound`."""
    with store.read() as connection:
        found = sessions.latest(connection, project.id, "active") if number is None else sessions.by_number(connection, project.id, number)
    if found is None:
        what = f"no active session in {project.name}" if number is None else f"no session {number} in {project.name}"
        raise NotFound(f"There is {what}.", f"List what there is: onward session list --project {project.name}")
    return found


def listed(
    store: Store, project: Project, *, status: SessionStatus | None = None, offset: int = 0, limit: int | None = None
) -> list[Session]:
    """Return a project's sessions by number."""
    with store.read() as connection:
        return sessions.listed(connection, project.id, status=status, offset=offset, limit=limit)


def show(store: Store, session: Session) -> SessionDetail:
    """Return a session with its handoffs."""
    with store.read() as connection:
        loaded = sessions.loaded_handoff_id(connection, session.id)
        return SessionDetail(session, handoffs.by_id(connection, loaded) if loaded else None, handoffs.of_session(connection, session.id))


def replay(store: Store, session: Session, *, first: int = 1, last: int | None = None) -> Iterator[StoredTurn]:
    """Yield the turns of a session from ordinal *first* to *last*, both included, abandoned ones too."""
    with store.read() as connection:
        yield from turns.of_session(connection, session.id, first=first, last=last or MOST_ORDINAL)


def reopen(store: Store, session: Session) -> Session:
    """Make a session active again; its handoff stands until it is completed anew."""
    return _set_status(store, session, "active")


def abandon(store: Store, session: Session) -> Session:
    """Leave a session without completing it: its turns stay and can be searched."""
    return _set_status(store, session, "abandoned")


def _set_status(store: Store, session: Session, status: SessionStatus) -> Session:
    with store.write() as connection:
        sessions.set_status(connection, session.id, status)
        found = sessions.by_id(connection, session.id)
    if found is None:
        raise NotFound("The session is gone: its project was deleted.", "List what there is: onward project list")
    return found
