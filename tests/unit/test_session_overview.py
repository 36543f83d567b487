"""The overview picture of a session: which turns show which event, and what is drawn."""

from __future__ import annotations

from onward.core.session import StoredTurn
from onward.core.transcript.transcript import ToolCall, ToolResult, Turn
from onward.web.session_overview import draw_session


def run(call_id: str, command: str) -> Turn:
    return Turn("assistant", calls=(ToolCall(call_id, "Bash", {"command": command}),))


def show(call_id: str, text: str, exit_code: int | None = None) -> Turn:
    return Turn("tool", results=(ToolResult(call_id, text, exit_code=exit_code),))


def test_tests_commits_edits_and_failures_are_told_apart() -> None:
    edit = {"file_path": "till.py", "old_string": "a", "new_string": "b"}
    turns = [
        Turn("user", "Round the total."),
        Turn("user", "<environment/>", mark="injected"),
        run("1", "pytest -q"),
        show("1", "1 failed, 3 passed in 0.1s", 1),
        Turn("assistant", calls=(ToolCall("2", "Edit", edit),)),
        show("2", "ok"),
        run("3", "npm test"),
        show("3", "Tests: 4 passed, 4 total"),
        run("4", "cat missing.txt"),
        show("4", "No such file", 1),
        run("5", "grep pytest Makefile"),
        show("5", "", 1),
        run("6", "git commit -qam 'Round' && git log -1"),
        show("6", "[main 1a2b3c4] Round"),
    ]
    session_map = draw_session([StoredTurn(1, number, False, turn) for number, turn in enumerate(turns, 1)], len(turns))
    assert session_map.turns == {"person": [1], "red": [4], "edit": [5], "passed": [8], "failure": [10, 12], "commit": [14]}
    assert (session_map.column_count, session_map.turns_per_column) == (14, 1)
    assert dict(session_map.shapes)["red"] == "M25 22h6v8h-6z"


def test_a_long_session_has_a_fixed_number_of_columns_and_red_is_seen_beside_green() -> None:
    turns = [turn for number in range(800) for turn in (run(str(number), "pytest"), show(str(number), "", number % 2))]
    session_map = draw_session([StoredTurn(1, number, False, turn) for number, turn in enumerate(turns, 1)], len(turns))
    assert (session_map.column_count, session_map.turns_per_column) == (160, 10)
    assert [name for name, _shape in session_map.shapes] == ["agent", "red"]
    assert (len(session_map.turns["passed"]), len(session_map.turns["red"])) == (400, 400)
