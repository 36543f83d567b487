"""A session as a picture in a fixed number of columns: requests, edits, tests that passed or failed, other failures, commits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

from onward.core.extract.claims import tests_passed
from onward.core.extract.repository_state import is_test_run, shown_commits
from onward.core.extract.trace import CommandRun
from onward.core.session import StoredTurn
from onward.core.transcript.tools import classify_call
from onward.core.transcript.transcript import ToolResult

MAX_COLUMNS = 160

SessionEvent: TypeAlias = Literal["person", "edit", "passed", "red", "failure", "commit"]
"""What a turn shows: a request, an edit, tests that passed or failed, another failure, a commit."""


_LANES: dict[SessionEvent, tuple[int, int]] = {
    "person": (0, 10),
    "edit": (12, 8),
    "passed": (22, 8),
    "red": (22, 8),
    "failure": (32, 8),
    "commit": (42, 6),
}
"""Where the marks of an event are: their top and their height."""


class SessionMap(NamedTuple):
    """The picture of a session: its columns, the outline of the marks of each kind of event, and the turns that have them. `agent` is the
    outline of the columns without a request.
    """

    column_count: int
    turns_per_column: int
    shapes: Sequence[tuple[str, str]]
    turns: dict[SessionEvent, list[int]]


def draw_session(turns: Iterable[StoredTurn], turn_count: int) -> SessionMap:
    """Return the picture of a session with *turn_count* turns; each column has the same number of turns."""
    turns_per_column = -(-turn_count // MAX_COLUMNS)
    columns: dict[int, set[SessionEvent]] = {}
    event_turns: dict[SessionEvent, list[int]] = {}
    runs: dict[str, CommandRun] = {}
    for stored in turns:
        column = columns.setdefault((stored.ordinal - 1) // turns_per_column, set())
        for event in dict.fromkeys(_find_events(stored, runs)):
            column.add(event)
            event_turns.setdefault(event, []).append(stored.ordinal)
    marks = {event: [index for index, events in columns.items() if event in events] for event in _LANES}
    # Red is seen beside green.
    marks["passed"] = [index for index in marks["passed"] if index not in marks["red"]]
    shapes = [(str(event), _draw_marks(marks[event], *_LANES[event])) for event in _LANES if marks[event]]
    without_request = [index for index, events in columns.items() if "person" not in events]
    return SessionMap(
        column_count=-(-turn_count // turns_per_column),
        turns_per_column=turns_per_column,
        shapes=[("agent", _draw_marks(without_request, *_LANES["person"])), *shapes],
        turns=event_turns,
    )


def _draw_marks(columns: Iterable[int], top: int, height: int) -> str:
    return "".join(f"M{index * 8 + 1} {top}h6v{height}h-6z" for index in columns)


def _find_events(stored: StoredTurn, runs: dict[str, CommandRun]) -> Iterator[SessionEvent]:
    """Yield what a turn shows; *runs* are the commands without a result yet, by the id of their call."""
    turn = stored.turn
    if turn.role == "user" and turn.mark in ("said", "queued"):
        yield "person"
    for call in turn.calls:
        action = classify_call(call)
        if action.changes:
            yield "edit"
        if action.command:
            runs[call.id] = CommandRun(turn=stored.ordinal, at=turn.at, command=action.command, round=0)
    for result in turn.results:
        yield from _judge_result(result, runs.pop(result.call_id, None))


def _judge_result(result: ToolResult, run: CommandRun | None) -> Iterator[SessionEvent]:
    failed = None if result.is_error is None and result.exit_code is None else bool(result.is_error) or bool(result.exit_code)
    if run is None:
        if failed:
            yield "failure"
        return
    run.failed, run.output = failed, result.text
    if is_test_run(run):
        has_passed = tests_passed(run)
        if has_passed is None and failed is not None:
            has_passed = not failed
        if has_passed is not None:
            yield "passed" if has_passed else "red"
    elif failed:
        yield "failure"
    if shown_commits(run):
        yield "commit"
