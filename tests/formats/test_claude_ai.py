"""Claude.ai's export: content instead of text, attachments, branches of an extension's export."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def export(reading, fixtures):
    return reading(fixtures / "claude_ai" / "conversations.json")


def test_a_conversation_in_which_nothing_was_said_has_no_head(export):
    assert [(head.id, head.title) for head in export.heads] == [("37f8a88b-17fc-495a-87a0-ca6e0822e8f3", "Empty report")]


def test_content_counts_and_text_where_there_is_none(export):
    assert export.prompts() == [
        "Why is the report empty on Mondays?\n\n[attached: report.ts]\n\n[attached: screen.png]",
        "Terima kasih. Jangan ubah the exporter.",
    ]
    assert export.report.skipped == {"empty message": 1}


def test_file_contents_are_not_prompts(export):
    assert [turn.text for turn in export.turns if turn.mark == "injected"] == ["if (day > 1) rows = await load();"]


def test_text_after_a_result_comes_after_it(export):
    rows = [(turn.id, turn.role, turn.text, [call.name for call in turn.calls]) for turn in export.turns if turn.line == 1]
    assert rows == [
        ("c2", "assistant", "Let me compute the day.", ["repl"]),
        ("c2:1", "tool", "", []),
        ("c2:2", "assistant", "Monday is 1, so the condition leaves it out.", []),
    ]
    assert export.turns[2].thinking == "Days start at zero."


def test_the_archive_gives_what_the_file_gives(export, reading, fixtures):
    assert reading(fixtures / "claude_ai" / "export.zip") == export


def test_an_extensions_export_keeps_branches_apart(reading, fixtures):
    result = reading(fixtures / "claude_ai" / "extension.json")
    texts = [item.text if hasattr(item, "text") else item for item in result.items[1:]]
    assert texts[:4] == ["Name the report", "restock-weekly", "In Indonesian, di sini", "stok-mingguan"]
    assert (texts[4].to, texts[5:]) == ("c2", ["Shorter", "restock"])
    assert {turn.model for turn in result.turns if turn.role == "assistant"} == {"claude-opus-4-6"}


def test_a_real_sample_has_the_counts_of_its_own_messages(reading, shared_data):
    path = shared_data / "polylogue-a/polylogue/schemas/providers/claude-ai/representatives/sample-00.json"
    messages = json.loads(path.read_text())["chat_messages"]
    result = reading(path)
    assert (result.report.format, result.report.records, result.report.imported_records, result.report.malformed_count) == (
        "claude-ai",
        len(messages),
        len(messages),
        0,
    )
    assert len(result.prompts()) == sum(message["sender"] == "human" for message in messages)
    attached = [attachment["extracted_content"] for message in messages for attachment in message["attachments"]]
    injected_text = "\n".join(turn.text for turn in result.turns if turn.mark == "injected")
    assert all(content in injected_text for content in attached)
