"""Gemini CLI: one document, or lines with patches, replacements and rewinds."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from onward.core.transcript.transcript import Usage
from onward.errors import NothingRead


@pytest.fixture
def document(reading, fixtures):
    return reading(fixtures / "gemini" / "session.json")


@pytest.fixture
def lines(reading, fixtures):
    return reading(fixtures / "gemini" / "session.jsonl")


def test_the_head_says_where(document, lines):
    assert (document.heads[0].cwd, document.heads[0].title) == ("/home/rina/kopi-stock", "Fill the report")
    assert lines.heads[0].id == document.heads[0].id == "faff42ab-6ea5-4f78-b8c4-f7dd6272af08"


def test_a_prompt_is_what_was_shown_not_what_was_sent(document):
    assert document.prompts() == ["The restock report is empty on Mondays @src/report.ts", "Jangan ubah exporter"]


def test_results_stand_beside_their_calls(document):
    ended = {answer.call_id: (answer.text, answer.is_error, answer.exit_code) for turn in document.turns for answer in turn.results}
    assert ended == {"run_shell_command-1": ("Output: 1 failed\nExit Code: 1", False, 1), "read_file-2": ("File not found", True, None)}
    answer = document.turns[1]
    assert (answer.thinking, answer.model, answer.usage) == (
        "Day: Monday is one.",
        "gemini-3-pro",
        Usage(input_tokens=1006, output_tokens=49, cache_read_tokens=11868),
    )


def test_notices_are_counted_and_errors_kept(document):
    assert document.report.skipped == {"notice: info": 1, "empty message": 1}
    assert [turn.text for turn in document.turns if turn.role == "system"] == ["The quota is used up."]


def test_a_message_written_again_replaces_the_first_and_keeps_its_place(lines):
    assert [turn.id for turn in lines.turns][:4] == ["g1", "g2", "g2:1", "g4"]
    assert len(lines.turns[1].calls) == 2
    assert lines.report.skipped == {"message written again": 2}


def test_what_was_taken_back_is_followed_by_a_rewind(lines):
    [rewind] = lines.rewinds
    place = lines.items.index(rewind)
    assert (lines.items[place - 1].text, rewind.to, lines.items[place + 1].text) == ("Renamed.", "g7", "Add a test for the report instead")


def test_a_list_for_the_model_adds_only_new_turns(lines):
    assert [(turn.id, turn.mark) for turn in lines.turns if turn.line == 11] == [("g11", "summary"), ("g12", "injected")]
    assert lines.prompts()[-1] == "Add a test for the report instead"


def test_a_rewind_to_an_unknown_message_takes_all_back(reading, fixtures):
    data = (fixtures / "gemini" / "session.jsonl").read_bytes().replace(b'{"$rewindTo":"g8"}', b'{"$rewindTo":"gone"}')
    assert [rewind.to for rewind in reading(data).rewinds] == [None]


def test_a_sub_agent_is_a_sidechain(reading, fixtures):
    result = reading(fixtures / "gemini" / "subagent.jsonl")
    assert {turn.sidechain for turn in result.turns} == {"sub-1"}
    assert result.prompts() == []


def test_a_long_session_is_streamed_in_order(reading):
    head = json.dumps({"sessionId": "s", "projectHash": "p", "startTime": "2026-01-10T02:00:00Z"})
    records = [json.dumps({"id": f"m{number}", "type": "user", "content": f"prompt {number}"}) for number in range(600)]
    late = json.dumps({"id": "m3", "type": "user", "content": "too late"})
    result = reading("\n".join([head, *records, late]).encode())
    assert result.prompts() == [f"prompt {number}" for number in range(600)]
    assert result.report.skipped == {"message written again": 1}


def test_real_sessions_have_the_counts_of_their_own_messages(reading, shared_data):
    files = sorted(shared_data.glob("*/gemini/*.json"))
    assert len(files) == 3
    for path in files:
        document = json.loads(path.read_text())
        messages = document["messages"]
        if {message["type"] for message in messages} == {"warning"}:
            with pytest.raises(NothingRead, match=r"notice: warning \(1\)"):
                reading(path)
            continue
        result = reading(path)
        assert (result.report.format, result.report.records, result.report.malformed_count) == ("gemini", len(messages) + 1, 0)
        assert sum(turn.role == "user" for turn in result.turns) == sum(message["type"] == "user" for message in messages)
        calls = [call for message in messages for call in message.get("toolCalls", [])]
        assert [call.id for turn in result.turns for call in turn.calls] == [call["id"] for call in calls]
        assert sum(len(turn.results) for turn in result.turns) == len(calls)
        notices = sum(message["type"] in {"info", "warning"} for message in messages)
        assert sum(count for reason, count in result.report.skipped.items() if reason.startswith("notice")) == notices


@pytest.mark.parametrize(
    ("name", "file", "content"),
    [
        ("ferry-2", ".project_root", "/home/ana/ferry\n"),
        ("ferry-2", "../../projects.json", '{"projects": {"/home/ana/ferry": "ferry-2", "/home/ana/loom": "loom"}}'),
        (sha256(b"/home/ana/ferry").hexdigest(), "../../trustedFolders.json", '{"/home/ana/ferry": "TRUST_FOLDER"}'),
    ],
)
def test_the_folder_of_a_project_is_told_beside_its_sessions(reading, fixtures, tmp_path, name, file, content):
    place = tmp_path / ".gemini" / "tmp" / name
    (place / "chats").mkdir(parents=True)
    (place / file).write_text(content, "utf-8")
    session = place / "chats" / "session-1.json"
    session.write_bytes((fixtures / "gemini" / "todos.json").read_bytes())
    saved = place / "checkpoint-menu.json"
    saved.write_bytes((fixtures / "gemini_checkpoint" / "saved_chat.json").read_bytes())
    assert [reading(path).heads[0].cwd for path in (session, saved)] == ["/home/ana/ferry"] * 2
