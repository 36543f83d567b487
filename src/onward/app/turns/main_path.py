"""Reads the main path of a stored session: the turns that count, without abandoned ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onward.app.turns.reader import MainPath
from onward.core.effort.steps import SessionSteps
from onward.core.session import Session
from onward.core.transcript.turn import lighten
from onward.store import turns

if TYPE_CHECKING:
    from sqlalchemy import Connection


def main_path(connection: Connection, session: Session, steps: SessionSteps | None = None) -> MainPath:
    """Return the turns of a stored session that count, shortened for extraction. *steps* receives the full turns."""
    path = MainPath(session.number, session.head(), tokens=session.tokens, last_ordinal=session.turns)
    for stored in turns.read_session(connection, session.id, main_path=True):
        if steps is not None:
            steps.add_turn(stored.ordinal, stored.turn)
        path.turns.append((stored.ordinal, lighten(stored.turn)))
    return path
