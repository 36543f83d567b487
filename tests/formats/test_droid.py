"""Droid: the person's words without reminders, exit codes, todo lists and the summary of a compaction."""

from __future__ import annotations

import pytest

from onward.core.transcript.tools import classify_call


@pytest.fixture
def session(reading, fixtures):
    return reading(fixtures / "droid" / "session.jsonl")


def test_the_head_and_the_prompts(session):
    head = session.heads[0]
    assert (head.id[:8], head.title, head.cwd) == ("6d1c6f6e", "Receipts as PDF", "/home/ana/till")
    assert session.prompts() == ["Print receipts as PDF. Never print the card number.", "Never print any digit of the card."]


def test_the_exit_code_stands_at_the_end_of_a_result(session):
    results = {result.call_id: result for turn in session.turns for result in turn.results}
    assert (results["call_2"].is_error, results["call_2"].exit_code) == (True, 1)
    assert results["call_1"].exit_code is None


def test_todo_lists_have_their_states(session):
    lists = [todos for turn in session.turns for call in turn.calls if (todos := classify_call(call).todos)]
    assert [[todo.status for todo in todos] for todos in lists] == [
        ["completed", "in_progress", "pending"],
        ["completed", "in_progress"],
    ]


def test_a_compaction_is_a_summary(session):
    assert [turn.text for turn in session.turns if turn.mark == "summary"] == ["The user wants receipts as PDF without the card number."]
