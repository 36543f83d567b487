"""Claude Code as its terminal shows it: prompts, answers, calls with their results, and what only the client says."""

from __future__ import annotations

import pytest

from onward.core.transcript.dialogs import join_dialogs
from onward.formats.claude_terminal import unwrap_output

PROMPT = "Print the harvest of each tree to harvest.csv. Never round a weight, and keep the trees in the order of the rows."
ANSWER = "I read the list of the trees and write the script, which needs the weights of all baskets."


@pytest.fixture
def session(reading, fixtures):
    return reading(fixtures / "claude_terminal" / "export.txt")


def calls(session):
    return [call for turn in session.turns for call in turn.calls]


def test_only_the_persons_words_are_prompts(session):
    assert session.prompts() == [
        f"{PROMPT}\n\n- one line a tree\n- kilograms",
        "Sort it by weight instead.",
    ]
    assert [turn.text for turn in session.turns if turn.mark == "injected"] == ["/rename apples"]


def test_answers_are_unwrapped_and_notices_left_out(session):
    assert [turn.text for turn in session.turns if turn.role == "assistant" and turn.text] == [
        f"{ANSWER}\n\n- trees.csv has the rows\n- baskets.csv has the weights",
        "Basket 7 names no tree. Let me correct the script.",
        "The file is there.",
        "It is sorted by weight.",
    ]


def test_calls_have_the_names_and_arguments_of_their_tools(session):
    assert [(call.name, call.arguments) for call in calls(session)] == [
        (
            "TodoWrite",
            {
                "todos": [
                    {"content": "Read the list of the trees", "status": "completed"},
                    {"content": "Write the script", "status": "pending"},
                ]
            },
        ),
        (
            "AskUserQuestion",
            {"questions": [{"question": "Which separator should the file have?"}, {"question": "Shall it have a header?"}]},
        ),
        ("Write", {"file_path": "/home/ana/orchard/harvest.py"}),
        ("Bash", {"command": "cd /home/ana/orchard && python harvest.py --trees trees.csv --baskets baskets.csv"}),
        ("Edit", {"file_path": "harvest.py"}),
        ("Bash", {"command": "python harvest.py"}),
        ("mcp__weather__forecast", {"place": "orchard", "days": "3"}),
        ("ExitPlanMode", {"plan": "Plan: sort by weight\n\n1. Sort the lines by kilograms"}),
    ]


def test_a_failed_command_has_its_exit_code(session):
    names = {call.id: call.name for call in calls(session)}
    results = [(names[result.call_id], result.is_error, result.exit_code) for turn in session.turns for result in turn.results]
    assert [result for result in results if result[0] == "Bash"] == [("Bash", True, 1), ("Bash", None, 0)]


def test_a_dialog_is_an_exchange_and_an_approved_plan_a_decision(session):
    answered = [turn.text for _, turn in join_dialogs(list(enumerate(session.turns))) if turn.mark == "answered"]
    assert answered == [
        "Which separator should the file have: A semicolon\n\nShall it have a header: Yes",
        "We decided on this plan: Sort the lines by kilograms",
    ]


def test_the_banner_names_version_model_and_folder(session):
    assert session.report.client_version == "2.1.223"
    assert (session.heads[0].agent, session.heads[0].cwd) == ("claude-code", "/home/ana/orchard")
    assert {turn.model for turn in session.turns if turn.role == "assistant"} == {"Opus 4.8"}


def test_a_session_that_begins_with_an_approved_plan_has_it_as_prompt(reading, fixtures):
    session = reading(fixtures / "claude_terminal" / "copied.txt")
    assert [turn.text for turn in session.turns if turn.role == "user"] == [
        "Implement the following plan:\n\nPlan: label the jars\n\n1. Print a label for each jar"
    ]
    assert [call.arguments for call in calls(session)] == [{"command": "python labels.py"}]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["[main 3fa9c21] print the harvest of the old apple t", "rees"], ["[main 3fa9c21] print the harvest of the old apple trees"]),
        (["cannot connect to the printer, and ask ", "whether it runs"], ["cannot connect to the printer, and ask whether it runs"]),
        (["one line", "another line"], ["one line", "another line"]),
    ],
)
def test_output_is_joined_where_the_terminal_broke_it(lines, expected):
    assert unwrap_output(lines, 56) == expected
