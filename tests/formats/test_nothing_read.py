"""A reader that finds no message says so: at every door, and no project is made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onward.agents import capture
from onward.app.handoffs.distillation import distill_files
from onward.app.projects import projects
from onward.app.transcripts.agent_folders import AgentFolder, survey
from onward.app.transcripts.imports import import_paths
from onward.cli.transcripts import read as print_turns
from onward.core.transcript.transcript import ImportReport
from onward.errors import NothingRead, OnwardError
from onward.store import Store

OPENED = [
    {"timestamp": "2026-11-02T08:00:00Z", "type": "session_meta", "payload": {"id": "c-1", "cwd": "/srv/kiosk", "cli_version": "0.171.0"}},
    {"timestamp": "2026-11-02T08:00:01Z", "type": "turn_context", "payload": {"model": "gpt-6"}},
]
NEW_TYPE = {"timestamp": "2026-11-02T08:00:02Z", "type": "thought_stream", "payload": {"type": "speech", "words": "Print the tickets."}}


def write_lines(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return path


@pytest.fixture
def opened(tmp_path: Path) -> Path:
    """A session that was opened and never used."""
    return write_lines(tmp_path / "rollout-1.jsonl", *OPENED)


@pytest.fixture
def renewed(tmp_path: Path) -> Path:
    """A session in a form that the reader does not know."""
    return write_lines(tmp_path / "rollout-2.jsonl", *OPENED, NEW_TYPE)


@pytest.mark.parametrize("door", [lambda path: distill_files([path]), lambda path: print_turns([str(path)], json=False)])
def test_reading_it_ends_with_2_and_names_the_types(renewed, door):
    with pytest.raises(NothingRead, match=r"unknown record type: thought_stream \(1\)") as refused:
        door(renewed)
    assert (refused.value.exit_code, refused.value.code, refused.value.has_unknown) == (2, "unknown_format", True)


def test_importing_it_makes_no_project(opened, renewed, tmp_path):
    with Store.at_folder(tmp_path / "home") as store:
        outcome = import_paths(store, [opened, renewed])
        assert [isinstance(file.error, NothingRead) for file in outcome.files] == [True, True]
        assert outcome.files[1].report == ImportReport()
        assert projects.list_projects(store) == []


def test_a_session_that_was_only_opened_is_no_fault_of_its_file(opened, renewed):
    transcripts = survey([AgentFolder("codex", opened.parent, ("rollout-*.jsonl",))])
    assert [isinstance(transcript.error, OnwardError) for transcript in transcripts] == [False, True]
    assert [transcript.sessions for transcript in transcripts] == [(), ()]
    assert not capture._has_turn(opened, "")


def test_a_head_comes_with_the_first_turn_of_its_session(reading, tmp_path):
    sessions = [{"id": "a", "messages": []}, {"id": "b", "messages": [{"role": "user", "content": "Print the tickets."}]}]
    (tmp_path / "chats.json").write_text(json.dumps(sessions), "utf-8")
    assert [head.id for head in reading(tmp_path / "chats.json").heads] == ["b"]


@pytest.mark.parametrize("cwd", ["a\0b", "<system-reminder>" * 50, "/" + "kopi/" * 2_000])
def test_a_damaged_folder_costs_no_session(tmp_path: Path, cwd: str) -> None:
    prompt = {"type": "response_item", "payload": {"type": "message", "role": "user", "content": "Print the tickets."}}
    path = write_lines(tmp_path / "rollout-3.jsonl", {**OPENED[0], "payload": {"id": "c-3", "cwd": cwd}}, prompt)
    with Store.at_folder(tmp_path / "home") as store:
        import_paths(store, [path])
        [project] = projects.list_projects(store)
        assert project.totals.turns == 1
