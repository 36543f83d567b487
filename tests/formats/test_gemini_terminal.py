"""Gemini CLI as its terminal shows it: prompts, answers, calls with their outcome, and what only the client says."""

from __future__ import annotations

import pytest

from onward.core.extract.trace import was_not_run

ANSWER = "I read the list of the lighthouses first, and then write the script that puts them on the map:"


@pytest.fixture
def session(reading, fixtures):
    return reading(fixtures / "gemini_terminal" / "dense.txt")


def calls(session):
    return [call for turn in session.turns for call in turn.calls]


def results(session):
    return [result for turn in session.turns for result in turn.results]


def test_only_the_persons_words_are_prompts(session):
    assert session.prompts() == [
        "Draw the map of the lighthouses. Never draw a lighthouse that is dark, and keep the north on top.",
        "Leave coast.py alone.",
    ]


def test_answers_are_unwrapped_and_notices_left_out(session):
    assert [turn.text for turn in session.turns if turn.role == "assistant" and turn.text] == [
        f"{ANSWER}\n\n * lights.csv has the towers\n * coast.csv has the coast",
        "Drawing: Puts the towers on the map.",
        "The depth stays as it is.",
    ]
    assert {turn.model for turn in session.turns if turn.role == "assistant"} == {"gemini-3-pro-preview"}


def test_calls_have_the_names_and_arguments_of_their_tools(session):
    assert [(call.name, call.arguments) for call in calls(session)] == [
        ("read_file", {"file_path": "lights.csv"}),
        ("grep_search", {"pattern": "dark"}),
        ("write_todos", {"description": "Set 2 todo(s)"}),
        ("read_file", {"file_path": "coast.csv"}),
        ("write_file", {"file_path": "map.py"}),
        ("replace", {"file_path": "coast.py"}),
        ("run_shell_command", {"command": "python map.py --north", "description": "Draw the map."}),
        ("mcp__tides__chart", {"place": "cape"}),
        ("run_shell_command", {"command": "rm map.py"}),
        ("run_shell_command", {"description": "Draws the map again and opens it."}),
    ]


def test_results_have_the_outcome_that_the_screen_shows(session):
    shown = [(result.is_error, result.exit_code, result.text.partition("\n")[0]) for result in results(session)]
    assert shown == [
        (None, None, "Read lines 1-20 of 20 from lights.csv"),
        (None, None, "Found 2 matches"),
        (None, None, "Todos updated"),
        (True, None, "File not found"),
        (None, None, "Accepted (+2, -0)"),
        (True, None, "Tool call rejected by the user."),
        (None, 2, "Command exited with code: 2"),
        (None, None, "high at noon"),
        (True, None, "Tool call cancelled by the user."),
    ]
    assert results(session)[4].text.endswith('1 import csv\n2 print("✦ north")')
    assert [was_not_run(result.text) for result in results(session)] == [False] * 5 + [True, False, False, True]


def test_prompts_and_calls_in_boxes_are_read(reading, fixtures):
    session = reading(fixtures / "gemini_terminal" / "boxed.txt")
    assert session.prompts() == ["count the boats and write them down\nin boats.txt"]
    assert [(call.name, call.arguments) for call in calls(session)] == [
        ("run_shell_command", {"command": "ls boats", "description": "Lists the boats."}),
        ("write_file", {"file_path": "boats.txt"}),
    ]
    assert [turn.text for turn in session.turns if turn.role == "assistant" and turn.text] == ["I count the boats.", "Four boats."]


def test_a_list_of_checks_is_no_screen(reading):
    turns = reading("User: what passed?\n\nAssistant: ✦ all of it\n\n  ✓  unit tests\n  x  smoke tests\n".encode()).turns
    assert [turn.role for turn in turns] == ["user", "assistant"]
