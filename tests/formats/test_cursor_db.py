"""Cursor's databases: chats in order, messages from their own rows, blobs in the order of the root."""

from __future__ import annotations

import json
import shutil
import sqlite3

import pytest

from onward.core.transcript.transcript import Usage


@pytest.fixture
def editor(reading, fixtures):
    return reading(fixtures / "cursor_db" / "state.vscdb")


@pytest.fixture
def command_line(reading, fixtures):
    return reading(fixtures / "cursor_db" / "store.db")


def test_chats_are_ordered_by_start(editor):
    assert [(head.id, head.title, head.parent_id) for head in editor.heads] == [
        ("00000000-old", "Old chat", None),
        ("11111111-new", "Empty report", None),
        ("11111111-new", "", None),
    ]
    assert editor.heads[1].cwd == "/home/rina/kopi-stock"
    assert editor.report.skipped == {"chat without messages": 2, "empty message": 1, "message without its content": 1}


def test_messages_of_both_kinds_of_chat_are_read(editor):
    assert editor.prompts() == ["Name the report", "The restock report is empty on Mondays", "Jangan ubah exporter"]
    assert [turn.sidechain for turn in editor.turns if turn.text == "Find other uses of getDay"] == ["22222222-sub"]


def test_a_call_has_its_arguments_and_its_outcome(editor):
    calls = {call.id: (call.name, call.arguments) for turn in editor.turns for call in turn.calls}
    assert calls == {
        "call_1": ("run_terminal_cmd", {"command": "pnpm test report"}),
        "call_2": ("edit_file", {"target_file": "src/report.ts", "code_edit": "day > 0"}),
    }
    answers = [(answer.call_id, answer.text, answer.exit_code) for turn in editor.turns for answer in turn.results]
    assert answers == [("call_1", "1 failed", 1), ("call_2", '{"diff":{}}', None)]
    assert [turn.model for turn in editor.turns if turn.calls] == ["claude-4.5-sonnet", "gpt-5.4"]
    assert [turn.usage for turn in editor.turns if turn.usage] == [Usage(input_tokens=900, output_tokens=30)]


def test_command_line_messages_follow_the_root(command_line):
    assert command_line.heads[0].id == "f1ff7b74-0a28-4dd4-a452-e01ae080eb20"
    assert [(turn.role, turn.mark) for turn in command_line.turns] == [
        ("system", "injected"),
        ("user", "injected"),
        ("user", "said"),
        ("user", "injected"),
        ("assistant", "said"),
        ("tool", "said"),
        ("assistant", "said"),
    ]
    assert command_line.prompts() == ["The restock report is empty on Mondays"]
    assert [(call.id, call.name, call.arguments) for turn in command_line.turns for call in turn.calls] == [
        ("tc1", "Shell", {"command": "pnpm test report"})
    ]
    assert command_line.report.skipped == {"index or older state": 1}


def test_a_missing_message_named_by_the_root_is_reported(reading, fixtures, tmp_path):
    copy = tmp_path / "store.db"
    shutil.copyfile(fixtures / "cursor_db" / "store.db", copy)
    connection = sqlite3.connect(copy)
    connection.execute("DELETE FROM blobs WHERE CAST(data AS TEXT) LIKE '%1 failed%'")
    connection.commit()
    connection.close()
    assert reading(copy).report.malformed == [(4, "a message that is not there")]


@pytest.mark.parametrize("is_known", [True, False])
def test_the_summary_of_a_compaction_follows_what_it_covers(fixtures, reading, tmp_path, is_known):
    copy = tmp_path / "state.vscdb"
    shutil.copyfile(fixtures / "cursor_db" / "state.vscdb", copy)
    with sqlite3.connect(copy) as database:
        key = "composerData:11111111-new"
        about = json.loads(database.execute("SELECT value FROM cursorDiskKV WHERE key = ?", (key,)).fetchone()[0])
        last_id = about["fullConversationHeadersOnly"][0]["bubbleId"] if is_known else "lost"
        about["latestConversationSummary"] = {"lastBubbleId": last_id, "summary": {"summary": "Monday is left out."}}
        database.execute("UPDATE cursorDiskKV SET value = ? WHERE key = ?", (json.dumps(about), key))
    database.close()
    items = reading(copy).items
    start = next(index for index, item in enumerate(items) if getattr(item, "id", "") == "11111111-new")
    end = next(index for index, item in enumerate(items) if getattr(item, "sidechain", None)) - 1
    turns = items[start + 1 : end]
    assert [turn.text for turn in turns if turn.mark == "summary"] == ["Monday is left out."]
    summary_index = next(index for index, turn in enumerate(turns) if turn.mark == "summary")
    assert summary_index == (1 if is_known else len(turns) - 1)
