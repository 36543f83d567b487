"""Sessions that never ended are swept once, and only those of this store."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from onward.agents import sweep_schedule
from onward.app.projects import projects
from onward.app.sessions import sessions
from onward.app.transcripts import imports
from onward.app.transcripts import sweep as swept_up
from onward.app.transcripts.agent_folders import AgentFolder
from onward.app.transcripts.sweep import sweep
from onward.store import Store, schema

from .conftest import Sandbox, git
from .simulated_agents import STAND_INS, ClaudeCode, Codex

HALF_AN_HOUR = timedelta(minutes=30)


def make_older(path: Path, by: timedelta) -> None:
    at = (datetime.now(UTC) - by).timestamp()
    os.utime(path, (at, at))


def folder_of(sandbox: Sandbox) -> list[AgentFolder]:
    return [AgentFolder("claude-code", sandbox.person_home / ".claude" / "projects", ("*/*.jsonl",))]


def write_session(sandbox: Sandbox, day: int, prompt: str = "Never round the totals.") -> ClaudeCode:
    stand_in = ClaudeCode(sandbox, day)
    stand_in.say(prompt, "All right.")
    return stand_in


def test_quiet_sessions_are_completed_and_others_stay_open(store: Store, sandbox: Sandbox) -> None:
    quiet, busy = write_session(sandbox, 1), write_session(sandbox, 2)
    imports.import_paths(store, [quiet.path, busy.path])
    make_older(quiet.path, HALF_AN_HOUR * 2)
    swept = sweep(store, [], quiet=HALF_AN_HOUR)
    assert [(completion.project, completion.session.number, completion.version) for completion in swept.sessions] == [("shop", 1, 1)]
    assert sweep(store, [], quiet=HALF_AN_HOUR).sessions == []
    make_older(busy.path, HALF_AN_HOUR * 2)
    assert [completion.session.number for completion in sweep(store, [], quiet=HALF_AN_HOUR).sessions] == [2]


def test_transcripts_of_known_projects_come_in_and_others_stay_out(store: Store, sandbox: Sandbox) -> None:
    completed_session = write_session(sandbox, 1)
    imports.import_paths(store, [completed_session.path], complete=True)
    quiet_session, growing = write_session(sandbox, 2, "Print receipts."), write_session(sandbox, 3)
    make_older(quiet_session.path, HALF_AN_HOUR * 2)
    elsewhere = Sandbox(sandbox.folder / "elsewhere")
    elsewhere.shop.mkdir(parents=True)
    git(elsewhere.shop, "init", "--quiet")
    foreign = ClaudeCode(elsewhere, 4)
    foreign.say("Another project.", "Yes.")
    copy = quiet_session.path.with_name("foreign.jsonl")
    copy.write_bytes(foreign.path.read_bytes())
    broken = quiet_session.path.with_name("broken.jsonl")
    broken.write_bytes(b"\0" * 10_000)
    for path in (copy, broken):
        make_older(path, HALF_AN_HOUR * 2)
    swept = sweep(store, folder_of(sandbox), quiet=HALF_AN_HOUR)
    assert [file.path for file in swept.files] == [str(quiet_session.path)]
    assert [completion.session.number for completion in swept.sessions] == [2]
    assert swept.skipped_files == 2
    assert [line.project.name for line in projects.list_projects(store)] == ["shop"]
    assert sweep(store, folder_of(sandbox), quiet=HALF_AN_HOUR).files == []
    make_older(growing.path, HALF_AN_HOUR * 2)
    assert [file.path for file in sweep(store, folder_of(sandbox), quiet=HALF_AN_HOUR).files] == [str(growing.path)]


def test_a_damaged_turn_stops_no_session(store: Store, sandbox: Sandbox) -> None:
    both = [write_session(sandbox, 1), write_session(sandbox, 2)]
    imports.import_paths(store, [stand_in.path for stand_in in both])
    for stand_in in both:
        make_older(stand_in.path, HALF_AN_HOUR * 2)
    with store.write() as connection:
        first_session = select(func.min(schema.sessions.c.id)).scalar_subquery()
        damaged = (schema.turns.c.ordinal == 1) & (schema.turns.c.session_id == first_session)
        connection.execute(update(schema.turns).where(damaged).values(body=b"x"))
    swept = sweep(store, [], quiet=HALF_AN_HOUR)
    assert [completion.version is None for completion in swept.sessions] == [False, False]


def test_a_session_without_a_transcript_is_over_after_a_day(store: Store) -> None:
    project = projects.create(store, "by-hand")
    sessions.start(store, project)
    assert sweep(store, [], quiet=timedelta(0)).sessions == []


def test_only_one_sweeps_at_a_time(open_again: Callable[[], Store]) -> None:
    with open_again() as first_store, open_again() as other:
        with swept_up.lock_sweep(first_store) as first, swept_up.lock_sweep(other) as second:
            assert (first, second) == (True, False)
        with swept_up.lock_sweep(other) as later:
            assert later


@pytest.mark.slow
@pytest.mark.parametrize("agent", list(STAND_INS))
def test_a_crash_without_a_follower_is_swept_up(agent: str, sandbox: Sandbox) -> None:
    stand_in = STAND_INS[agent](sandbox, 1)
    stand_in.begin()
    stand_in.say("Never round the totals of a receipt.", "We decided to print on the Epson because it is there.")
    stand_in.crash()
    assert sandbox.run("sweep").stdout == "No unfinished sessions found.\n"
    make_older(stand_in.path, HALF_AN_HOUR * 2)
    for note in sandbox.notes():
        # If the agent does not report its transcript, the age of the note counts.
        values = json.loads(Path(note.path).read_text())
        Path(note.path).write_text(json.dumps({**values, "hook_at": time.time() - 7200}))
    result = sandbox.run("sweep", "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["captures"][0]["session_numbers"] == [1]
    assert "No unfinished sessions found." in sandbox.run("sweep").stdout
    assert "Never round" in sandbox.run("handoff").stdout


@pytest.mark.slow
def test_a_server_sweeps_automatically(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = Codex(sandbox, 1)
    stand_in.begin()
    stand_in.say("Never round the totals of a receipt.", "All right.")
    sandbox.wait_for_captures()
    make_older(stand_in.path, HALF_AN_HOUR * 2)
    monkeypatch.setattr(sweep_schedule, "FIRST_SECONDS", 0.0)
    monkeypatch.setenv("HOME", str(sandbox.person_home))
    monkeypatch.setenv("ONWARD_HOME", str(sandbox.home))
    monkeypatch.delenv("CODEX_HOME", raising=False)
    with Store.at_folder(sandbox.home) as store, sweep_schedule.start(sandbox.shop):
        project = projects.list_projects(store)[0].project
        sandbox.wait_until(lambda: sessions.require(store, project, 1).status == "completed")
