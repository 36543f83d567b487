"""Codex as its terminal shows it: prompts, answers, acts with what they found, and what only the client says."""

from __future__ import annotations

import pytest

from onward.core.transcript.tools import classify_call
from onward.formats import codex_terminal

ANSWER = "I read the list of the trees first, and then write a script that leaves out the dead ones:"


@pytest.fixture
def session(reading, fixtures):
    return reading(fixtures / "codex_terminal" / "copied.txt")


def calls(session):
    return [call for turn in session.turns for call in turn.calls]


def test_only_the_persons_words_are_prompts(session):
    assert session.prompts() == [
        "Prune the list of the trees. Never drop a tree that bears fruit, and keep the order of the rows.",
        "Is the pear still there?",
    ]
    assert [turn.text for turn in session.turns if turn.mark == "injected"] == ["/status"]


def test_answers_are_unwrapped_and_notices_left_out(session):
    assert [turn.text for turn in session.turns if turn.role == "assistant" and turn.text] == [
        f"{ANSWER}\n\n- trees.csv has the rows",
        "Yes, in row 2.",
    ]
    assert (session.heads[0].agent, session.heads[0].cwd, session.turns[1].model) == ("codex", "/home/ana/orchard", "gpt-5.2")


def test_acts_are_calls_with_what_they_found(session):
    assert [(call.name, call.arguments) for call in calls(session) if call.name != "apply_patch"] == [
        ("read", {"path": "trees.csv"}),
        ("read", {"path": "rows.py"}),
        ("search", {"pattern": "dead in rows.py"}),
        (
            "update_plan",
            {
                "plan": [
                    {"step": "Read the list of the trees", "status": "completed"},
                    {"step": "Write the script", "status": "pending"},
                ]
            },
        ),
        ("shell", {"command": "python prune.py --trees trees.csv \\\n--out pruned.csv"}),
        ("mcp__weather__forecast", {"place": "orchard"}),
    ]
    results = [result.text for turn in session.turns for result in turn.results if result.text]
    assert results == ["4 trees are left\n… +12 lines\n• none is dead", "It rains."]


def test_edits_are_changes_of_their_files(session):
    changes = [change for call in calls(session) for change in classify_call(call).changes]
    assert [(change.path, change.kind) for change in changes] == [
        ("prune.py", "created"),
        ("rows.py", "edited"),
        ("old.csv", "edited"),
        ("bare.csv", "renamed"),
    ]


def test_a_first_prompt_without_its_mark_is_the_persons(reading, fixtures):
    screen = (fixtures / "codex_terminal" / "copied.txt").read_text("utf-8").partition("› Prune")[2]
    copied = reading(f" Prune{screen}".encode())
    assert copied.report.format == "codex-terminal"
    assert copied.prompts() == [
        "Prune the list of the trees. Never drop a tree that bears fruit, and keep the order of the rows.",
        "Is the pear still there?",
    ]
    assert len(calls(copied)) == 8


def test_lines_above_a_prompt_are_the_shells(reading, fixtures):
    screen = (fixtures / "codex_terminal" / "copied.txt").read_text("utf-8")
    assert reading(f"$ codex\n\n{screen}".encode()).prompts()[0].startswith("Prune the list")


def test_a_list_with_bullets_is_no_screen():
    text = "Trees\n\n• Ran the saw\n  and the mower\n› Next page\n  └ leaf\n"
    assert not codex_terminal.detect(text.encode())
