"""Conversations: the turns of a project's sessions in order, and text search in one session."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from onward.app.lookup import require_project
from onward.core.session import Session, StoredTurn
from onward.core.text.prose import excerpt_range
from onward.core.transcript.transcript import Role, ToolCall, Turn
from onward.store import Store, turns
from onward.store.turns import NumberedTurn

__all__ = ["NumberedTurn", "TextMatch", "find_text", "list_turns"]

_SNIPPET_CHARS = 160
_WORD = re.compile(r"\w+")


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
    results. Where none does, those that contain all of its words.
    """
    needle = text.casefold().strip()
    if not needle:
        return []
    words = sorted(set(_WORD.findall(needle)), key=len, reverse=True)
    matches: list[TextMatch] = []
    word_matches: list[TextMatch] = []
    with store.read() as connection:
        for stored in turns.read_session(connection, session.id):
            passages = list(_texts(stored.turn))
            if match := _find_first(stored, passages, needle):
                matches.append(match)
                if len(matches) == limit:
                    break
            elif not matches and len(words) > 1 and len(word_matches) < limit and _contains_all(passages, words):
                word_matches += filter(None, [_find_first(stored, passages, words[0])])
    return matches or word_matches


def _contains_all(passages: Sequence[str], words: Sequence[str]) -> bool:
    folded = "\n".join(passages).casefold()
    return all(word in folded for word in words)


def _find_first(stored: StoredTurn, passages: Sequence[str], needle: str) -> TextMatch | None:
    return next((match for passage in passages if (match := _find_match(stored.ordinal, stored.turn.role, passage, needle))), None)


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
