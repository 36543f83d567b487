"""Edits by people: an edit of an older version is refused if it would overwrite a later edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from onward.core.edit_version import WordChoice, changed_fields, edit_version
from onward.errors import EditConflict
from onward.message import Message
from onward.store import locks

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from onward.core.session import Session

_WORD_FIELDS = ("accomplishments", "blockers")


def lock_edits(connection: Connection) -> None:
    """Let no other edit come between the check and the change, until the transaction ends."""
    locks.lock_transaction(connection, "edits")


def check_edit(version: str, stored: object, sent: Mapping[str, object]) -> None:
    """Raise `EditConflict` if a field of *sent* changed since *version* to something else. Values that are None are not sent."""
    changed = changed_fields(version, stored)
    overwritten = [
        name for name, value in sent.items() if value is not None and name in changed and _plain(value) != _plain(getattr(stored, name))
    ]
    if overwritten:
        raise EditConflict(
            Message("This was changed a moment ago: {fields}.", fields=", ".join(overwritten)),
            "Nothing was overwritten. Read it again, and send your change with its new version.",
            details=_details(stored, {name: sent[name] for name in overwritten}),
        )


def merge_statements(
    session: Session, sent: Mapping[str, Sequence[str] | None], *, version: str = "", words: WordChoice | None = None
) -> dict[str, tuple[str, ...]]:
    """Return the statements of a session after a person sent some; those that are None do not change.

    *words* decides whether to add to existing words or replace them. Without a choice, the sent ones count if they are based on the stored
    ones (*version*) or lose none of them. Raises `EditConflict` otherwise.
    """
    merged: dict[str, tuple[str, ...]] = {}
    unseen = changed_fields(version, session) if version else frozenset(_WORD_FIELDS)
    lost: dict[str, Sequence[str]] = {}
    for name in _WORD_FIELDS:
        standing: tuple[str, ...] = getattr(session, name)
        statements = sent.get(name)
        if statements is None:
            merged[name] = standing
        elif words == "add":
            merged[name] = tuple(dict.fromkeys((*standing, *statements)))
        else:
            merged[name] = tuple(statements)
            if words is None and name in unseen and not set(standing) <= set(statements):
                lost[name] = statements
    if lost:
        raise EditConflict(
            Message("Session {number} was completed a moment ago with other words.", number=session.number),
            "Nothing was overwritten. Say whether to add yours to them or to replace them.",
            details=_details(session, lost),
        )
    return merged


def _details(stored: object, sent: Mapping[str, object]) -> list[dict[str, object]]:
    # Only an edit that is refused needs it.
    from onward.redact import DISTILL_KEY, Redactor

    redactor = Redactor(DISTILL_KEY)
    return [
        {"field": name, "stored": _plain(getattr(stored, name)), "sent": redactor.value(_plain(value)), "version": edit_version(stored)}
        for name, value in sent.items()
    ]


def _plain(value: object) -> object:
    """Return *value* as JSON has it."""
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
