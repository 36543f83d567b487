"""Kiro's command line: one conversation as a document, in the database and in lines."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("name", ["conversation.json", "data.sqlite"])
def test_a_turn_has_what_was_sent_and_the_answer(reading, fixtures, name):
    session = reading(fixtures / "kiro" / name)
    assert session.heads[0].cwd == "/home/ana/looms"
    assert session.prompts() == ["Save the weave as SVG. Never lose a thread's colour.", "Group the threads by shaft."]
    results = [(result.call_id, result.text[:16], result.is_error, result.exit_code) for turn in session.turns for result in turn.results]
    assert results == [("tooluse_1", "test svg::colour", True, 101), ("tooluse_2", "", False, None)]


def test_the_summary_of_a_document_comes_first(reading, fixtures):
    assert [turn.mark for turn in reading(fixtures / "kiro" / "conversation.json").turns][:2] == ["summary", "said"]


def test_lines_have_times_models_and_a_compaction(reading, fixtures):
    session = reading(fixtures / "kiro" / "session.jsonl")
    assert [turn.role for turn in session.turns] == ["user", "assistant", "tool", "assistant", "user"]
    assert (session.turns[1].model, session.turns[1].at.second) == ("claude-sonnet-5", 44)
    assert (session.turns[2].results[0].exit_code, session.turns[4].mark) == (0, "summary")
