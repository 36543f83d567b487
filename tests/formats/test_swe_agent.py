"""SWE-agent: the history as turns, demonstrations left out, old actions and new calls alike."""

from __future__ import annotations

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
    assert [answer.call_id for turn in history.turns for answer in turn.results] == ["action:3", "call_1"]
    assert history.turns[2].text == "I will look for the report."


def test_the_submission_is_the_last_turn(history):
    assert history.turns[-1].text.startswith("Submitted (submitted):\ndiff --git")


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
