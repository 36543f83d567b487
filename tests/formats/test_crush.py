"""Crush: sessions of a database, a person's own commands, a sub-agent's session."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest


@pytest.fixture
def session(reading, fixtures):
    return reading(fixtures / "crush" / "crush.db")


def test_a_sub_agent_is_no_person(session):
    assert session.prompts() == ["Show opening hours on the door display. Never show yesterday's."]
    assert [(head.id, head.parent_id) for head in session.heads] == [("cr-1", None), ("cr-1", None)]
    assert session.report.sessions == 1
    assert {turn.sidechain for turn in session.turns} == {None, "cr-1$$call_9"}


def test_a_failed_command_has_its_exit_code(session):
    results = {result.call_id: result for turn in session.turns for result in turn.results}
    assert (results["call_2"].is_error, results["call_2"].exit_code) == (True, 1)


def test_results_without_the_name_of_their_tool_have_the_exit_code_of_a_shell(reading, fixtures, tmp_path):
    database = tmp_path / "crush.db"
    database.write_bytes((fixtures / "crush" / "crush.db").read_bytes())
    data = {"tool_call_id": "call_2", "name": "", "content": "lint\nExit code 3\n\n<cwd>/door</cwd>", "is_error": False}
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "UPDATE messages SET parts = ? WHERE role = 'tool' AND parts LIKE '%call_2%'",
            (json.dumps([{"type": "tool_result", "data": data}]),),
        )
    results = {result.call_id: result for turn in reading(database).turns for result in turn.results}
    assert (results["call_2"].is_error, results["call_2"].exit_code) == (True, 3)


def test_a_command_that_the_person_ran_is_theirs(session):
    turn = next(turn for turn in session.turns if turn.text == "!go vet ./...")
    assert (turn.role, turn.mark, turn.calls[0].arguments) == ("user", "injected", {"command": "go vet ./..."})


def test_the_folder_is_the_one_that_holds_the_database(reading, fixtures, tmp_path):
    database = tmp_path / "door" / ".crush" / "crush.db"
    database.parent.mkdir(parents=True)
    database.write_bytes((fixtures / "crush" / "crush.db").read_bytes())
    assert reading(database).heads[0].cwd == str(tmp_path / "door")
