"""OpenHands: actions as calls, observations as their results, the cost of an answer once, the resolver's output."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onward.core.transcript.transcript import Usage
from onward.formats import is_single_input


@pytest.fixture
def events(reading, fixtures):
    return reading(fixtures / "openhands" / "trajectory.json")


def test_prompts_are_said_and_the_system_prompt_is_not(events):
    assert events.prompts() == ["The restock report is empty on Mondays", "Jangan ubah exporter"]
    assert [turn.role for turn in events.turns if turn.mark == "injected"] == ["system"]
    assert events.report.skipped == {"state of the agent": 1}


def test_calls_are_what_the_model_asked_for(events):
    calls = [(call.name, call.arguments) for turn in events.turns for call in turn.calls]
    assert calls[0] == ("execute_bash", {"command": "pnpm test report"})
    assert (calls[1][0], calls[1][1]["command"]) == ("str_replace_editor", "str_replace")
    answers = [(answer.call_id, answer.is_error, answer.exit_code) for turn in events.turns for answer in turn.results]
    assert answers == [("toolu_1", False, 1), ("toolu_2", True, None)]


def test_prose_thoughts_cost_and_summary(events):
    answer = events.turns[2]
    assert (answer.text, answer.model, answer.usage) == (
        "I will run the tests.",
        "claude-sonnet-4-5",
        Usage(input_tokens=100, output_tokens=60, cache_read_tokens=4000),
    )
    assert [turn.thinking for turn in events.turns if turn.thinking] == ["The file has tabs."]
    assert [turn.text for turn in events.turns if turn.mark == "summary"] == ["The report leaves Monday out."]
    assert events.turns[-1].text == "The condition is fixed."


def test_two_calls_of_one_answer_share_its_prose_and_cost(reading, fixtures):
    events = json.loads((fixtures / "openhands" / "trajectory.json").read_text())
    again = {**events[3], "id": 20}
    result = reading(json.dumps([events[1], events[3], again]).encode())
    assert [(turn.text, turn.usage is None) for turn in result.turns[1:]] == [("I will run the tests.", False), ("", True)]


def test_every_line_of_the_resolver_is_a_session(reading, fixtures):
    result = reading(fixtures / "openhands" / "output.jsonl")
    assert [(head.id, head.title) for head in result.heads] == [("rina/kopi-stock#12", "Empty report"), ("rina/kopi-stock#13", "Rename")]
    assert result.prompts()[:2] == ["Please fix the following issue:\nThe report is empty on Mondays", "Rename the report"]


def test_real_trajectories_have_the_counts_of_their_own_events(reading, shared_data):
    files = sorted(shared_data.glob("openhands-a/trajs/*.json"))
    assert len(files) == 3
    for path in files:
        events = json.loads(path.read_text())
        result = reading(path)
        assert (result.report.format, result.report.records, result.report.malformed_count) == ("openhands", len(events), 0)
        assert len(result.prompts()) == sum(event["source"] == "user" for event in events)
        call_ids = [
            event["tool_call_metadata"]["tool_call_id"] for event in events if event.get("action") and "tool_call_metadata" in event
        ]
        assert [call.id for turn in result.turns for call in turn.calls] == call_ids
        assert sum(len(turn.results) for turn in result.turns) == sum("observation" in event for event in events)


def stored(folder: Path, fixtures: Path) -> Path:
    """A conversation as stored by OpenHands: a file per event, copies in pages, and metadata."""
    events = json.loads((fixtures / "openhands" / "trajectory.json").read_text())
    home = folder / "c0ffee12"
    (home / "events").mkdir(parents=True)
    (home / "event_cache").mkdir()
    for number, event in enumerate(events):
        (home / "events" / f"{number}.json").write_text(json.dumps({**event, "id": number}))
    (home / "event_cache" / "0-5.json").write_text(json.dumps(events[:5]))
    (home / "metadata.json").write_text(json.dumps({"title": "Mail", "selected_branch": "fix/mail", "created_at": "2026-03-02T08:59:00"}))
    return home


def test_a_file_per_event_is_one_session(reading, fixtures, tmp_path):
    home, whole = stored(tmp_path, fixtures), reading(fixtures / "openhands" / "trajectory.json")
    for folder in (home, home / "events"):
        result = reading(folder)
        assert [(head.id, head.title, head.branch) for head in result.heads] == [("c0ffee12", "Mail", "fix/mail")]
        assert [(turn.role, turn.text, turn.line) for turn in result.turns] == [(turn.role, turn.text, turn.line) for turn in whole.turns]
        assert result.report.records == whole.report.records
    assert len(list((home / "events").iterdir())) > 10
    (home / "events" / "3.json").write_text('{"id": 3, "time')
    assert reading(home).report.malformed == [(3, "not an event")]
    assert not is_single_input(tmp_path)
