"""Conversations: the turns of a project's sessions, one session after the other; and where in one of them something is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from onward.app import projects
from onward.core.session import Session
from onward.core.text import around
from onward.core.transcript import Role, ToolCall, Turn
from onward.store import Store, turns
from onward.store.turns import NumberedTurn

__all__ = ["Met", "NumberedTurn", "find", "of_project"]

_SHOWN_CHARS = 160


class Met(NamedTuple):
    """Where a text is met: the turn, and what stands `before` it, the text as it is written there, and what stands `after` it, on one line."""

    ordinal: int
    role: Role
    before: str
    text: str
    after: str


def of_project(
    store: Store,
    project_id: int,
    *,
    session: int | None = None,
    role: Role | None = None,
    beyond: tuple[int, int] | None = None,
    backwards: bool = False,
    limit: int,
) -> list[NumberedTurn]:
    """Return at most *limit* turns of a project, of all sessions or the one of that number, by session and place; *beyond* is the session and place of the last turn that is known.

    With *backwards*, from the last turn to the first. Raises `NotFound`.
    """
    with store.read() as connection:
        projects.there(connection, project_id)
        return turns.of_project(connection, project_id, number=session, role=role, beyond=beyond, backwards=backwards, limit=limit)


def find(store: Store, session: Session, text: str, *, limit: int) -> list[Met]:
    """Return the turns of a session in which *text* stands, whatever its case, each once, at most *limit*: in what was said, in tool calls and in what they answered."""
    wanted = text.casefold()
    if not wanted.strip():
        return []
    found: list[Met] = []
    with store.read() as connection:
        for one in turns.of_session(connection, session.id):
            met = next((met for said in _said(one.turn) if (met := _met(one.ordinal, one.turn.role, said, wanted))), None)
            if met:
                found.append(met)
                if len(found) == limit:
                    break
    return found


def _said(turn: Turn) -> Iterator[str]:
    yield turn.text
    for call in turn.calls:
        yield call.name
        yield from _arguments(call)
    for result in turn.results:
        yield result.text
    yield turn.thinking


def _arguments(call: ToolCall) -> Iterator[str]:
    yield from [call.arguments] if isinstance(call.arguments, str) else map(str, call.arguments.values())


def _met(ordinal: int, role: Role, said: str, wanted: str) -> Met | None:
    place = said.casefold().find(wanted)
    if place < 0:
        return None
    end = place + len(wanted)
    first, last = around(said, place, end, _SHOWN_CHARS + end - place)
    return Met(ordinal, role, " ".join(said[first:place].split()), said[place:end], " ".join(said[end:last].split()))
