"""Cline and Roo: the user's words inside tags, calls in XML, and one task from either of its files."""

from __future__ import annotations

import json
import shutil

import pytest

from onward.core.transcript.tools import classify_call
from onward.core.transcript.transcript import Usage


@pytest.fixture
def roo(reading, fixtures):
    return reading(fixtures / "cline" / "roo_history.json")


@pytest.fixture
def extension(reading, fixtures):
    return reading(fixtures / "cline" / "cline_history.json")


@pytest.fixture
def sdk(reading, fixtures):
    return reading(fixtures / "cline" / "sdk.json")


@pytest.fixture
def task(fixtures, tmp_path):
    """A task folder with both of its files."""
    folder = tmp_path / "bc93a6f7-cd2e-4686-a832-46e3cd14d338"
    folder.mkdir()
    shutil.copyfile(fixtures / "cline" / "cline_history.json", folder / "api_conversation_history.json")
    shutil.copyfile(fixtures / "cline" / "panel.json", folder / "ui_messages.json")
    return folder


def test_a_persons_words_come_out_of_their_tags(roo, extension):
    assert roo.prompts() == [
        "The restock report is empty on Mondays. Do not touch the exporter.",
        "Jangan tambah html, keep the edit small",
        "Run the tests with the dot reporter",
        "Only Sunday",
    ]
    assert extension.prompts() == ["Add a weekly report", "The menu must be in Indonesian", "Lanjutkan, tapi jangan ubah exporter"]


def test_what_the_editor_shows_is_gone_and_gives_folder_and_model(roo, extension):
    for result in (roo, extension):
        assert not [turn for turn in result.turns if "environment_details" in turn.text]
    assert (roo.heads[0].agent, roo.heads[0].cwd) == ("roo", "/home/rina/kopi-stock")
    assert (extension.heads[0].agent, extension.heads[0].cwd) == ("cline", "/home/rina/kopi-stock")
    assert {turn.model for turn in roo.turns if turn.role == "assistant"} == {"claude-sonnet-4-5"}


def test_calls_come_out_of_the_answers_text(roo):
    calls = {call.name: call.arguments for turn in roo.turns for call in turn.calls}
    assert calls["write_to_file"]["content"] == "if (day > 0) rows = await load();\nconst html = `<content>${rows}</content>`;"
    assert calls["execute_command"] == {"command": "pnpm test report"}
    assert calls["use_mcp_tool"] == {"server_name": "tickets", "tool_name": "close"}
    first = next(turn for turn in roo.turns if turn.role == "assistant")
    assert (first.text, first.thinking) == ("I will read the report.", "Read first.")


def test_results_find_their_calls(roo, extension, sdk):
    for result in (roo, extension, sdk):
        called = {call.id: call.name for turn in result.turns for call in turn.calls}
        assert all(answer.call_id in called for turn in result.turns for answer in turn.results)
    named = {call.id: call.name for turn in roo.turns for call in turn.calls}
    ended = {named[answer.call_id]: (answer.is_error, answer.exit_code) for turn in roo.turns for answer in turn.results}
    assert ended["execute_command"] == (None, 1)
    assert ended["write_to_file"] == (True, None)
    assert [answer.exit_code for turn in extension.turns for answer in turn.results] == [None, 0, None]
    assert [(answer.text, answer.is_error) for turn in sdk.turns for answer in turn.results] == [
        ("Edited src/report.ts", False),
        ("1 failed", True),
    ]


def test_a_persons_next_message_is_no_part_of_a_result(roo):
    [output] = [answer.text for turn in roo.turns for answer in turn.results if "Exit code" in answer.text]
    assert output.endswith("1 failed")


def test_summaries_and_notices_are_marked(roo, extension, sdk):
    assert [turn.text[:25] for turn in roo.turns if turn.mark == "summary"] == ["1. **Previous Conversatio"]
    assert [turn.text.split("\n")[0] for turn in sdk.turns if turn.mark == "summary"] == [
        "Context summary:",
        "Earlier context was compacted. Summary of your actions after the request above:",
    ]
    assert [turn.text[:18] for turn in roo.turns if turn.mark == "injected"] == ["[ERROR] You did no"]
    assert [turn.text[:17] for turn in extension.turns if turn.mark == "injected"] == ["# task_progress R", "[TASK RESUMPTION]"]


def test_answers_say_what_they_cost(extension, sdk):
    assert [turn.usage for turn in extension.turns if turn.usage] == [
        Usage(input_tokens=19, output_tokens=175, cache_read_tokens=10386, cache_write_tokens=0)
    ]
    assert [turn.usage for turn in sdk.turns if turn.usage] == [
        Usage(input_tokens=630, output_tokens=43, cache_read_tokens=534, cache_write_tokens=0)
    ]
    assert sdk.turns[-1].id == "m4:1"


def test_either_file_of_a_task_or_its_folder_gives_the_same_session(task, extension, reading):
    whole = reading(task)
    assert whole.heads[0].id == task.name
    assert reading(task / "api_conversation_history.json").items == whole.items
    by_panel = reading(task / "ui_messages.json")
    assert by_panel.items == whole.items
    assert by_panel.report.skipped["message of the panel, told by the history"] == 18
    assert [turn.text for turn in whole.turns] == [turn.text for turn in extension.turns]
    assert whole.turns[0].at.isoformat() == "2026-01-08T02:11:01.300000+00:00"
    first = next(turn for turn in whole.turns if turn.role == "assistant")
    assert first.usage == Usage(input_tokens=19, output_tokens=175, cache_read_tokens=10386, cache_write_tokens=0)


def test_a_damaged_other_file_costs_only_the_times(task, extension, reading):
    (task / "ui_messages.json").write_text("{")
    assert [turn.text for turn in reading(task).turns] == [turn.text for turn in extension.turns]


def test_a_bad_first_message_costs_neither_the_head_nor_the_rest(roo, reading, fixtures):
    messages = json.loads((fixtures / "cline" / "roo_history.json").read_text())
    result = reading(json.dumps([messages[0], {"role": {}}, *messages[1:]]).encode())
    assert [turn.text for turn in result.turns] == [turn.text for turn in roo.turns]
    result = reading(json.dumps([{**messages[0], "role": None}, *messages[1:]]).encode())
    assert (len(result.heads), result.report.malformed) == (1, [(0, "not a message")])
    assert len(result.turns) == len(roo.turns) - 1


def test_a_sub_task_names_its_parent_and_its_task_is_no_prompt(task, reading, fixtures):
    shutil.copyfile(fixtures / "cline" / "roo_history.json", task / "api_conversation_history.json")
    (task / "history_item.json").write_text(
        json.dumps({"id": task.name, "parentTaskId": "p1", "workspace": "/home/rina/other", "task": "Fill the report"})
    )
    result = reading(task)
    assert (result.heads[0].parent_id, result.heads[0].cwd, result.heads[0].title) == ("p1", "/home/rina/other", "Fill the report")
    assert result.turns[0].mark == "injected"
    assert result.prompts()[0] == "Jangan tambah html, keep the edit small"


@pytest.mark.parametrize("about", ["history_item.json", "task_metadata.json"])
def test_the_panel_of_a_sub_task_begins_with_no_prompt_either(about, task, reading, fixtures):
    shutil.copyfile(fixtures / "cline" / "panel.json", task / "ui_messages.json")
    (task / "api_conversation_history.json").unlink(missing_ok=True)
    (task / about).write_text(json.dumps({"parentTaskId": "p1"}))
    result = reading(task)
    assert result.heads[0].parent_id == "p1"
    assert result.turns[0].mark == "injected"
    assert result.prompts() == ["Hanya hari Minggu"]


def test_a_session_of_the_sdk_takes_its_head_from_the_file_beside_it(fixtures, reading, tmp_path):
    shutil.copyfile(fixtures / "cline" / "sdk.json", tmp_path / "s1.messages.json")
    about = {
        "started_at": "2026-07-15T05:42:04.609Z",
        "cwd": "/home/rina/kopi-stock",
        "metadata": {"title": "Fill", "fork": {"forkedFromSessionId": "s0"}},
    }
    (tmp_path / "s1.json").write_text(json.dumps(about))
    [head] = reading(tmp_path / "s1.messages.json").heads
    assert (head.cwd, head.title, head.parent_id) == ("/home/rina/kopi-stock", "Fill", "s0")


def test_the_panel_alone_is_enough(reading, fixtures):
    result = reading(fixtures / "cline" / "panel.json")
    assert result.prompts() == ["The restock report is empty on Mondays.", "Hanya hari Minggu"]
    assert [call.name for turn in result.turns for call in turn.calls] == ["readFile", "execute_command", "use_mcp_tool"]
    assert [answer.text for turn in result.turns for answer in turn.results] == ["1 failed", "KOPI-12 Empty report"]
    assert [turn.text for turn in result.turns if turn.mark == "summary"] == ["The report is empty on Mondays."]
    assert next(turn.usage for turn in result.turns if turn.usage) == Usage(
        input_tokens=5606, output_tokens=535, cache_read_tokens=900, cache_write_tokens=10
    )


def test_real_tasks_have_the_counts_of_their_own_messages(reading, shared_data):
    files = sorted(shared_data.glob("roo-state-manager-a/*/*/api_conversation_history.json"))
    assert len(files) == 7
    for path in files:
        messages = json.loads(path.read_bytes())
        result = reading(path)
        assert (result.report.format, result.report.malformed_count) == ("cline", 0)
        assert result.report.records == len(messages)
        blocks = [
            (message["role"], block.get("text", ""))
            for message in messages
            if isinstance(message["content"], list)
            for block in message["content"]
        ]
        words = ("<task>", "<feedback>", "<answer>", "<user_message>")
        spoken = [
            text
            for role, text in blocks
            if role == "user"
            and not text.startswith("[")
            and any(text.lstrip("\n").startswith(word) or f"\n{word}" in text[:400] for word in words)
        ]
        about = path.with_name("task_metadata.json")
        is_subtask = about.is_file() and bool(json.loads(about.read_bytes()).get("parentTaskId"))
        assert len(result.prompts()) == len({messages_of(messages, text) for text in spoken}) - is_subtask
        headers = sum(role == "user" and "] Result:" in text and text.startswith("[") for role, text in blocks)
        refused = sum("was not executed" in text[:100] for role, text in blocks if role == "user")
        assert sum(len(turn.results) for turn in result.turns) == headers + refused
        assert result.heads[0].id == path.parent.name


def messages_of(messages, text):
    """Return the index of the message with *text*; the texts of one message are one turn."""
    return next(
        place
        for place, message in enumerate(messages)
        if any(block.get("text") == text for block in message["content"] if isinstance(block, dict))
    )


def test_real_native_calls_have_the_counts_of_their_own_blocks(reading, shared_data):
    for path in (shared_data / "agentlogs/cline/crud.json", *sorted(shared_data.glob("cline-sdk/session/*s*on*.messages.json"))):
        document = json.loads(path.read_bytes())
        messages = document if isinstance(document, list) else document["messages"]
        blocks = [block for message in messages for block in message["content"]]
        result = reading(path)
        assert (result.report.records, result.report.malformed_count) == (len(messages), 0)
        assert [call.id for turn in result.turns for call in turn.calls] == [block["id"] for block in blocks if block["type"] == "tool_use"]
        answered = sum(
            block["type"] == "tool_result" or ("] Result:" in block.get("text", "")[:300] and block["text"].startswith("["))
            for block in blocks
        )
        assert sum(len(turn.results) for turn in result.turns) == answered


def test_commands_of_the_command_line_have_their_exit_codes(reading, fixtures):
    session = reading(fixtures / "cline" / "command_line.json")
    assert session.prompts() == ["Check the seals of the greenhouse log. Never open the vents."]
    commands = [classify_call(call).command for turn in session.turns for call in turn.calls]
    assert commands == ["cat seals.log\npython check.py", "python tighten.py 4"]
    assert [(result.is_error, result.exit_code) for turn in session.turns for result in turn.results] == [(True, 3), (False, 0)]


def test_a_task_list_beside_an_edit_costs_neither(reading, fixtures):
    session = reading(fixtures / "cline" / "progress.json")
    (action,) = [classify_call(call) for turn in session.turns for call in turn.calls]
    assert [change.path for change in action.changes] == ["list.ts"]
    assert [todo.status for todo in action.todos] == ["completed", "pending"]


def test_an_exported_page_is_the_history(reading, fixtures):
    session = reading(fixtures / "cline" / "exported.md")
    assert session.prompts() == ["Label the jars of honey. Never print a label twice.", "The one in the hall."]
    assert [(call.name, call.arguments) for turn in session.turns for call in turn.calls] == [
        ("read_file", {"path": "labels.py", "limit": "500"}),
        ("update_todo_list", {"todos": "[x] Read the labels\n[-] Print them"}),
        ("execute_command", {"command": "python labels.py", "cwd": "/home/ana/honey"}),
        ("ask_followup_question", {"question": "Which printer?", "follow_up": [{"text": "The one in the hall"}]}),
        ("attempt_completion", {"result": "The labels print in the hall."}),
    ]
    results = [result for turn in session.turns for result in turn.results]
    assert [(result.is_error, result.exit_code) for result in results] == [(None, None), (None, None), (True, 2), (None, None)]
    assert results[0].text == 'File: labels.py\n 1 | # **Assistant:**\n 2 | print("label")'
    assert {turn.model for turn in session.turns if turn.role == "assistant"} == {"qwen/qwen3.7-coder"}
    assert [turn.line for turn in session.turns][:3] == [1, 18, 30]
