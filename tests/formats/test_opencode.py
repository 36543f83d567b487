"""OpenCode: steps in order, results beside their calls, the same session from an export, a storage folder and a database."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

from onward.core.transcript.transcript import ImportReport, Usage
from onward.errors import NothingRead
from onward.formats import detect, open_source, read


@pytest.fixture
def export(reading, fixtures):
    return reading(fixtures / "opencode" / "export.json")


def write_storage(document, storage, *, old=False):
    """Write an export as OpenCode's storage folder, and return its session file."""
    info = document["info"]
    session = storage / ("session/info" if old else f"session/{info['projectID']}") / f"{info['id']}.json"
    session.parent.mkdir(parents=True, exist_ok=True)
    session.write_text(json.dumps(info))
    base = storage / "session" if old else storage
    for message in document["messages"]:
        message_id = message["info"]["id"]
        path = base / "message" / info["id"] / f"{message_id}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(message["info"]))
        parts = base / "part" / info["id"] / message_id if old else base / "part" / message_id
        parts.mkdir(parents=True, exist_ok=True)
        for part in message["parts"]:
            (parts / f"{part['id']}.json").write_text(json.dumps(part))
    return session


def test_the_head_says_where(export):
    [head] = export.heads
    assert (head.id, head.title, head.cwd, head.parent_id) == (
        "ses_41a0c7d2effe9kQ2b7Vx3LmNpR",
        "Restock report",
        "/home/rina/kopi-stock",
        None,
    )


def test_only_what_the_person_typed_is_said(export):
    assert export.prompts() == [
        "Why is the restock report empty on Mondays?\n\n[attached: report.png]",
        "Jangan ubah exporter. And the tests must pass before you commit.",
        "Also rename the report to restock-weekly",
    ]


def test_steps_and_their_results_stand_in_order(export):
    steps = [
        (turn.role, [call.name for call in turn.calls], [result.call_id for result in turn.results])
        for turn in export.turns
        if turn.line == 1
    ]
    assert steps == [
        ("assistant", ["read", "bash"], []),
        ("tool", [], ["call_7", "call_8"]),
        ("assistant", ["edit"], []),
        ("tool", [], ["call_12"]),
    ]


def test_results_say_how_they_ended_and_a_running_call_has_none(export):
    ended = {result.call_id: (result.is_error, result.exit_code) for turn in export.turns for result in turn.results}
    assert ended == {"call_7": (False, None), "call_8": (False, 1), "call_12": (True, None), "call_17": (False, None)}
    assert "call_18" in {call.id for turn in export.turns for call in turn.calls}


def test_an_answer_costs_once_and_reasoning_is_output(export):
    assert [turn.usage for turn in export.turns if turn.line == 1 and turn.usage] == [
        Usage(input_tokens=9566, output_tokens=488, cache_read_tokens=24064, cache_write_tokens=120)
    ]


def test_a_compaction_is_a_summary_and_an_undone_end_a_rewind(export):
    assert [turn.id for turn in export.turns if turn.mark == "summary"] == ["msg_0005"]
    assert [rewind.to for rewind in export.rewinds] == ["msg_0005"]
    assert export.items[-1] is export.rewinds[0]


def test_a_session_with_a_parent_is_a_sub_agents(reading, fixtures):
    result = reading(fixtures / "opencode" / "subagent.json")
    assert (result.heads[0].id, result.heads[0].parent_id) == ("ses_41a0c7d2effe9kQ2b7Vx3LmNpR", None)
    assert {turn.sidechain for turn in result.turns} == {"ses_child0000000000000000000"}
    assert result.prompts() == []


@pytest.mark.parametrize("old", [False, True], ids=["now", "first"])
def test_the_storage_folder_matches_the_export(export, reading, fixtures, tmp_path, old):
    document = json.loads((fixtures / "opencode" / "export.json").read_text())
    session = write_storage(document, tmp_path / "storage", old=old)
    for origin in (session, tmp_path / "storage", tmp_path):
        result = reading(origin)
        assert result.items == export.items
        assert result.report.records == export.report.records + 1


def test_a_storage_folder_with_damaged_files_gives_the_rest(export, reading, fixtures, tmp_path):
    document = json.loads((fixtures / "opencode" / "export.json").read_text())
    write_storage(document, tmp_path)
    (tmp_path / "message" / document["info"]["id"] / "msg_0003.json").write_text('{"id": "msg_00')
    (tmp_path / "part" / "msg_0002" / "prt_0006.json").unlink()
    (tmp_path / "part" / "msg_0002" / "prt_0006.json").symlink_to("/etc/hostname")
    result = reading(tmp_path)
    assert result.report.malformed == [(0, "msg_0003.json is not a JSON object"), (0, "prt_0006.json is not a JSON object")]
    assert len(result.turns) == len(export.turns) - 1


def test_a_piece_of_a_stored_session_is_known_as_one(reading, fixtures, tmp_path):
    document = json.loads((fixtures / "opencode" / "export.json").read_text())
    write_storage(document, tmp_path)
    for piece in (tmp_path / "message" / document["info"]["id"] / "msg_0001.json", tmp_path / "part" / "msg_0001" / "prt_0001.json"):
        with pytest.raises(NothingRead, match=r"piece of a stored session \(1\)"):
            reading(piece)


def test_a_session_file_cannot_lead_out_of_its_storage(reading, tmp_path):
    path = tmp_path / "storage" / "session" / "p" / "ses_x.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"id": "ses_/../../etc", "projectID": "p", "directory": "/"}))
    report = ImportReport()
    with pytest.raises(NothingRead):
        list(read(open_source(path), report))
    assert report.malformed == [(0, "ses_x.json names no session")]


def test_the_database_matches_the_export(export, reading, fixtures):
    result = reading(fixtures / "opencode" / "opencode.db")
    assert [head.id for head in result.heads] == ["ses_41a0c7d2effe9kQ2b7Vx3LmNpR"] * 2
    assert result.items[: len(export.items)] == export.items


def test_real_sessions_have_the_counts_of_their_own_parts(reading, shared_data):
    files = sorted([*shared_data.glob("gatomia-opencode/opencode/*.json"), *shared_data.glob("agentlogs/opencode/*.json")])
    assert len(files) == 10
    for path in files:
        messages = json.loads(path.read_text())["messages"]
        parts = [part for message in messages for part in message["parts"]]
        result = reading(path)
        assert detect(open_source(path)).NAME == "opencode"
        assert (result.report.records, result.report.malformed_count) == (len(messages) + len(parts), 0)
        tools = [part for part in parts if part["type"] == "tool"]
        assert [call.id for turn in result.turns for call in turn.calls] == [part["callID"] for part in tools]
        answers = {answer.call_id: answer for turn in result.turns for answer in turn.results}
        assert {part["callID"] for part in tools if part["state"]["status"] in {"completed", "error"}} == set(answers)
        for part in tools:
            assert answers[part["callID"]].exit_code == (part["state"].get("metadata") or {}).get("exit")
            assert answers[part["callID"]].is_error == (part["state"]["status"] == "error")
        assert sum(turn.role == "user" for turn in result.turns) >= sum(message["info"]["role"] == "user" for message in messages)
        steps = sum(part["type"] in {"step-start", "step-finish"} for part in parts)
        assert result.report.skipped["edge of a step"] == steps
        assert result.report.skipped.get("encrypted reasoning", 0) == sum(
            part["type"] == "reasoning" and not part["text"] for part in parts
        )


@pytest.fixture
def both(reading, fixtures):
    """A database with the messages of OpenCode 1 and of OpenCode 2."""
    return reading(fixtures / "opencode" / "opencode_2.db")


def test_both_schemas_of_a_database_are_read_and_copied_messages_count_once(both):
    assert [(head.id, head.title, head.cwd) for head in both.heads] == [
        ("ses_0ld5loom", "Thread counts", "/home/eva/loom"),
        ("ses_n3wloom", "Loom patterns", "/home/eva/loom"),
    ]
    assert [turn.text for turn in both.turns[:3]] == ['Count the threads "warp" first', "There are 240 warp threads.", "And the weft?"]
    assert both.report.skipped["copy of an older message"] == 2


def test_an_answer_of_opencode_2_has_its_calls_results_and_usage(both):
    answer = next(turn for turn in both.turns if turn.text.startswith("I mirror"))
    assert [call.name for call in answer.calls] == ["edit", "bash", "webfetch", "todowrite"]
    assert (answer.model, answer.thinking) == ("claude-opus-5", "Mirror means reversed rows.")
    assert answer.usage == Usage(input_tokens=800, output_tokens=70, cache_read_tokens=100, cache_write_tokens=20)
    results = {result.call_id: (result.text, result.is_error, result.exit_code) for turn in both.turns for result in turn.results}
    assert results == {
        "call_1": ("Edit applied successfully.", False, None),
        "call_2": ("1 failed: IndexError: list index out of range", False, 1),
        "call_3": ("The host is not there.", True, None),
        "sh_1": ("M pattern.py", False, None),
    }


def test_marks_and_skipped_messages_of_opencode_2(both):
    assert both.prompts()[2:] == ["Mirror the pattern in pattern.py. Never change the colours.\n\n[attached: pattern.py]", "! git status"]
    assert [turn.text for turn in both.turns if turn.mark == "injected"] == [
        "The folder is /home/eva/loom.",
        "The background task is done.",
    ]
    assert [turn.text for turn in both.turns if turn.mark == "summary"] == ["The rows of pattern.py are mirrored; one test fails."]
    assert both.report.skipped["switch of agent or model"] == 1
    assert both.report.skipped["unknown record type: loom-event"] == 1


def test_a_schema_behind_the_beginning_and_a_store_all_in_its_journal_are_found(both, reading, fixtures, tmp_path):
    path = tmp_path / "opencode.db"
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        for number in range(400):
            writer.execute(
                f"CREATE TABLE filler_{number} (first text NOT NULL, second text NOT NULL, CONSTRAINT only CHECK (first <> second))"
            )
        with closing(sqlite3.connect(fixtures / "opencode" / "opencode_2.db")) as sample:
            writer.executescript("\n".join(sample.iterdump()).replace("BEGIN TRANSACTION;", "").replace("COMMIT;", ""))
        writer.commit()
        assert path.stat().st_size < 64 * 1024
        assert reading(path).items == both.items
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        writer.execute("PRAGMA journal_mode = DELETE")
    assert b"session_v2" not in path.read_bytes()[: 64 * 1024]
    assert reading(path).items == both.items


def test_kilo_code_writes_the_same_database(reading, fixtures, tmp_path):
    shutil.copyfile(fixtures / "opencode" / "opencode_2.db", tmp_path / "kilo.db")
    assert {head.agent for head in reading(tmp_path / "kilo.db").heads} == {"kilo"}


def test_the_brief_of_a_sub_agent_is_not_the_persons(reading):
    review = (
        "You are a code reviewer. Your job is to review code changes and provide actionable feedback.\n\n---\n\nInput: {}\n\n---\n\n"
        "## Determining What to Review\n\nNever review more than you must."
    )
    for prompt, words in ((review.format("the receipts page"), ["the receipts page"]), (review.format(""), []), ("Find the printer.", [])):
        message = {"info": {"id": "msg_1", "role": "user", "sessionID": "ses_1"}, "parts": [{"type": "subtask", "prompt": prompt}]}
        document = {"info": {"id": "ses_1", "projectID": "p", "directory": "/p"}, "messages": [message]}
        result = reading(json.dumps(document).encode())
        assert result.prompts() == words
        assert len(result.turns) == 1
