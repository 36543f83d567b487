"""Kimi Code and the older Kimi CLI: steps told in pieces, prompts that come twice, and the way back."""

from __future__ import annotations

from onward.core.transcript.transcript import Rewind, Usage


def test_a_prompt_counts_once_and_steering_is_queued(reading, fixtures):
    session = reading(fixtures / "kimi" / "code.jsonl")
    prompts = [(turn.text[:15], turn.mark) for turn in session.turns if turn.role == "user" and turn.mark in {"said", "queued"}]
    assert prompts == [
        ("Count the apple", "said"),
        ("Sort by variety", "queued"),
        ("No, sort by tre", "said"),
        ("Sort by row, th", "said"),
    ]
    assert (session.report.skipped["repeated prompt"], session.report.client_version) == (1, "1.4")


def test_a_step_is_one_answer_with_its_results_after_it(reading, fixtures):
    session = reading(fixtures / "kimi" / "code.jsonl")
    answer, results = session.turns[2:4]
    assert (answer.text, answer.thinking, answer.model) == ("I plan the work.", "One row is one apple.", "kimi-k2.7-code")
    assert answer.usage == Usage(input_tokens=900, output_tokens=80, cache_read_tokens=12000)
    assert [(result.call_id, result.is_error, result.exit_code) for result in results.results] == [
        ("call_1", None, None),
        ("call_2", True, 1),
    ]


def test_undo_is_a_rewind_and_a_compaction_a_summary(reading, fixtures):
    session = reading(fixtures / "kimi" / "code.jsonl")
    anchor = next(turn for turn in session.turns if turn.text == "Sorted by variety.")
    assert session.rewinds == [Rewind(to=anchor.id)]
    assert session.turns[-1].mark == "summary"


def test_the_older_events_give_the_same(reading, fixtures):
    session = reading(fixtures / "kimi" / "cli.jsonl")
    assert [turn.role for turn in session.turns] == ["user", "assistant", "tool", "assistant"]
    assert session.turns[1].calls[0].arguments == {"command": "grep -rn kg importer.py"}
    assert session.turns[1].usage == Usage(input_tokens=300, output_tokens=42, cache_read_tokens=7800)
