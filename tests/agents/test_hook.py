"""A hook never fails and never keeps its agent waiting, whatever the agent sends and however the store is."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.agents.payload import AGENTS, EVENTS, START, Payload
from onward.app import completing, imports, projects
from onward.core.own_words import own_words
from onward.store import Store

from .conftest import Desk
from .stand_ins import STAND_INS, ClaudeCode, StandIn

pytestmark = pytest.mark.slow

LIGHT = {
    "asyncio",
    "click",
    "dataclasses",
    "hashlib",
    "importlib.metadata",
    "inspect",
    "orjson",
    "pathlib",
    "platformdirs",
    "pydantic",
    "sqlalchemy",
    "threading",
    "typing",
}
"""What none of the two may import; `subprocess` brings threading along, and git is asked by it."""

ODD: list[object] = [
    "", "{", "null", "[]", '"x"', "\udce4".encode("utf-8", "surrogatepass").decode("utf-8", "replace"), "[" * 50_000, {}, {"session_id": 7, "cwd": ["x"], "transcript_path": {}},
    {"session_id": "a\0b", "cwd": "/no/such/folder", "transcript_path": "/no/such/file"}, {"session_id": "x" * 100_000, "transcript_path": "../../etc/passwd", "cwd": ""},
    {"session_id": "s", "transcript_path": "/dev/null", "cwd": ".", "source": None}, {"workspace_roots": [], "conversation_id": "c"}, {"workspace_roots": [None]},
]  # fmt: skip


def filled(desk: Desk) -> None:
    """Give the desk's project a handoff."""
    one = ClaudeCode(desk, 1)
    one.say("Build a receipts page. Never round the totals of a receipt.", "The receipts page is in `src/receipts.py`.")
    with Store.at_folder(desk.home) as store:
        done = imports.import_paths(store, [one.path], complete=True)
    assert done.files[0].sessions[0].version == 1


@pytest.mark.parametrize("agent", AGENTS)
def test_nothing_that_an_agent_sends_makes_a_hook_fail(agent: str, desk: Desk) -> None:
    filled(desk)
    for payload in ODD:
        for event in EVENTS:
            answer = desk.hook(event, agent, payload)
            assert event == START or answer == {}
    said = {line["fault"].partition(":")[0] for line in desk.log() if line.get("fault")}
    assert {"the agent sent nothing", "what the agent sent is not JSON", "what the agent sent is no object"} <= said


@given(
    st.sampled_from(EVENTS),
    st.text()
    | st.builds(
        json.dumps,
        st.dictionaries(
            st.sampled_from(["session_id", "cwd", "transcript_path", "source", "workspace_roots"]),
            st.none() | st.integers() | st.text() | st.lists(st.text()),
        ),
    ),
)
def test_every_payload_can_be_read(event: str, text: str) -> None:
    payload = Payload("", event, text)
    assert payload.agent in AGENTS
    assert all(isinstance(value, str) and "\0" not in value for value in (payload.session, payload.cwd, payload.transcript, payload.source))


def test_wrong_calls_are_no_failure_either(desk: Desk) -> None:
    for words in (["frob"], [], ["session-start", "--agent", "emacs"], ["session-start", "--frob"], ["stop", "now"]):
        answer = desk.run("hook", *words, said="{}")
        assert (answer.returncode, answer.stdout, answer.stderr) == (0, "{}\n", "")
    assert [line["fault"].partition(":")[0] for line in desk.log()] == ["wrong call"] * 5
    assert "session-start" in desk.run("hook", "--help").stdout


def broken(kind: str, desk: Desk) -> sqlite3.Connection | None:
    path = desk.home / "onward.db"
    if kind == "missing":
        path.unlink()
    elif kind == "damaged":
        path.write_bytes(path.read_bytes()[:3000] + b"\0" * 50_000)
    elif kind == "no database":
        path.write_bytes(b"not a database at all" * 100)
    elif kind == "too new":
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
            connection.execute("ALTER TABLE handoffs RENAME COLUMN markdown TO page")
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "locked":
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("BEGIN EXCLUSIVE")
        return connection
    elif kind == "bad settings":
        (desk.home / "onward.toml").write_text("worktrees = ")
    elif kind == "no PostgreSQL":
        (desk.home / "onward.toml").write_text('database_url = "postgresql://nobody@127.0.0.1:9/none"')
    return None


@pytest.mark.parametrize("kind", ["missing", "damaged", "no database", "too new", "empty", "locked", "bad settings", "no PostgreSQL"])
def test_whatever_the_store_is_like_the_agent_goes_on(kind: str, desk: Desk) -> None:
    filled(desk)
    holder = broken(kind, desk)
    one = ClaudeCode(desk, 2)
    answer = desk.hook(START, one.agent, one.payload("SessionStart", source="startup"))
    if kind == "missing":
        assert "there is none yet" in str(answer)
    else:
        assert answer == {}
        assert desk.log()[-1]["fault"]
        assert desk.log()[-1]["hint"]
    one.say("Print receipts.", "Done.")
    one.end()
    if holder:
        holder.close()
    desk.settle()
    assert [note.session for note in desk.notes()] == ([] if kind in ("missing", "empty", "locked") else [one.id])


def test_a_full_disk_and_a_home_that_may_not_be_written_cost_nothing_but_the_note(desk: Desk) -> None:
    filled(desk)
    (desk.home / "hooks").write_text("a file where a folder should be")
    one = ClaudeCode(desk, 2)
    assert "Never round" in one.begin()
    assert one.end() is True


def test_the_answer_has_each_agents_own_shape(desk: Desk) -> None:
    filled(desk)
    for agent, make in STAND_INS.items():
        one = make(desk, 2)
        answer = desk.hook(START, agent, one.payload(one.events[0], source="startup"))
        if agent == "cursor":
            assert list(answer) == ["additional_context"]
        else:
            assert list(answer) == ["hookSpecificOutput"]
            assert list(answer["hookSpecificOutput"]) == ["hookEventName", "additionalContext"]
            assert answer["hookSpecificOutput"]["hookEventName"] == "SessionStart"
        assert "Never round the totals of a receipt." in one.answered(answer)
        assert own_words(one.answered(answer)) == ""
        told = desk.run("hook", START, "--json", said=json.dumps(one.payload(one.events[0])))
        assert json.loads(told.stdout)["agent"] == agent


def test_a_session_that_is_resumed_is_not_told_its_own_handoff(desk: Desk) -> None:
    filled(desk)
    one, other = ClaudeCode(desk, 1), ClaudeCode(desk, 2)
    assert desk.hook(START, one.agent, one.payload("SessionStart", source="resume")) == {}
    assert "Never round" in str(desk.hook(START, one.agent, one.payload("SessionStart", source="compact")))
    assert "Never round" in str(desk.hook(START, other.agent, other.payload("SessionStart", source="resume")))


def test_a_transcript_that_is_not_where_the_agent_says_is_found_by_its_id(desk: Desk) -> None:
    for day, (agent, make) in enumerate(STAND_INS.items(), 1):
        one: StandIn = make(desk, day)
        one.said = [("Never round the totals.", "All right.")]
        one.path.parent.mkdir(parents=True, exist_ok=True)
        one.path.write_text(one.content())
        other = ClaudeCode(desk, 20 + day)
        other.say("Something else altogether.", "Yes.")
        wrong = {"transcript_path": str(other.path if agent == "claude-code" else desk.folder / "gone.jsonl")}
        desk.hook("pre-compact", agent, {**one.payload(one.events[1], trigger="auto"), **wrong})
        assert desk.settle(day)[-1]["what"] == f"session {day} of shop: 2 new turns"


def test_an_agent_that_keeps_its_end_open_is_answered_all_the_same(desk: Desk) -> None:
    filled(desk)
    one = ClaudeCode(desk, 2)
    environment = {**os.environ, "HOME": str(desk.me), "ONWARD_HOME": str(desk.home)}
    command = [sys.executable, "-m", "onward", "hook", START, "--agent", one.agent]
    with subprocess.Popen(command, env=environment, cwd=desk.shop, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(one.payload("SessionStart", source="startup")))
        process.stdin.flush()
        assert "Never round" in process.stdout.read()


def test_a_session_without_a_turn_makes_no_project(desk: Desk) -> None:
    one = ClaudeCode(desk, 1)
    one.begin()
    one.path.parent.mkdir(parents=True)
    one.path.write_text(json.dumps({"type": "summary", "summary": "A title", "leafUuid": "x"}) + "\n")
    one.end()
    assert desk.settle()[0]["what"].startswith("nothing: no turn")
    desk.until(lambda: not desk.notes())
    assert json.loads(desk.run("project", "list", "--json").stdout) == []


def test_two_at_once_and_one_that_was_killed_lose_nothing_and_keep_nothing_twice(desk: Desk) -> None:
    one = ClaudeCode(desk, 1)
    one.begin()
    for place in range(8):
        one.say(f"Step {place}: never touch port {4000 + place}.", f"Step {place} is done.")
    environment = {**os.environ, "HOME": str(desk.me), "ONWARD_HOME": str(desk.home)}
    [note] = desk.notes()
    command = [sys.executable, "-m", "onward.agents.capturing", "session-end", note.path]
    for after in (0.05, 0.3, 0.5):
        process = subprocess.Popen(command, env=environment)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(after)
        process.kill()
        process.wait()
    [note] = desk.notes()
    both = [subprocess.Popen(command, env=environment) for _ in range(2)]
    one.end()
    assert [process.wait(60) for process in both] == [0, 0]
    desk.until(lambda: not desk.notes())
    with Store.at_folder(desk.home) as store:
        project = projects.listed(store)[0]
        assert (project.totals.sessions, project.totals.completed, project.totals.turns) == (1, 1, 16)


def test_too_long_a_handoff_fits_what_the_agent_takes(desk: Desk) -> None:
    one = ClaudeCode(desk, 1)
    for place in range(60):
        one.said.append(
            (
                f"Never touch the generated client of part {place}, whatever anybody says about it. " + "Please. " * 20,
                f"We decided to keep part {place} in `src/part_{place}.py` because rounding lost {place} orders last week.",
            )
        )
    one.said.append(("Now the rest.", "It is done."))
    one.path.parent.mkdir(parents=True, exist_ok=True)
    one.path.write_text(one.content())
    with Store.at_folder(desk.home) as store:
        done = imports.import_paths(store, [one.path])
        completing.complete(store, done.files[0].sessions[0].session, budget_tokens=8000)
    two = ClaudeCode(desk, 2)
    told = two.begin()
    assert 6_000 < len(told.encode()) <= 9_500
    assert "too long for this agent's hooks" in told
    assert own_words(told) == ""
    assert len(STAND_INS["gemini-cli"](desk, 3).begin().encode()) > 10_000


def imported_by(words: list[str], desk: Desk, said: str) -> set[str]:
    program = f"import sys; sys.argv = ['onward', *{words!r}]\nfrom onward.cli.main import main\nmain({words!r})\nsys.stderr.write(' '.join(sys.modules))"
    environment = {**os.environ, "HOME": str(desk.me), "ONWARD_HOME": str(desk.home)}
    environment.pop("COVERAGE_PROCESS_START", None)
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[2] / "src")},
        cwd=desk.shop,
        input=said,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


def test_what_starts_at_once_imports_no_more_than_it_needs(desk: Desk) -> None:
    filled(desk)
    two = ClaudeCode(desk, 2)
    two.path.parent.mkdir(parents=True, exist_ok=True)
    two.path.touch()
    assert imported_by(["--version"], desk, "") & (LIGHT | {"json", "sqlite3", "re", "subprocess"}) == set()
    start: dict[str, Any] = two.payload("SessionStart", source="startup")
    modules = imported_by(["hook", START, "--agent", "claude-code"], desk, json.dumps(start))
    assert modules & LIGHT <= {"threading"}
    assert {name for name in modules if name.startswith("onward")} == {
        "onward", "onward.errors", "onward.whereabouts", "onward.cli", "onward.cli.main", "onward.app", "onward.app.place", "onward.app.since",
        "onward.core", "onward.core.headings", "onward.core.page", "onward.core.paths",
        "onward.agents", "onward.agents.hook", "onward.agents.master", "onward.agents.notes", "onward.agents.payload", "onward.agents.record", "onward.agents.starting",
    }  # fmt: skip
