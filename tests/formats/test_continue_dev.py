"""Continue, and Kiro's editor that is built on it: states of calls, results told once, thoughts before their answer."""

from __future__ import annotations

from onward.core.transcript.transcript import Usage


def test_results_come_from_the_states_of_calls_once(reading, fixtures):
    session = reading(fixtures / "continue_dev" / "session.json")
    results = [(result.call_id, result.is_error, result.exit_code) for turn in session.turns for result in turn.results]
    assert results == [("call_1", False, None), ("call_2", True, 1), ("call_3", False, None)]
    assert session.report.skipped == {"thought before its answer": 1, "repeated result": 2}


def test_an_answer_has_its_thought_model_and_usage(reading, fixtures):
    answer = reading(fixtures / "continue_dev" / "session.json").turns[1]
    assert (answer.thinking, answer.model, answer.usage) == ("Sold seats keep their number.", "Claude Opus 4.8", Usage(5000, 120, 4000))


def test_the_editor_of_kiro_is_told_by_its_executions(reading, fixtures):
    session = reading(fixtures / "continue_dev" / "kiro_editor.json")
    assert (session.heads[0].agent, session.heads[0].cwd) == ("kiro", "/home/ana/ferry")
    assert session.turns[1].text == "The start page shows the next ferry with free places."
