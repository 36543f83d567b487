"""Bookmarks of turns: a person marks a turn to find it again, with a note that is redacted like every text."""

from __future__ import annotations

from onward.app.lookup import require_project, require_session
from onward.core.session import Bookmark, Session
from onward.errors import BadInput, NotFound
from onward.message import Message
from onward.redact import Redactor
from onward.store import Store, bookmarks, events

MAX_NOTE_CHARS = 500


def set_bookmark(store: Store, session: Session, turn: int, note: str | None = None) -> None:
    """Bookmark a turn, or change the note of its bookmark; None leaves the note as it is. Raises `NotFound` and `BadInput`."""
    if not 1 <= turn <= session.turns:
        raise NotFound(
            Message("Session {number} has no turn {turn}.", number=session.number, turn=turn),
            Message("Its turns are 1 to {last}.", last=session.turns),
        )
    if note is not None and len(note) > MAX_NOTE_CHARS:
        raise BadInput(
            Message("{field} has {count} characters.", field="note", count=len(note)),
            Message("Use at most {limit} characters.", limit=MAX_NOTE_CHARS),
        )
    with store.write() as connection:
        session = require_session(connection, session.id)
        bookmark = bookmarks.find(connection, session.id, turn)
        if note is None:
            note = bookmark.note if bookmark else ""
        redactor = Redactor(require_project(connection, session.project_id).key)
        bookmarks.put(connection, session.id, turn, redactor.text(note.strip()))
        events.record(connection, "changed", project_id=session.project_id, data={"session_id": session.id})


def remove_bookmark(store: Store, session: Session, turn: int) -> Bookmark | None:
    """Delete the bookmark of a turn, and return it; None if there was none."""
    with store.write() as connection:
        bookmark = bookmarks.find(connection, session.id, turn)
        if bookmark:
            bookmarks.remove(connection, session.id, turn)
            events.record(connection, "changed", project_id=session.project_id, data={"session_id": session.id})
    return bookmark


def find_bookmark(store: Store, session: Session, turn: int) -> Bookmark | None:
    """Return the bookmark of a turn, or None."""
    with store.read() as connection:
        return bookmarks.find(connection, session.id, turn)


def list_of_session(store: Store, session: Session) -> list[Bookmark]:
    """Return the bookmarks of a session, in the order of its turns."""
    with store.read() as connection:
        return bookmarks.list_of_session(connection, session.id)


def list_newest(store: Store, limit: int) -> list[Bookmark]:
    """Return the bookmarks of all sessions, the newest first."""
    with store.read() as connection:
        return bookmarks.list_newest(connection, limit)
