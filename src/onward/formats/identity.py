"""Ids of turns that name one turn each, also where an exporter has replaced the agent's ids by one word."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from onward.core.transcript.transcript import Turn

_BEGINNING_CHARACTERS = 64


class _Beginning(NamedTuple):
    """What a turn begins with: enough to tell it from another."""

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
