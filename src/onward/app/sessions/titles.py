"""Titles of sessions: what the agent calls a session, else its first real request; a person's own title stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onward.app.edits import check_edit, lock_edits
from onward.app.lookup import require_session
from onward.core.edit_version import edit_version
from onward.core.session import Session
from onward.core.transcript.titles import MAX_TITLE_CHARS, agent_title, request_title
from onward.errors import BadInput
from onward.message import Message
from onward.redact import Redactor
from onward.store import Store, events, projects, sessions, turns

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["MAX_TITLE_CHARS", "apply_agent_title", "complete_head", "rename", "title_untitled"]

_SEARCHED_TURNS = 60
"""The first real request is among this many turns, or the session has none."""
_MAX_UNTITLED = 500


def rename(store: Store, session: Session, title: str, *, version: str = "") -> Session:
    """Give a session a title, redacted; an empty one returns the title to the agent's or the first request's. Raises `EditConflict` if the
    title changed since *version*, by default that of *session*.
    """
    title = " ".join(title.split())
    if len(title) > MAX_TITLE_CHARS:
        raise BadInput(
            Message("{field} has {count} characters.", field="title", count=len(title)),
            Message("Use at most {limit} characters.", limit=MAX_TITLE_CHARS),
        )
    with store.write() as connection:
        project = projects.find(connection, session.project_id)
        title = Redactor(project.key if project else b"").text(title)
        lock_edits(connection)
        check_edit(version or edit_version(session), require_session(connection, session.id), {"title": title})
        renamed_session = sessions.set_title(connection, session.id, title, "person" if title else "")
        renamed_session = renamed_session if title else complete_head(connection, renamed_session)
        events.record(connection, "changed", project_id=session.project_id, data={"session_id": session.id})
        return renamed_session


def apply_agent_title(store: Store, session: Session, title: str) -> Session:
    """Give a session the title that its agent gave it later on, unless a person named it, and return the session."""
    title = agent_title(title)
    if not title or session.title_origin == "person" or session.title == title:
        return session
    with store.write() as connection:
        project = projects.find(connection, session.project_id)
        title = Redactor(project.key if project else b"").text(title)
        stored_session = sessions.find(connection, session.id)
        if stored_session is None or stored_session.title_origin == "person" or stored_session.title == title:
            return stored_session or session
        return sessions.set_title(connection, session.id, title, "agent")


def complete_head(connection: Connection, session: Session) -> Session:
    """Give a session what its transcript's head does not say: a title from its first real request, and the time of its first turn."""
    if not session.title and session.turns:
        stored_turns = turns.read_session(connection, session.id, limit=_SEARCHED_TURNS, main_path=True)
        if title := request_title(stored.turn for stored in stored_turns):
            session = sessions.set_title(connection, session.id, title, "request")
    if session.started_at is None and session.turns and (started_at := turns.first_turn_at(connection, session.id)):
        session = sessions.set_start(connection, session.id, started_at)
    return session


def title_untitled(store: Store) -> int:
    """Give sessions that were stored without a title the one of their first request, and return how many got one."""
    with store.read() as connection:
        untitled_sessions = sessions.list_untitled(connection, limit=_MAX_UNTITLED)
    count = 0
    for session in untitled_sessions:
        with store.write() as connection:
            stored_session = sessions.find(connection, session.id)
            count += bool(stored_session and not stored_session.title and complete_head(connection, stored_session).title)
    return count
