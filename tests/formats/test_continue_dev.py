"""Continue, and Kiro's editor that is built on it: states of calls, results told once, thoughts before their answer."""

from __future__ import annotations

from tests.formats.conformance import build_home

from onward.core.transcript.transcript import Usage


def test_results_come_from_the_states_of_calls_once(reading, fixtures):
    session = reading(fixtures / "continue_dev" / "session.json")
    results = [(result.call_id, result.is_error, result.exit_code) for turn in session.turns for result in turn.results]
    assert results == [("call_1", False, None), ("call_2", True, 1), ("call_3", False, None)]
    assert session.report.skipped == {"thought before its answer": 1, "repeated result": 2}


def test_an_answer_has_its_thought_model_and_usage(reading, fixtures):
    answer = reading(fixtures / "continue_dev" / "session.json").turns[1]
    assert (answer.thinking, answer.model, answer.usage) == (
        "Sold seats keep their number.",
        "Claude Opus 4.8",
        Usage(input_tokens=5000, output_tokens=120, cache_read_tokens=4000),
    )


def test_the_editor_of_kiro_is_told_by_its_executions(reading, fixtures):
    session = reading(fixtures / "continue_dev" / "kiro_editor.json")
    assert (session.heads[0].agent, session.heads[0].cwd) == ("kiro", "/home/ana/ferry")
    assert session.turns[1].text == "The start page shows the next ferry with free places."


def test_what_the_editor_of_kiro_did_comes_from_its_execution_logs(reading, tmp_path):
    session = reading(next(path for path in build_home(tmp_path) if "kiro.kiroagent" in str(path)))
    assert session.turns[1].text == "The start page shows the next ferry with free places."
    (call,) = [call for turn in session.turns for call in turn.calls]
    assert (call.name, call.arguments["path"]) == ("edit_file", "/home/ana/ferry/start.ts")
    assert [result.text for turn in session.turns for result in turn.results] == ["Edited start.ts"]
