"""Grok: lines with what is beside them, and the database of its first command line."""

from __future__ import annotations

import pytest
from tests.formats.conformance import build_home

from onward.core.transcript.transcript import Usage


@pytest.fixture
def session(reading, tmp_path):
    return reading(next(path for path in build_home(tmp_path) if path.name == "chat_history.jsonl"))


def test_what_a_program_wrote_is_nobodys_word(session):
    assert session.prompts() == [
        "Draw the wind rose of last month. Never interpolate missing hours.",
        "Use sixteen directions.",
        "Print it in grey.",
    ]


def test_head_times_and_usage_come_from_the_files_beside(session):
    head = session.heads[0]
    assert (head.id, head.title, head.branch) == ("019f6000-0000-7000", "Wind rose of September", "rose")
    assert all(turn.at for turn in session.turns[2:])
    assert [turn.usage for turn in session.turns if turn.usage] == [
        Usage(input_tokens=2000, output_tokens=210, cache_read_tokens=7000),
        Usage(input_tokens=9100, output_tokens=20),
    ]


def test_the_lines_alone_are_enough(reading, fixtures):
    session = reading(fixtures / "grok" / "chat_history.jsonl")
    assert session.heads[0].cwd == "/home/ana/weather"
    results = [(result.call_id, result.exit_code) for turn in session.turns for result in turn.results]
    assert results == [("call_1", None), ("call_2", 2), ("call_3", None)]


def test_the_database_has_messages_of_the_ai_sdk(reading, fixtures):
    session = reading(fixtures / "grok" / "grok.db")
    assert (session.heads[0].title, session.turns[1].usage) == ("Rain gauge", Usage(input_tokens=1800, output_tokens=40))
    assert session.turns[2].results[0].text == "3 pass"
