"""Antigravity: steps in the order of their indexes, results for the calls of their kind, and the workspace of the conversation."""

from __future__ import annotations

import pytest


@pytest.fixture
def session(reading, fixtures):
    return reading(fixtures / "antigravity" / "transcript.jsonl")


def test_only_the_request_is_the_persons(session):
    assert session.prompts() == [
        "Print the tide table for Saturday on one page. Never change the station's raw readings.",
        "Use metres, with two decimals.",
    ]
    assert session.heads[0].cwd == "/home/ana/harbour"


def test_a_result_answers_the_call_of_its_kind_whatever_the_order(session):
    calls = {call.id: call.name for turn in session.turns for call in turn.calls}
    results = [(calls[result.call_id], result.exit_code, result.is_error) for turn in session.turns for result in turn.results]
    assert results == [
        ("view_file", None, None),
        ("run_command", 1, True),
        ("replace_file_content", None, None),
        ("run_command", 0, None),
    ]


def test_what_the_client_writes_around_an_output_or_a_summary_is_left_out(session):
    assert [result.text for turn in session.turns for result in turn.results if result.exit_code is not None] == [
        "KeyError: 'station'",
        "Saturday: high 06:12, low 12:31",
    ]
    assert [turn.text for turn in session.turns if turn.mark == "summary"] == [
        "# USER Objective:\nPrint the tides of Saturday\n\n# Previous Session Summary:\nSaturday's tides are printed from the gauge."
    ]


def test_arguments_are_values_and_the_model_is_known(session):
    answer = next(turn for turn in session.turns if turn.role == "assistant")
    assert answer.calls[1].arguments["CommandLine"] == "python tides.py --day sat"
    assert answer.calls[1].arguments["WaitMsBeforeAsync"] == 5000
    assert (answer.model, answer.thinking[:8]) == ("Gemini 3.5 Flash (High)", "The page")


@pytest.mark.parametrize("place", ["brain/0d5c/.system_generated/logs/transcript.jsonl", "conversations/0d5c/transcript.jsonl"])
def test_the_folder_of_the_conversation_names_it(reading, fixtures, tmp_path, place):
    path = tmp_path / ".gemini" / "antigravity" / place
    path.parent.mkdir(parents=True)
    path.write_bytes((fixtures / "antigravity" / "transcript.jsonl").read_bytes())
    (tmp_path / ".gemini" / "antigravity" / "history.jsonl").write_text(
        '{"workspace": "/home/ana/quay", "conversationId": "0d5c"}\n', "utf-8"
    )
    head = reading(path).heads[0]
    assert (head.id, head.cwd) == ("0d5c", "/home/ana/quay")


def test_a_checkpoint_is_a_summary(session):
    assert [turn.text[:17] for turn in session.turns if turn.mark == "summary"] == ["# USER Objective:"]
    assert session.report.skipped == {"step: CONVERSATION_HISTORY": 1}
