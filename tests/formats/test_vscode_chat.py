"""VS Code's chat: a document and the changes that lead to one give the same turns; calls with their recorded arguments and results."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def session(reading, fixtures):
    return reading(fixtures / "vscode_chat" / "session.json")


def test_changes_lead_to_the_same_turns(session, reading, fixtures):
    changed = reading(fixtures / "vscode_chat" / "changes.jsonl")
    texts = [(turn.role, turn.text, turn.calls, turn.results) for turn in changed.turns]
    assert texts == [(turn.role, turn.text, turn.calls, turn.results) for turn in session.turns]
    assert (changed.heads[0].title, changed.report.skipped) == ("Guest list export", {"change of the panel": 2})


def test_calls_have_what_was_recorded_of_them(session):
    answer = session.turns[1]
    assert answer.text == "I plan first, then read `/home/ana/guests/list.py`."
    assert [call.name for call in answer.calls] == ["manage_todo_list", "replace_string_in_file", "run_in_terminal"]
    assert answer.calls[2].arguments["command"] == "pytest -q"
    assert [(result.text[:20], result.exit_code) for result in session.turns[2].results] == [
        ("Successfully wrote t", None),
        ("The file was edited.", None),
        ("E   AssertionError: ", 1),
    ]


def test_a_request_has_its_model_and_usage_once(session):
    answers = [turn for turn in session.turns if turn.role == "assistant"]
    assert [turn.usage and turn.usage.input_tokens for turn in answers] == [None, 21400, 22100]
    assert {turn.model for turn in answers} == {"gpt-5.6-terra"}


def test_without_a_record_an_invocation_tells_what_it_shows(reading, fixtures):
    document = json.loads((fixtures / "vscode_chat" / "session.json").read_bytes())
    document["requests"][0]["result"]["metadata"] = {}
    calls = reading(json.dumps(document).encode()).turns[1].calls
    assert [(call.name, list(call.arguments)) for call in calls] == [
        ("manage_todo_list", ["todoList"]),
        ("copilot_replaceString", ["message"]),
        ("run_in_terminal", ["command"]),
    ]


def test_an_edit_that_no_call_tells_is_one(reading, fixtures):
    document = json.loads((fixtures / "vscode_chat" / "session.json").read_bytes())
    request = document["requests"][0]
    request["response"] = [item for item in request["response"] if item.get("kind") == "textEditGroup"]
    request["result"]["metadata"] = {}
    (call,) = reading(json.dumps(document).encode()).turns[1].calls
    assert (call.name, call.arguments["path"]) == ("edit_file", "/home/ana/guests/list.py")


def test_the_summary_of_a_compaction_is_one_turn_before_the_answer(reading, fixtures):
    document = json.loads((fixtures / "vscode_chat" / "session.json").read_bytes())
    metadata = document["requests"][0]["result"]["metadata"]
    metadata["summaries"] = [{"toolCallRoundId": "r1", "text": "The guest list is exported as CSV."}]
    metadata["toolCallRounds"][0]["summary"] = "The guest list is exported as CSV."
    turns = reading(json.dumps(document).encode()).turns
    assert (turns[1].role, turns[1].mark, turns[1].text) == ("user", "summary", "The guest list is exported as CSV.")
    assert [turn.mark for turn in turns].count("summary") == 1


def test_a_second_document_replaces_the_first_and_its_requests_are_counted(reading, fixtures):
    data = (fixtures / "vscode_chat" / "changes.jsonl").read_bytes()
    once, twice = reading(data), reading(data + data)
    assert twice.turns == once.turns
    requests = sum(turn.role == "user" for turn in once.turns)
    assert twice.report.skipped["request of an earlier document"] == requests
