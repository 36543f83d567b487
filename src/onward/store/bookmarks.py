"""Bookmarks: turns that a person wants to find again, each with a note or an empty one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, select

from onward.core.session import Bookmark
from onward.store.clock import now, to_datetime
from onward.store.schema import bookmarks
from onward.store.statements import dialect_insert
from onward.store.text import storable_text


def put(connection: Connection, session_id: int, turn: int, note: str) -> None:
    """Store a bookmark, or a new note of one."""
    note = storable_text(note)
    statement = dialect_insert(connection)(bookmarks).values(session_id=session_id, turn=turn, note=note, created_at=now())
    connection.execute(statement.on_conflict_do_update(index_elements=["session_id", "turn"], set_={"note": note, "checksum": None}))


def remove(connection: Connection, session_id: int, turn: int) -> None:
    """Delete a bookmark."""
    connection.execute(delete(bookmarks).where(bookmarks.c.session_id == session_id, bookmarks.c.turn == turn))


def find(connection: Connection, session_id: int, turn: int) -> Bookmark | None:
    """Return the bookmark of a turn, or None."""
    row = connection.execute(select(bookmarks).where(bookmarks.c.session_id == session_id, bookmarks.c.turn == turn)).first()
    return None if row is None else _from_row(row)


def list_of_session(connection: Connection, session_id: int) -> list[Bookmark]:
    """Return the bookmarks of a session, in the order of its turns."""
    query = select(bookmarks).where(bookmarks.c.session_id == session_id).order_by(bookmarks.c.turn)
    return [_from_row(row) for row in connection.execute(query)]


def list_newest(connection: Connection, limit: int) -> list[Bookmark]:
    """Return the bookmarks of all sessions, the newest first."""
    query = select(bookmarks).order_by(bookmarks.c.created_at.desc(), bookmarks.c.session_id, bookmarks.c.turn).limit(limit)
    return [_from_row(row) for row in connection.execute(query)]


def _from_row(row: Any) -> Bookmark:
    return Bookmark(row.session_id, row.turn, row.note, to_datetime(row.created_at))
