"""Turns without an id that are stored already in another wording of the same session: an exporter wrote the session to a second file, with
less exact times or cut texts, or an answer has grown since it was read.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from onward.core.transcript.transcript import Turn

MIN_CUT_CHARS = 20
"""A shorter text is no cut version of a longer one."""


class TwinFinder:
    """Finds the stored turns of one session that turns of another file repeat. Every stored turn is found once, in order."""

    def __init__(self, known_turns: Iterable[tuple[int, Turn]]) -> None:
        """*known_turns* are the turns of the session with their ordinals."""
        self._unmatched = {ordinal: turn for ordinal, turn in known_turns if _content(turn)}

    def mark_known(self, ordinal: int) -> None:
        """Say that the turn with this ordinal was recognised by its identity: nothing else repeats it."""
        self._unmatched.pop(ordinal, None)

    @property
    def is_empty(self) -> bool:
        """Whether no turn is left to be found."""
        return not self._unmatched

    def find(self, turn: Turn) -> tuple[int, Turn] | None:
        """Return the turn that *turn* repeats, with its ordinal; None if there is none."""
        twin = next((candidate for candidate in self._unmatched.items() if is_twin(candidate[1], turn)), None) if _content(turn) else None
        if twin:
            del self._unmatched[twin[0]]
        return twin


def is_twin(first: Turn, second: Turn) -> bool:
    """Return whether two turns of one session are the same: the same role, a time that may be the same, and a text that may be cut."""
    if first.role != second.role or not _may_be_same_time(first.at, second.at):
        return False
    shorter, longer = sorted((_content(first), _content(second)), key=len)
    return shorter == longer or (len(shorter) >= MIN_CUT_CHARS and longer.startswith(shorter))


def _may_be_same_time(first: datetime | None, second: datetime | None) -> bool:
    """Return whether two times are the same, or one of them, given in minutes, is the minute of the other."""
    if first is None or second is None or first == second:
        return True
    has_minutes_only = any(time.second == time.microsecond == 0 for time in (first, second))
    return has_minutes_only and abs(first - second) < timedelta(minutes=1) and first.minute == second.minute


def _content(turn: Turn) -> str:
    calls = "".join(call.name for call in turn.calls)
    return f"{turn.text}{calls}{''.join(result.text for result in turn.results)}"
