"""Qwen Code: Claude's envelope, Gemini's parts; what was typed, results with exit codes, a compression, a rewind."""

from __future__ import annotations

import pytest

from onward.core.transcript.transcript import Rewind, Usage


@pytest.fixture
def session(reading, fixtures):
    return reading(fixtures / "qwen" / "session.jsonl")


def test_the_head_comes_from_the_records(session):
    head = session.heads[0]
    assert (head.agent, head.id, head.cwd, head.branch) == ("qwen-code", "7c1f0a52-3b2e-4d6a-9f10-5e2a77d0c901", "/home/ana/kiln", "glaze")


def test_only_what_was_typed_is_a_prompt(session):
    assert session.prompts() == [
        "Warn when a firing curve in @curves.yaml climbs too fast. Never change the saved curves.",
        "Use 150 degrees an hour as the limit.",
        "No: 180 degrees an hour.",
    ]
    injected = [turn.text for turn in session.turns if turn.mark == "injected"]
    assert len(injected) == 2
    assert "bisque" in injected[0]
    assert injected[1] == "Background shell 3 finished."


def test_an_answer_has_its_calls_thought_model_and_usage(session):
    answer = next(turn for turn in session.turns if turn.role == "assistant")
    assert answer.thinking == "The check belongs where curves are loaded."
    assert [call.name for call in answer.calls] == ["edit", "run_shell_command"]
    assert (answer.model, answer.usage) == ("qwen4-coder-plus", Usage(input_tokens=15200, output_tokens=80))


def test_results_know_their_outcome(session):
    results = {result.call_id: result for turn in session.turns for result in turn.results}
    assert [(result.is_error, result.exit_code) for result in results.values()] == [(False, None), (True, 1), (False, None)]
    assert "NameError" in results["call_k2"].text


def test_a_compression_is_a_summary_and_a_prompt_from_before_a_rewind(session):
    assert ["Warn about curves" in turn.text for turn in session.turns if turn.mark == "summary"] == [True]
    target = next(turn for turn in session.turns if turn.text.startswith("`check_climb`"))
    assert session.rewinds == [Rewind(to=target.id)]


def test_bookkeeping_is_counted_by_its_kind(session):
    assert session.report.skipped == {
        "system: attribution_snapshot": 1,
        "system: ui_telemetry": 1,
        "system: slash_command": 1,
        "system: custom_title": 1,
    }
