"""ATIF: steps of the user, the agent and the system, with observations as results."""

from __future__ import annotations

import json

from onward.core.transcript.transcript import Usage


def test_steps_are_turns_of_their_source(reading, fixtures):
    session = reading(fixtures / "atif" / "trajectory.json")
    assert (session.heads[0].agent, session.heads[0].id) == ("hermes", "20261011_120000_5a3e2f")
    assert session.prompts() == ["Back up the photos to the disk. Never delete an original.", "Use the second disk."]
    assert session.turns[0].mark == "injected"
    assert session.report.client_version == "1.4"


def test_an_answer_has_thought_calls_results_and_usage(reading, fixtures):
    answer, results = reading(fixtures / "atif" / "trajectory.json").turns[2:4]
    assert (answer.thinking, answer.model, answer.usage) == (
        "rsync without --delete.",
        "hermes-5-70b",
        Usage(input_tokens=1200, output_tokens=90, cache_read_tokens=3000),
    )
    assert [(result.call_id, result.exit_code) for result in results.results] == [("call_1", None), ("call_2", 11)]
    assert results.results[1].text == "rsync: No space left on device"


def test_an_unknown_agent_keeps_its_name(reading, fixtures):
    trajectory = json.loads((fixtures / "atif" / "trajectory.json").read_bytes())
    trajectory["agent"]["name"] = "harbour-pilot"
    assert reading(json.dumps(trajectory).encode()).heads[0].agent == "harbour-pilot"
