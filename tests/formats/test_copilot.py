"""Copilot CLI: prompts without their surroundings, calls once, exit codes, sub-agents, hooks that speak to the model."""

from __future__ import annotations

import json

import pytest

from onward.core.transcript.transcript import Usage


@pytest.fixture
def session(reading, fixtures):
    return reading(fixtures / "copilot" / "session.jsonl")


def test_the_head_says_where(session):
    [head] = session.heads
    assert (head.agent, head.cwd, head.branch, head.remote) == (
        "copilot",
        "/home/rina/kopi-stock",
        "restock",
        "https://github.com/rina/kopi-stock",
    )
    assert head.started_at.isoformat() == "2026-04-02T08:00:00.500000+00:00"


def test_a_prompt_is_what_the_person_typed(session):
    assert session.prompts() == [
        "The restock report is empty on Mondays. Find out why, and always run the tests with pnpm.\n[attached: report.ts]",
        "Jangan ubah exporter di src/export.ts",
    ]
    assert [turn.mark for turn in session.turns if turn.text.startswith("Jangan")] == ["queued"]


def test_a_call_is_read_once_with_its_model_and_cost(session):
    calls = [call for turn in session.turns for call in turn.calls]
    assert [(call.id, call.name) for call in calls] == [("tc1", "view"), ("tc2", "bash"), ("tc3", "task"), ("tc4", "edit"), ("tc5", "bash")]
    first = next(turn for turn in session.turns if turn.role == "assistant")
    assert (first.model, first.usage, first.thinking) == ("claude-sonnet-4.6", Usage(output_tokens=212), "Monday is day one.")


def test_results_say_how_they_ended(session):
    ended = {result.call_id: (result.is_error, result.exit_code) for turn in session.turns for result in turn.results}
    assert ended == {"tc1": (False, None), "tc2": (False, 1), "tc3": (False, None), "tc4": (True, None), "tc5": (False, 0)}


def test_a_command_that_the_person_asked_for_is_the_persons(session):
    [turn] = [turn for turn in session.turns if turn.calls and turn.calls[0].id == "tc5"]
    assert (turn.role, turn.mark, turn.text) == ("user", "injected", "!git status --short")


def test_a_sub_agent_is_a_sidechain_and_its_task_is_no_prompt(session):
    lane = [turn for turn in session.turns if turn.sidechain]
    assert [(turn.role, turn.mark, turn.sidechain) for turn in lane] == [("user", "injected", "tc3"), ("assistant", "said", "tc3")]


def test_what_programs_say_is_marked(session):
    injected = [turn.text for turn in session.turns if turn.mark == "injected" and turn.sidechain is None and not turn.calls]
    assert injected == [
        "Read the handoff before you begin.",
        "You are the GitHub Copilot CLI, a terminal assistant.",
        '<skill-context name="testing">\nRun the narrow test first.\n</skill-context>',
        'Shell command "dev server" has completed successfully.',
        "The model did not answer in time.",
    ]
    assert [(turn.role, turn.text) for turn in session.turns if turn.mark == "summary"] == [
        ("user", "The report left Monday out; the condition is being changed.")
    ]
    assert session.report.skipped["repeated system prompt"] == 1


def test_a_call_without_an_end_is_read_from_its_start(reading):
    event = {"id": "e1", "timestamp": "2026-04-02T08:00:00Z", "parentId": "e0"}
    start = {"type": "tool.execution_start", "data": {"toolCallId": "t1", "toolName": "bash", "arguments": '{"command": "ls"}'}, **event}
    result = reading(json.dumps(start).encode() + b"\n")
    assert [(call.name, call.arguments) for turn in result.turns for call in turn.calls] == [("bash", {"command": "ls"})]
    assert result.heads[0].id is None


def test_real_sessions_have_the_counts_of_their_own_events(reading, shared_data):
    files = sorted(shared_data.glob("*/copilot/*.jsonl"))
    assert len(files) == 5
    for path in files:
        events = [json.loads(line) for line in path.read_text().splitlines()]
        kinds = [event["type"] for event in events]
        result = reading(path)
        assert result.report.format == "copilot"
        assert (result.report.records, result.report.malformed_count) == (len(events), 0)
        prompts = [event for event in events if event["type"] == "user.message" and not event["data"].get("source")]
        assert len(result.prompts()) == len(prompts)
        assert [turn.line for turn in result.turns if turn.role == "user" and turn.mark == "said"] == [
            events.index(event) + 1 for event in prompts
        ]
        call_ids = [request["toolCallId"] for event in events for request in event["data"].get("toolRequests", [])]
        assert [call.id for turn in result.turns for call in turn.calls] == call_ids
        assert sum(len(turn.results) for turn in result.turns) == kinds.count("tool.execution_complete")
        ended = sum(
            "with exit code " in json.dumps(event["data"].get("result", ""))[-250:]
            for event in events
            if event["type"] == "tool.execution_complete"
        )
        assert sum(answer.exit_code is not None for turn in result.turns for answer in turn.results) == ended
        hooks = sum(kind in {"hook.start", "hook.end"} for kind in kinds)
        spoke = sum("additionalContext" in json.dumps(event["data"].get("output", "")) for event in events if event["type"] == "hook.end")
        assert result.report.skipped["start of a hook"] + result.report.skipped["end of a hook"] == hooks - spoke
