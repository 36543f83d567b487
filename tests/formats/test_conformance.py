"""The matrix of what each format carries, and the sessions of all agents found in a home folder without a path."""

from __future__ import annotations

from importlib import import_module

import pytest
from tests.formats.conformance import EMPTY, FILLED, PROPERTIES, build_home, matrix

from onward.app.transcripts.agent_folders import agent_folders, survey
from onward.formats import FORMATS
from onward.settings import Machine

MODULES = [import_module(f"onward.formats.{name}") for name in FORMATS]


@pytest.fixture(scope="module")
def rows():
    return matrix()


def test_formats_carry_what_they_can(rows):
    filled, empty = (sum(row.count(mark) for row in rows) for mark in (FILLED, EMPTY))
    assert len({row.agent for row in rows}) >= 28
    assert filled / (filled + empty) >= 0.95, [(row.agent, row.format, row.cells) for row in rows if row.count(EMPTY)]


def test_every_row_has_both_sides(rows):
    assert [row for row in rows if row.cells["roles"] != FILLED] == []


def test_what_a_format_cannot_carry_has_a_reason():
    for module in MODULES:
        for key, reason in getattr(module, "UNRECORDED", {}).items():
            assert key.rpartition(": ")[2] in PROPERTIES, module
            assert len(reason.split()) >= 4, module


def test_what_a_format_cannot_carry_is_not_there(rows):
    for module in MODULES:
        for row in rows:
            if row.format == module.NAME:
                assert not [key for key in getattr(module, "UNRECORDED", {}) if row.cells.get(key) == FILLED]


def test_sessions_are_found_without_a_path(tmp_path):
    paths = build_home(tmp_path)
    machine = Machine(home=tmp_path, system="linux")
    transcripts = {transcript.path: transcript for transcript in survey(agent_folders(machine, tmp_path))}
    assert set(transcripts) == set(paths)
    assert [transcript.error for transcript in transcripts.values() if transcript.error] == []
    for path, transcript in transcripts.items():
        head = transcript.sessions[0].head
        needs_none = "checkpoint" in path.name or ".hermes" in path.parts
        assert head.cwd.startswith("/home/") or needs_none, path
