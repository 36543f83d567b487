"""Goose: the database and the older lines, calls with their results, summaries that are hidden from the user."""

from __future__ import annotations

import shutil

import pytest

from onward.core.transcript.transcript import Usage


@pytest.fixture
def database(reading, fixtures):
    return reading(fixtures / "goose" / "sessions.db")


def test_every_session_has_its_head(database):
    assert [(head.id, head.title, head.cwd) for head in database.heads] == [
        ("20260108_1", "Empty report", "/home/rina/kopi-stock"),
        ("20260108_2", "Find getDay", "/home/rina/kopi-stock"),
    ]
    assert database.heads[0].started_at.isoformat() == "2026-01-08T02:11:01+00:00"


def test_only_what_the_person_typed_is_said(database, reading, fixtures):
    for result in (database, reading(fixtures / "goose" / "session.jsonl")):
        assert result.prompts() == ["The restock report is empty on Mondays", "Jangan ubah exporter\n\n[image]"]
    assert [(turn.mark, turn.sidechain) for turn in database.turns if turn.text.startswith("Find other")] == [("injected", "20260108_2")]


def test_calls_have_what_they_did(database):
    assert [(call.id, call.name) for turn in database.turns for call in turn.calls] == [
        ("t1", "developer__shell"),
        ("t2", "developer__text_editor"),
    ]
    answers = [(answer.call_id, answer.text, answer.is_error) for turn in database.turns for answer in turn.results]
    assert answers == [("t1", "1 failed", True), ("t2", "Denied by the user", True)]


def test_what_only_the_model_sees_is_a_summary(database, reading, fixtures):
    assert [turn.text for turn in database.turns if turn.mark == "summary"] == ["The report leaves Monday out; the tests fail."]
    lines = reading(fixtures / "goose" / "session.jsonl")
    assert [turn.text for turn in lines.turns if turn.mark == "summary"] == ["The conversation was compacted: the report is being fixed."]


def test_before_the_database_a_session_was_named_by_its_file(reading, fixtures, tmp_path):
    copy = tmp_path / "20250812_163012.jsonl"
    shutil.copyfile(fixtures / "goose" / "session.jsonl", copy)
    assert reading(copy).heads[0].id == "20250812_163012"


def test_an_answer_has_the_model_and_the_usage_of_its_request(reading, fixtures):
    session = reading(fixtures / "goose" / "ledger.db")
    answers = [(turn.model, turn.usage) for turn in session.turns if turn.role == "assistant"]
    assert answers == [
        ("claude-opus-4-8", Usage(input_tokens=300, output_tokens=60, cache_read_tokens=9000)),
        ("claude-opus-4-8", Usage(input_tokens=200, output_tokens=30, cache_read_tokens=9100)),
    ]
