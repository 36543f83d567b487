"""A session as a picture: who spoke, where files were edited and where something failed, in a fixed number of columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from onward.core.session import StoredTurn
from onward.core.transcript.tools import classify_call

MAX_COLUMNS = 160


class MapColumn(NamedTuple):
    """A column of the picture: its first turn, and what happened in its turns."""

    turn: int
    is_person: bool
    edits: int
    failures: int


def draw_session(turns: Iterable[StoredTurn], turn_count: int) -> Sequence[MapColumn]:
    """Return the columns of a session with *turn_count* turns, each of the same number of turns."""
    turns_per_column = -(-turn_count // MAX_COLUMNS)
    columns: dict[int, MapColumn] = {}
    for stored in turns:
        index, turn = (stored.ordinal - 1) // turns_per_column, stored.turn
        column = columns.get(index) or MapColumn(index * turns_per_column + 1, is_person=False, edits=0, failures=0)
        columns[index] = column._replace(
            is_person=column.is_person or (turn.role == "user" and turn.mark in ("said", "queued")),
            edits=column.edits + sum(bool(classify_call(call).changes) for call in turn.calls),
            failures=column.failures + sum(bool(result.is_error) or bool(result.exit_code) for result in turn.results),
        )
    return [columns[index] for index in sorted(columns)]
