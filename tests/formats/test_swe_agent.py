"""SWE-agent: the history as turns, demonstrations left out, old actions and new calls alike."""

from __future__ import annotations

import io
import json

import pytest


@pytest.fixture
def history(reading, fixtures):
    return reading(fixtures / "swe_agent" / "history.json")


def test_the_task_is_said_and_the_demonstration_is_not(history):
    assert history.prompts() == ["ISSUE:\nThe report is empty on Mondays"]
    assert history.report.skipped == {"demonstration": 1, "step told by the history": 2}
    assert history.heads[0].cwd == "/kopi-stock"


def test_actions_and_calls_have_what_they_did(history):
    assert [(call.name, call.arguments) for turn in history.turns for call in turn.calls] == [
        ("find_file", {"command": "find_file report.ts"}),
        ("edit", {"path": "src/report.ts", "replacement": "day > 0"}),
        ("submit", {"command": "submit"}),
    ]
    assert [answer.call_id for turn in history.turns for answer in turn.results] == ["action:3", "call_1", "action:7"]
    assert history.turns[2].text == "I will look for the report."


def test_the_submission_is_the_last_turn(history):
    [result] = history.turns[-1].results
    assert result.call_id == "action:7"
    assert result.text.startswith("Submitted (submitted):\ndiff --git")


def test_an_edit_changes_the_file_that_is_open(reading):
    shown = "[File: /kopi/src/report.py (12 lines total)]\n1:import till\n(Open file: /kopi/src/report.py)\nbash-$"
    refused = "Your proposed edit has introduced new syntax error(s)."
    history = [
        {"role": "user", "content": "The report is empty on Mondays."},
        {"role": "assistant", "content": "x", "thought": "I look.", "action": "open src/report.py", "agent": "primary"},
        {"role": "user", "content": shown},
        {
            "role": "assistant",
            "content": "x",
            "thought": "I change it.",
            "action": "edit 1:1\nimport kasse\nend_of_edit",
            "agent": "primary",
        },
        {"role": "user", "content": refused},
        {"role": "assistant", "content": "x", "thought": "A new file.", "action": "create notes.md", "agent": "primary"},
    ]
    result = reading(io.BytesIO(json.dumps({"history": history, "info": {}}).encode()))
    paths = [call.arguments.get("path") for turn in result.turns for call in turn.calls]
    assert paths == [None, "/kopi/src/report.py", "notes.md"]
    assert [answer.is_error for turn in result.turns for answer in turn.results] == [None, True]


def test_without_a_history_the_steps_are_read(reading, fixtures):
    result = reading(fixtures / "swe_agent" / "steps.json")
    assert [(turn.role, turn.line) for turn in result.turns] == [("assistant", 0), ("tool", 0), ("assistant", 1), ("tool", 1)]


def test_real_trajectories_have_the_counts_of_their_own_history(reading, shared_data):
    files = sorted(shared_data.glob("swe-agent-a/**/*.traj"))
    assert len(files) == 8
    for path in files:
        document = json.loads(path.read_text())
        history, steps = document["history"], document.get("trajectory", [])
        result = reading(path)
        submitted = bool((document["info"].get("submission") or "").strip())
        assert (result.report.format, result.report.malformed_count) == ("swe-agent", 0)
        assert result.report.records == len(history) + len(steps) + submitted
        answers = [message for message in history if message["role"] == "assistant"]
        assert sum(turn.role == "assistant" for turn in result.turns) == sum(bool(message["content"].strip()) for message in answers)
        call_count = sum(bool(message.get("tool_calls") or (message.get("action") or "").strip()) for message in answers)
        assert sum(len(turn.calls) for turn in result.turns) == call_count
        demonstrations = sum(bool(message.get("is_demo")) for message in history)
        assert result.report.skipped.get("demonstration", 0) == demonstrations
        assert len(result.prompts()) == 1
