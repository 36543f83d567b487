"""What never said goodbye is swept up: once, and nobody else's."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from onward.agents import sweeping
from onward.app import imports, projects, sessions
from onward.app import sweeping as swept_up
from onward.app.discovery import AgentFolder
from onward.app.sweeping import sweep
from onward.store import Store

from .conftest import Desk, git
from .stand_ins import STAND_INS, ClaudeCode, Codex

HALF_AN_HOUR = timedelta(minutes=30)


def age(path: Path, by: timedelta) -> None:
    at = (datetime.now(UTC) - by).timestamp()
    os.utime(path, (at, at))


def folder_of(desk: Desk) -> list[AgentFolder]:
    return [AgentFolder("Claude Code", desk.me / ".claude" / "projects", ("*/*.jsonl",))]


def session(desk: Desk, day: int, said: str = "Never round the totals.") -> ClaudeCode:
    one = ClaudeCode(desk, day)
    one.say(said, "All right.")
    return one


def test_what_is_quiet_is_completed_and_what_is_not_is_left(store: Store, desk: Desk) -> None:
    quiet, busy = session(desk, 1), session(desk, 2)
    imports.import_paths(store, [quiet.path, busy.path])
    age(quiet.path, HALF_AN_HOUR * 2)
    swept = sweep(store, [], quiet=HALF_AN_HOUR)
    assert [(one.project, one.session.number, one.version) for one in swept.sessions] == [("shop", 1, 1)]
    assert sweep(store, [], quiet=HALF_AN_HOUR).sessions == []
    age(busy.path, HALF_AN_HOUR * 2)
    assert [one.session.number for one in sweep(store, [], quiet=HALF_AN_HOUR).sessions] == [2]


def test_transcripts_of_known_projects_come_in_and_others_stay_out(store: Store, desk: Desk) -> None:
    known = session(desk, 1)
    imports.import_paths(store, [known.path], complete=True)
    left, growing = session(desk, 2, "Print receipts."), session(desk, 3)
    age(left.path, HALF_AN_HOUR * 2)
    elsewhere = Desk(desk.folder / "elsewhere")
    elsewhere.shop.mkdir(parents=True)
    git(elsewhere.shop, "init", "--quiet")
    foreign = ClaudeCode(elsewhere, 4)
    foreign.say("Another project.", "Yes.")
    copy = left.path.with_name("foreign.jsonl")
    copy.write_bytes(foreign.path.read_bytes())
    broken = left.path.with_name("broken.jsonl")
    broken.write_bytes(b"\0" * 10_000)
    for path in (copy, broken):
        age(path, HALF_AN_HOUR * 2)
    swept = sweep(store, folder_of(desk), quiet=HALF_AN_HOUR)
    assert [file.path for file in swept.files] == [str(left.path)]
    assert [one.session.number for one in swept.sessions] == [2]
    assert swept.passed_over == 2
    assert [line.project.name for line in projects.listed(store)] == ["shop"]
    assert sweep(store, folder_of(desk), quiet=HALF_AN_HOUR).files == []
    age(growing.path, HALF_AN_HOUR * 2)
    assert [file.path for file in sweep(store, folder_of(desk), quiet=HALF_AN_HOUR).files] == [str(growing.path)]


def test_one_session_that_cannot_be_completed_costs_no_other(store: Store, desk: Desk) -> None:
    both = [session(desk, 1), session(desk, 2)]
    imports.import_paths(store, [one.path for one in both])
    for one in both:
        age(one.path, HALF_AN_HOUR * 2)
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE turns SET body = 'x' WHERE ordinal = 1 AND session_id = (SELECT min(id) FROM sessions)")
    swept = sweep(store, [], quiet=HALF_AN_HOUR)
    assert [one.version is None for one in swept.sessions] == [True, False]


def test_a_session_without_a_transcript_is_over_after_a_day(store: Store) -> None:
    project = projects.new(store, "by-hand")
    sessions.start(store, project)
    assert sweep(store, [], quiet=timedelta(0)).sessions == []


def test_only_one_sweeps_at_a_time(open_again: Callable[[], Store]) -> None:
    with open_again() as one, open_again() as other:
        with swept_up.only_one(one) as first, swept_up.only_one(other) as second:
            assert (first, second) == (True, False)
        with swept_up.only_one(other) as later:
            assert later


@pytest.mark.slow
@pytest.mark.parametrize("agent", list(STAND_INS))
def test_a_crash_that_nobody_followed_is_swept_up(agent: str, desk: Desk) -> None:
    one = STAND_INS[agent](desk, 1)
    one.begin()
    one.say("Never round the totals of a receipt.", "We decided to print on the Epson because it is there.")
    one.crash()
    assert "session" not in desk.run("sweep").stdout
    age(one.path, HALF_AN_HOUR * 2)
    for note in desk.notes():
        # Where the agent does not say where its transcript is, the note's own age counts.
        values = json.loads(Path(note.path).read_text())
        Path(note.path).write_text(json.dumps({**values, "at": time.time() - 7200}))
    told = desk.run("sweep", "--json")
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["noted"][0]["numbers"] == [1]
    assert "Nothing was left open." in desk.run("sweep").stdout
    assert "Never round" in desk.run("handoff").stdout


@pytest.mark.slow
def test_beside_a_server_it_happens_by_itself(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Codex(desk, 1)
    one.begin()
    one.say("Never round the totals of a receipt.", "All right.")
    desk.settle()
    age(one.path, HALF_AN_HOUR * 2)
    monkeypatch.setattr(sweeping, "FIRST_SECONDS", 0.0)
    monkeypatch.setenv("HOME", str(desk.me))
    monkeypatch.setenv("ONWARD_HOME", str(desk.home))
    monkeypatch.delenv("CODEX_HOME", raising=False)
    with Store.at_folder(desk.home) as store, sweeping.start(desk.shop):
        project = projects.listed(store)[0].project
        desk.until(lambda: sessions.find(store, project, 1).status == "completed")
