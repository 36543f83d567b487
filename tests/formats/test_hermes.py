"""Hermes: a session in lines and as a document."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("name", ["session.jsonl", "session.json"])
def test_both_forms_give_the_same_turns(reading, fixtures, name):
    session = reading(fixtures / "hermes" / name)
    assert session.prompts() == ["Rename the scans by date. Never overwrite a file.", "Put the year first."]
    answer = session.turns[1]
    assert (answer.thinking, answer.model) == ("The date is in the first line.", "hermes-5-70b")
    assert [call.name for call in answer.calls] == ["todo", "terminal"]
    results = [(result.call_id, result.exit_code, result.is_error) for turn in session.turns for result in turn.results]
    assert results == [("call_1", None, None), ("call_2", 3, True)]


def test_a_document_names_its_session_and_a_file_by_its_time_too(reading, fixtures, tmp_path):
    assert reading(fixtures / "hermes" / "session.json").heads[0].id == "20261014_080000_5a3e2f"
    copy = tmp_path / "20261014_080000_9c.jsonl"
    copy.write_bytes((fixtures / "hermes" / "session.jsonl").read_bytes())
    assert reading(copy).heads[0].id == "20261014_080000_9c"
