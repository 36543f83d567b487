"""Conversations: the turns of a project's sessions in order, and text search in one session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from onward.app.lookup import require_project
from onward.core.session import Session
from onward.core.text.prose import excerpt_range
from onward.core.transcript.transcript import Role, ToolCall, Turn
from onward.store import Store, turns
from onward.store.turns import NumberedTurn

__all__ = ["NumberedTurn", "TextMatch", "find_text", "list_turns"]

_SNIPPET_CHARS = 160


class TextMatch(NamedTuple):
    """A match in a turn: the text before it, the matched text and the text after it, on one line."""

    ordinal: int
    role: Role
    before: str
    text: str
    after: str


def list_turns(
    store: Store,
    project_id: int,
    *,
    session: int | None = None,
    role: Role | None = None,
    cursor: tuple[int, int] | None = None,
    backwards: bool = False,
    limit: int,
) -> list[NumberedTurn]:
    """Return at most *limit* turns of a project, or of its session with that number, by session and position, after the turn at *cursor*.

    With *backwards*, from the last turn to the first. Raises `NotFound`.
    """
    with store.read() as connection:
        require_project(connection, project_id)
        return turns.read_project(connection, project_id, number=session, role=role, cursor=cursor, backwards=backwards, limit=limit)


def find_text(store: Store, session: Session, text: str, *, limit: int) -> list[TextMatch]:
    """Return the turns of a session that contain *text*, ignoring case, each once, at most *limit*: in messages, tool calls and their
    results.
    """
    needle = text.casefold()
    if not needle.strip():
        return []
    matches: list[TextMatch] = []
    with store.read() as connection:
        for stored in turns.read_session(connection, session.id):
            match = next(
                (match for passage in _texts(stored.turn) if (match := _find_match(stored.ordinal, stored.turn.role, passage, needle))),
                None,
            )
            if match:
                matches.append(match)
                if len(matches) == limit:
                    break
    return matches


def _texts(turn: Turn) -> Iterator[str]:
    yield turn.text
    for call in turn.calls:
        yield call.name
        yield from _argument_texts(call)
    for result in turn.results:
        yield result.text
    yield turn.thinking


def _argument_texts(call: ToolCall) -> Iterator[str]:
    yield from [call.arguments] if isinstance(call.arguments, str) else map(str, call.arguments.values())


def _find_match(ordinal: int, role: Role, passage: str, needle: str) -> TextMatch | None:
    start = passage.casefold().find(needle)
    if start < 0:
        return None
    end = start + len(needle)
    first, last = excerpt_range(passage, start, end, _SNIPPET_CHARS + end - start)
    return TextMatch(
        ordinal=ordinal,
        role=role,
        before=" ".join(passage[first:start].split()),
        text=passage[start:end],
        after=" ".join(passage[end:last].split()),
    )
