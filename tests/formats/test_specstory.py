"""SpecStory: header versions, blocks, quoted sessions, and the details of a call."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from onward.core.transcript.tools import classify_call
from onward.formats.specstory_calls import _result_todos


@pytest.fixture
def claude(reading, fixtures):
    return reading(fixtures / "specstory" / "claude_2026.md")


@pytest.fixture
def cursor(reading, fixtures):
    return reading(fixtures / "specstory" / "cursor_2026.md")


def calls(result):
    return {call.id: (call.name, call.arguments) for turn in result.turns for call in turn.calls}


@pytest.mark.parametrize(
    ("sample", "agent", "session", "started_at", "title"),
    [
        ("claude_2026.md", "claude-code", "6a1d2c3b-4e5f-4071-9283-a4b5c6d7e8f9", datetime(2026, 2, 18, 4, 10, tzinfo=UTC), ""),
        ("cursor_2026.md", "cursor", "0f9e8d7c-6b5a-4493-8271-605f4e3d2c1b", datetime(2026, 4, 2, 7, 30, tzinfo=UTC), "Fix the login form"),
        ("titled_2025.md", "specstory", None, datetime(2025, 5, 14, 2, 11, 7, tzinfo=UTC), "Move the shop to another host"),
        ("first_2025.md", "specstory", None, datetime(2025, 1, 20, 9, 10, tzinfo=UTC), "Adding dark mode"),
    ],
)
def test_every_header_generation_is_understood(reading, fixtures, sample, agent, session, started_at, title):
    [head] = reading(fixtures / "specstory" / sample).heads
    assert (head.agent, head.id, head.started_at, head.title) == (agent, session, started_at, title)


def test_turns_of_the_plain_generations(reading, fixtures):
    assert [(turn.role, turn.text) for turn in reading(fixtures / "specstory" / "first_2025.md").turns] == [
        ("user", "add dark mode"),
        ("assistant", "Dark mode follows the system setting."),
        ("user", "keep a switch for it"),
    ]
    turns = reading(fixtures / "specstory" / "titled_2025.md").turns
    assert (turns[1].text, turns[1].model) == ("I changed `deploy.yml`. Run it with `make deploy`.", "claude-3.5-sonnet")


def test_a_quoted_session_opens_no_turn(claude):
    assert claude.prompts() == [
        "/pr-review 31",
        "The receipt shows the wrong total. Fix it.\n\n---\n\nA rule that I typed: never round before the sum.",
    ]
    read = next(answer for turn in claude.turns for answer in turn.results)
    assert read.text.startswith("_**User (2026-01-01 00:00:00Z)**_")
    assert read.text.endswith("```text\nquoted\n```")


def test_thought_text_and_call_of_one_answer_are_one_turn(claude):
    first = next(turn for turn in claude.turns if turn.role == "assistant")
    assert first.thinking.endswith("which is no call of mine.")
    assert first.text == "I will look at how the total is made."
    assert [call.name for call in first.calls] == ["Read"]
    assert (first.at, first.line) == (datetime(2026, 2, 18, 4, 10, 9, tzinfo=UTC), 23)


def test_what_a_page_shows_of_a_call(claude, cursor):
    assert list(calls(claude).values()) == [
        ("Read", {"file_path": "/home/rina/kopi-stock/docs/session.md"}),
        ("Grep", {"path": "src", "pattern": r"round\("}),
        ("Edit", {"file_path": "/home/rina/kopi-stock/src/receipt.ts"}),
        ("Bash", {"command": "pnpm test 2>&1 | tail -5"}),
        ("Bash", {"command": "pnpm build\npnpm test"}),
        ("Bash", {"command": "pnpm lint"}),
    ]
    done, pending = {"content": "Add a touch handler", "status": "completed"}, {"content": "Test on a small screen"}
    assert list(calls(cursor).values()) == [
        ("read_file_v2", {"file_path": r"c:\shop\src\login.tsx"}),
        ("edit_file_v2", {"file_path": r"c:\shop\src\login.tsx"}),
        ("run_terminal_command_v2", {"command": "npm test 2>&1"}),
        ("todo_write", {"merge": True, "todos": [{**done, "id": "f1"}, {**pending, "id": "f2", "status": "pending"}]}),
        ("AskUserQuestion", {"questions": [{"question": "Which phones must work?"}]}),
        ("TodoWrite", {"todos": [done, {**pending, "status": "in_progress"}]}),
    ]


def test_exit_codes_are_only_what_the_page_shows(claude, cursor):
    shells = [(answer.is_error, answer.exit_code) for turn in claude.turns for answer in turn.results][-2:]
    assert shells == [(True, 1), (None, 0)]
    assert {answer.exit_code for turn in cursor.turns for answer in turn.results} == {None}


def test_a_call_that_the_end_tore_has_no_result(claude):
    assert claude.turns[-1].calls[0].arguments == {"command": "pnpm lint"}
    assert claude.turns[-1].results == ()


def test_programs_and_sub_agents_are_marked(claude):
    marks = [(turn.role, turn.mark, turn.sidechain) for turn in claude.turns if turn.mark != "said" or turn.sidechain]
    assert marks == [("assistant", "said", "sidechain"), ("user", "injected", None), ("assistant", "injected", None)]


def test_calls_between_the_paragraphs_of_one_answer_are_read_in_order(reading):
    call = (
        '<tool-use data-tool-type="shell" data-tool-name="Bash"><details>\n<summary>Tool use: '
        "**Bash**</summary>\n\n`make`\n</details></tool-use>\n"
    )
    quoted = f"```\n\n{call}```\n"
    page = (
        f"<!-- Generated by SpecStory -->\n\n_**User**_\n\n{quoted}\n_**Agent**_\n\nBuilding. Like this:\n{quoted}\n{call}\n{call}\nDone.\n"
    )
    turns = reading(page.encode()).turns
    assert [(turn.role, len(turn.calls)) for turn in turns] == [("user", 0), ("assistant", 2), ("assistant", 0)]
    assert turns[-1].text == "Done."
    assert turns[1].text.startswith("Building. Like this:\n```")


@pytest.fixture
def codex(reading, fixtures):
    return reading(fixtures / "specstory" / "codex_2026.md")


def test_codex_shows_its_commands_in_the_summary_in_a_fence_or_in_a_script(codex):
    actions = [classify_call(call) for turn in codex.turns for call in turn.calls]
    assert [action.command for action in actions if action.command] == [
        'rg -n "columns" tide/print.py',
        "pytest -q \\\n  tests/test_print.py",
        "git commit -qam 'Print two columns'",
    ]
    assert [result.exit_code for turn in codex.turns for result in turn.results] == [0, None, 1]
    assert codex.turns[-1].text == "Two columns are printed; one line is still too long."


def test_codex_shows_every_file_of_a_patch(codex):
    changes = [change for turn in codex.turns for call in turn.calls for change in classify_call(call).changes]
    assert [(change.path, change.kind) for change in changes] == [
        ("tide/print.py", "edited"),
        ("tide/colour.py", "deleted"),
        ("docs/columns.md", "created"),
    ]


def test_codex_shows_how_far_its_plan_is(codex):
    todos = [todo for turn in codex.turns for call in turn.calls for todo in classify_call(call).todos]
    assert [todo.status for todo in todos] == ["completed", "in_progress", "pending"]


TODO_PAGE = """<!-- Generated by SpecStory, Markdown v2.1.0 -->
# Tides
<!-- Cursor IDE Session 1 (2026-10-12 06:40:02Z) -->

_**User**_

go

_**Agent (default)**_

<tool-use data-tool-type="unknown" data-tool-name="todo_write"><details>
<summary>Tool use: **todo_write**</summary>

Parameters:

```json
{{
  "merge": true
}}
```
Result:

```json
{result}
```
Status: **completed**

</details></tool-use>
"""


@pytest.mark.parametrize(
    ("result", "statuses"),
    [
        ('{"finalTodos": [{"content": "a", "status": "completed"}, {"content": "b", "status": "pending"}]}', ["completed", "pending"]),
        ('{"finalTodos": [{"content": "a", "status": "completed"}, {"content": "b", "status": "com\n… (output truncated)', ["completed"]),
        ('[{"content": "a", "status": "completed"}, {"content": "b"', ["completed"]),
        ('{"initialTodos": [{"content": "a", "status": "pending"}', []),
    ],
)
def test_of_a_truncated_task_list_the_whole_entries_count(reading, result, statuses):
    turns = reading(TODO_PAGE.format(result=result).encode()).turns
    assert [todo.status for turn in turns for call in turn.calls for todo in classify_call(call).todos] == statuses


def test_blocks_of_the_first_generation_are_calls(reading, fixtures):
    session = reading(fixtures / "specstory" / "first_with_details_2025.md")
    calls = [(call.name, call.arguments) for turn in session.turns for call in turn.calls]
    assert calls == [("list_dir", {"path": "src/trains"}), ("codebase_search", {"query": "build timetable"})]
    assert ["timetable.ts" in result.text for turn in session.turns for result in turn.results] == [True, True]
    texts = [turn.text for turn in session.turns if turn.role == "assistant" and turn.text]
    assert texts == ["I look for it.", "The timetable is built in `src/trains/timetable.ts`."]


def test_a_truncated_todo_list_never_tells_a_state_that_it_does_not_have():
    states = {"Read it": "completed", "Write it": "completed", "Test it": "in_progress"}
    result = json.dumps({"success": True, "finalTodos": [{"id": text, "content": text, "status": state} for text, state in states.items()]})
    counts = set()
    for end in range(len(result)):
        for tail in ("", "…", "\n... (truncated)"):
            todos = _result_todos("todo_write", result[:end] + tail)
            assert {todo["content"]: todo["status"] for todo in todos}.items() <= states.items()
            counts.add(len(todos))
    assert counts == {0, 1, 2, 3}


@pytest.fixture
def untagged(reading, fixtures):
    return reading(fixtures / "specstory" / "untagged_2025.md")


def test_calls_of_a_page_without_tags_are_read(untagged):
    named = [(call.name, call.arguments) for turn in untagged.turns for call in turn.calls]
    assert [name for name, _ in named] == ["TodoWrite", "Task", "Grep", "Read", "Edit", "Write", "Bash", "Bash", "TodoWrite", "Bash"]
    arguments = [values for _, values in named]
    assert arguments[3] == {"file_path": "./src/export.py"}
    assert arguments[4] == {"file_path": "/home/rani/stock/src/export.py"}
    assert arguments[5]["file_path"] == "/home/rani/stock/tests/test_export.py"
    assert arguments[5]["content"].startswith("def test_the_last_row_is_there():")
    assert arguments[6] == {"command": "cd /home/rani/stock && python -m pytest"}
    assert arguments[7] == {"command": 'git commit -am "Write the last row\n\nThe loop stopped one row early."'}
    assert arguments[8]["todos"] == [
        {"content": "Find the writer of the export", "status": "completed"},
        {"content": "Add a test for the last row", "status": "in_progress"},
    ]


def test_a_page_without_tags_tells_what_failed_and_what_has_no_result(untagged):
    answers = {answer.call_id: answer for turn in untagged.turns for answer in turn.results}
    runs = [call for turn in untagged.turns for call in turn.calls if call.name == "Bash"]
    failed, passed = answers[runs[0].id], answers[runs[1].id]
    assert (failed.is_error, failed.exit_code, failed.text.endswith("1 failed in 0.04s")) == (True, None, True)
    assert (passed.exit_code, passed.text) == (0, "[main 4c1d2e9] Write the last row")
    assert runs[2].id not in answers


def test_a_page_without_tags_has_its_words_and_sub_agents(untagged):
    assert untagged.prompts()[0] == "The export drops the last row. Find out why, then fix it."
    assert untagged.prompts()[-1] == "stop, I run them myself"
    assert [turn.text for turn in untagged.turns if turn.sidechain and turn.role == "user"] == [
        "Find where the rows of the export are written. Report the file and the loop."
    ]
    texts = [turn.text for turn in untagged.turns if turn.text]
    assert "The loop wrote one row too few; it writes all of them now." in texts
    assert not any("Tool use" in text or "task list" in text or "quoted, not said" in text for text in texts)


def test_an_empty_block_below_a_block_of_the_same_tool_is_no_call(reading):
    empty = '<tool-use data-tool-type="read" data-tool-name="read_file_v2"><details>\n<summary>Tool use: **read_file_v2**</summary>\n\n'
    page = (
        "<!-- Generated by SpecStory -->\n\n# 2026-04-09\n\n<!-- cursor Session a1 (2026-04-09 05:18:07Z) -->\n\n"
        "_**User**_\n\nCount the seats.\n\n---\n\n_**Agent (composer-2)**_\n\n"
        '<tool-use data-tool-type="read" data-tool-name="read_file_v2">\n'
        "<details><summary>Tool use: **read_file_v2** • Read file: /home/ana/seats.md</summary>\n\n</details>\n</tool-use>\n\n"
        f"{empty}</details></tool-use>\n\n---\n"
    )
    calls = [call for turn in reading(page.encode()).turns for call in turn.calls]
    assert [(call.name, call.arguments) for call in calls] == [("read_file_v2", {"file_path": "/home/ana/seats.md"})]
