"""Confirmation of what cannot be undone: the request itself names what it deletes."""

from __future__ import annotations

from onward.errors import Conflict
from onward.message import Message


def require_name(sent_name: str, name: str) -> None:
    """Raise `Conflict` unless a request sent the *name* of what it deletes."""
    if sent_name != name:
        raise Conflict(
            Message("Deleting {name} cannot be undone, and needs its name in the request.", name=name),
            Message("Send name={name} to confirm.", name=name),
        )
