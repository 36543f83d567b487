"""Ids of turns that name one turn each, also where an exporter has replaced the agent's ids by one word; and the sessions of sub-agents,
which are those of the sessions that started them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from onward.core.transcript.transcript import SessionHead, TranscriptItem, Turn

_BEGINNING_CHARACTERS = 64


class _Beginning(NamedTuple):
    """The beginning of a turn: enough to distinguish it from another."""

    role: str
    at: datetime | None
    text: str
    call: str

    def is_same_turn(self, other: _Beginning) -> bool:
        """Whether *other* may be this turn, before or after it has grown."""
        length = min(len(self.text), len(other.text))
        is_same_call = not (self.call and other.call) or self.call == other.call
        return self[:2] == other[:2] and self.text[:length] == other.text[:length] and is_same_call


class TurnIdentities:
    """Notes the ids of the turns of one input, in order, and numbers those that come again for another turn."""

    def __init__(self) -> None:
        self._beginnings: dict[str, _Beginning] = {}
        self._counts: dict[str, int] = {}

    def mark(self, turn: Turn) -> None:
        """Give *turn* an id of its own if an earlier, different turn has the same one. The same turn again keeps its id."""
        if turn.id is None:
            return
        beginning = _beginning(turn)
        if not self._beginnings.setdefault(turn.id, beginning).is_same_turn(beginning):
            self._counts[turn.id] = count = self._counts.get(turn.id, 1) + 1
            turn.id = f"{turn.id}#{count}"


def _beginning(turn: Turn) -> _Beginning:
    text = turn.text or turn.thinking or (turn.results[0].text if turn.results else "")
    call = f"{turn.calls[0].name} {turn.calls[0].arguments!s:.64}" if turn.calls else ""
    return _Beginning(turn.role, turn.at, text[:_BEGINNING_CHARACTERS], call)


class SessionIdentities:
    """The sessions of one transcript. Where an agent stores a sub-agent as a session of its own, that is its first parent's."""

    def __init__(self) -> None:
        self._heads: dict[str, SessionHead] = {}

    def is_new(self, head: TranscriptItem, first_turn: Turn) -> bool:
        """Whether *head* opens a session that was not met before. The head of a sub-agent becomes that of its first parent: the turns of
        such a session name it as their sub-agent.
        """
        if not isinstance(head, SessionHead):
            return False
        own_id = head.id
        if own_id and head.parent_id and first_turn.sidechain == own_id:
            parent = self._heads.get(head.parent_id)
            head.id, head.parent_id, head.title = (parent.id if parent else head.parent_id), None, ""
            if parent:
                head.cwd, head.remote = parent.cwd, parent.remote
        is_new = not head.id or head.id not in self._heads
        for session_id in filter(None, (own_id, head.id)):
            self._heads.setdefault(session_id, head)
        return is_new


def order_sessions(sessions: Iterable[tuple[str, str]]) -> list[str]:
    """Return the ids of *sessions*, given as (id, id of the parent) by their start, with the sub-agents of a session directly after it."""
    first_parents: dict[str, str] = {}
    ids: dict[str, list[str]] = {}
    for session_id, parent_id in sessions:
        first_parents[session_id] = first_parents.get(parent_id, parent_id) or session_id
        ids.setdefault(first_parents[session_id], []).append(session_id)
    return list(chain.from_iterable(ids.values()))
