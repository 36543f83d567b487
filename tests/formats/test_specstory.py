"""SpecStory: header generations, blocks, quoted sessions, and what a page shows of a call."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest


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
    assert claude.said() == ["31", "The receipt shows the wrong total. Fix it.\n\n---\n\nA rule that I typed: never round before the sum."]
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
