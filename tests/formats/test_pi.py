"""pi: the tree in linear order, exit codes, the first version without ids."""

from __future__ import annotations

import json

import pytest

from onward.core.transcript.transcript import Usage


@pytest.fixture
def session(reading, fixtures):
    return reading(fixtures / "pi" / "branched.jsonl")


def test_the_head_says_where_and_from_which_session(session):
    [head] = session.heads
    assert (head.id, head.cwd, head.parent_id) == (
        "a9642bdf-2c10-4503-abb2-081990e56318",
        "/home/rina/kopi-stock",
        "d97339c6-6c10-4827-846b-9ff1d9c3dc37",
    )


def test_a_second_child_is_a_rewind_to_its_parent(session):
    [rewind] = session.rewinds
    place = session.items.index(rewind)
    assert rewind.to == "e0000008"
    assert session.items[place - 1].text == "Renamed."
    assert session.items[place + 1].text == "Jangan rename, tambah tes dulu"


def test_a_shell_says_how_it_ended(session):
    ended = {answer.call_id: (answer.is_error, answer.exit_code) for turn in session.turns for answer in turn.results}
    assert ended == {"toolu_1": (True, 1), "toolu_2": (False, 0), "toolu_3": (False, None), "ran:1770156273704": (None, 0)}


def test_an_answer_has_thoughts_calls_model_and_cost(session):
    answer = next(turn for turn in session.turns if turn.role == "assistant")
    assert (answer.text, answer.thinking, answer.model, answer.usage) == (
        "Reading the report.",
        "Read it.",
        "claude-opus-4-5",
        Usage(input_tokens=2, output_tokens=140, cache_read_tokens=4000, cache_write_tokens=310),
    )
    assert [call.arguments for call in answer.calls] == [{"command": "pnpm test report"}, {"command": "ls"}]
    assert [turn.text for turn in session.turns if turn.text.startswith("[The request")] == ["[The request was aborted]"]


def test_only_what_the_person_typed_is_said(session):
    assert session.prompts() == [
        "The restock report is empty on Mondays\n[image]",
        "Now rename the report",
        "Jangan rename, tambah tes dulu",
    ]
    assert [(turn.mark, turn.text) for turn in session.turns if turn.mark in {"summary", "injected"}] == [
        ("injected", "!git status --short"),
        ("summary", "# Checkpoint\nThe condition is fixed."),
        ("injected", "Keep the edits small."),
    ]


def test_the_first_version_has_no_ids(reading, fixtures):
    result = reading(fixtures / "pi" / "first_version.jsonl")
    assert [(turn.id, turn.role, turn.mark) for turn in result.turns] == [
        (None, "user", "said"),
        (None, "assistant", "said"),
        (None, "user", "summary"),
    ]


def test_real_sessions_have_the_counts_of_their_own_records(reading, shared_data):
    files = [shared_data / "pi-mono/before-compaction.jsonl", *sorted(shared_data.glob("agentlogs/pi/*.jsonl"))]
    assert len(files) == 4
    for path in files:
        records = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
        messages = [record["message"] for record in records if record["type"] == "message"]
        result = reading(path)
        assert (result.report.format, result.report.records, result.report.malformed_count) == ("pi", len(records), 0)
        roles = [message["role"] for message in messages]
        assert len(result.prompts()) == roles.count("user")
        blocks = [block for message in messages if message["role"] == "assistant" for block in message["content"]]
        ran = roles.count("bashExecution")
        assert sum(len(turn.calls) for turn in result.turns) == sum(block["type"] == "toolCall" for block in blocks) + ran
        assert sum(len(turn.results) for turn in result.turns) == roles.count("toolResult") + ran
        assert sum(turn.mark == "summary" for turn in result.turns) == sum(record["type"] == "compaction" for record in records)
        spent = sum(message["usage"]["output"] for message in messages if message["role"] == "assistant")
        assert sum(turn.usage.output_tokens for turn in result.turns if turn.usage) == spent
        parents = [record["parentId"] for record in records if record.get("parentId")]
        assert len(result.rewinds) == len(parents) - len(set(parents))
