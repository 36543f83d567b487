"""A hook never fails and never delays its agent, whatever the agent sends and whatever the state of the store."""

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

from onward.agents import capture, hook, hook_log
from onward.agents.payload import CATCH_UP, END, EVENTS, START, HookPayload
from onward.agents.session_start import LATE_HANDOFF
from onward.app.projects import projects
from onward.app.sessions import completion
from onward.app.transcripts import imports
from onward.core.agents import HOOK_AGENT_IDS, find_agent
from onward.core.transcript.authored_text import author_text
from onward.core.transcript.transcript import SessionHead
from onward.store import Store

from .conftest import Sandbox
from .simulated_agents import STAND_INS, ClaudeCode, StandIn

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
"""Modules that neither hook may import; `subprocess` imports threading, and git is called through it."""

ODD_PAYLOADS: list[object] = [
    "",
    "{",
    "null",
    "[]",
    '"x"',
    "\udce4".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    "[" * 50_000,
    {},
    {"session_id": 7, "cwd": ["x"], "transcript_path": {}},
    {"session_id": "a\0b", "cwd": "/no/such/folder", "transcript_path": "/no/such/file"},
    {"session_id": "x" * 100_000, "transcript_path": "../../etc/passwd", "cwd": ""},
    {"session_id": "s", "transcript_path": "/dev/null", "cwd": ".", "source": None},
    {"workspace_roots": [], "conversation_id": "c"},
    {"workspace_roots": [None]},
]


ANSWER_KEYS = {"cursor": "additional_context", "copilot": "additionalContext"}
"""The member of a hook's answer with the text, where it is not Claude Code's."""


def store_handoff(sandbox: Sandbox) -> None:
    """Give the project of the sandbox a handoff."""
    stand_in = ClaudeCode(sandbox, 1)
    stand_in.say("Build a receipts page. Never round the totals of a receipt.", "The receipts page is in `src/receipts.py`.")
    with Store.at_folder(sandbox.home) as store:
        done = imports.import_paths(store, [stand_in.path], complete=True)
    assert done.files[0].sessions[0].version == 1


@pytest.mark.parametrize("agent", HOOK_AGENT_IDS)
def test_nothing_that_an_agent_sends_makes_a_hook_fail(agent: str, sandbox: Sandbox) -> None:
    store_handoff(sandbox)
    for payload in ODD_PAYLOADS:
        for event in EVENTS:
            answer = sandbox.hook(event, agent, payload)
            assert event == START or answer == {}
    faults = {line["fault"].partition(":")[0] for line in sandbox.log() if line.get("fault")}
    assert {"the agent sent nothing", "the agent sent invalid JSON", "the agent sent no JSON object"} <= faults


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
    payload = HookPayload("", event, text)
    assert payload.agent in HOOK_AGENT_IDS
    assert all(isinstance(value, str) and "\0" not in value for value in (payload.session, payload.cwd, payload.transcript, payload.source))


def test_wrong_calls_do_not_fail_either(sandbox: Sandbox) -> None:
    for words in (["frob"], [], ["session-start", "--agent", "emacs"], ["session-start", "--frob"], ["stop", "now"]):
        answer = sandbox.run("hook", *words, stdin="{}")
        assert (answer.returncode, answer.stdout, answer.stderr) == (0, "{}\n", "")
    assert [line["fault"].partition(":")[0] for line in sandbox.log()] == ["invalid call"] * 5
    assert "session-start" in sandbox.run("hook", "--help").stdout


def break_store(kind: str, sandbox: Sandbox) -> sqlite3.Connection | None:
    path = sandbox.home / "onward.db"
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
        (sandbox.home / "onward.toml").write_text("worktrees = ")
    elif kind == "no PostgreSQL":
        (sandbox.home / "onward.toml").write_text('database_url = "postgresql://nobody@127.0.0.1:9/none"')
    return None


@pytest.mark.parametrize("kind", ["missing", "damaged", "no database", "too new", "empty", "locked", "bad settings", "no PostgreSQL"])
def test_the_agent_continues_whatever_the_state_of_the_store(kind: str, sandbox: Sandbox) -> None:
    store_handoff(sandbox)
    holder = break_store(kind, sandbox)
    stand_in = ClaudeCode(sandbox, 2)
    answer = sandbox.hook(START, stand_in.agent, stand_in.payload("SessionStart", source="startup"))
    if kind == "missing":
        assert "there is none yet" in str(answer)
    else:
        assert answer == {}
        assert sandbox.log()[-1]["fault"]
        assert sandbox.log()[-1]["hint"]
    stand_in.say("Print receipts.", "Done.")
    stand_in.end()
    if holder:
        holder.close()
    sandbox.wait_for_captures()
    assert [note.session for note in sandbox.notes()] == ([] if kind in ("missing", "empty", "locked") else [stand_in.id])


def test_a_full_or_read_only_disk_loses_only_the_note(sandbox: Sandbox) -> None:
    store_handoff(sandbox)
    (sandbox.home / "hooks").write_text("a file where a folder should be")
    stand_in = ClaudeCode(sandbox, 2)
    assert "Never round" in stand_in.begin()
    assert stand_in.end() is True


def test_the_answer_has_the_format_of_each_agent(sandbox: Sandbox) -> None:
    store_handoff(sandbox)
    for agent, make in STAND_INS.items():
        stand_in = make(sandbox, 2)
        answer = sandbox.hook(START, agent, stand_in.payload(stand_in.events[0], source="startup"))
        if key := ANSWER_KEYS.get(agent):
            assert list(answer) == [key]
        else:
            assert list(answer) == ["hookSpecificOutput"]
            assert list(answer["hookSpecificOutput"]) == ["hookEventName", "additionalContext"]
            assert answer["hookSpecificOutput"]["hookEventName"] == "SessionStart"
        assert "Never round the totals of a receipt." in stand_in.read_answer(answer)
        assert author_text(stand_in.read_answer(answer)) == ""
        known_agent = find_agent(agent)
        if known_agent and known_agent.hooks and not known_agent.hooks.plugin:
            result = sandbox.run("hook", START, "--json", stdin=json.dumps(stand_in.payload(stand_in.events[0])))
            assert json.loads(result.stdout)["agent"] == agent


def test_a_resumed_session_does_not_get_its_own_handoff(sandbox: Sandbox) -> None:
    store_handoff(sandbox)
    first, other = ClaudeCode(sandbox, 1), ClaudeCode(sandbox, 2)
    assert sandbox.hook(START, first.agent, first.payload("SessionStart", source="resume")) == {}
    assert "Never round" in str(sandbox.hook(START, first.agent, first.payload("SessionStart", source="compact")))
    assert "Never round" in str(sandbox.hook(START, other.agent, other.payload("SessionStart", source="resume")))


def test_a_transcript_that_is_not_where_the_agent_says_is_found_by_its_id(sandbox: Sandbox) -> None:
    for day, (agent, make) in enumerate(STAND_INS.items(), 1):
        stand_in: StandIn = make(sandbox, day)
        stand_in.exchanges = [("Never round the totals.", "All right.")]
        stand_in.write()
        other = ClaudeCode(sandbox, 20 + day)
        other.say("Something else altogether.", "Yes.")
        wrong = {"transcript_path": str(other.path if agent == "claude-code" else sandbox.folder / "gone.jsonl")}
        sandbox.hook("pre-compact", agent, {**stand_in.payload(stand_in.events[1], trigger="auto"), **wrong})
        assert sandbox.wait_for_captures(day)[-1]["what"] == f"session {day} of shop: 2 new turns"


def test_gemini_compressing_before_every_request_is_captured_once_a_minute(sandbox: Sandbox) -> None:
    """An earlier installation hooked into PreCompress, which Gemini calls before every request to its model."""
    stand_in = STAND_INS["gemini-cli"](sandbox, 1)
    stand_in.begin()
    stand_in.say("Never round the totals.", "All right.")
    for _ in range(4):
        stand_in.compact()
    stand_in.say("Print receipts.", "Done.")
    stand_in.end()
    sandbox.wait_until(lambda: not sandbox.notes())
    calls = [line["event"] for line in sandbox.log() if line["what"] == hook_log.IMPORT_STARTED]
    assert calls == ["stop", "session-end"]


def test_a_compaction_is_stored_with_its_summary(sandbox: Sandbox) -> None:
    stand_in = ClaudeCode(sandbox, 1)
    stand_in.begin()
    stand_in.say("Never round the totals.", "All right.")
    stand_in.compact()
    sandbox.wait_for_captures(1)
    stand_in.say("This session is being continued: the totals are never rounded.", "I go on.")
    sandbox.hook("post-compact", stand_in.agent, stand_in.payload("PostCompact", trigger="auto", compact_summary="The totals."))
    assert [line["what"] for line in sandbox.wait_for_captures(2)] == ["session 1 of shop: 2 new turns", "session 1 of shop: 2 new turns"]
    with Store.at_folder(sandbox.home) as store:
        [project] = projects.list_projects(store)
        assert (project.totals.sessions, project.totals.turns) == (1, 4)


def test_an_agent_that_keeps_stdin_open_is_answered(sandbox: Sandbox) -> None:
    store_handoff(sandbox)
    stand_in = ClaudeCode(sandbox, 2)
    environment = {**os.environ, "HOME": str(sandbox.person_home), "ONWARD_HOME": str(sandbox.home)}
    command = [sys.executable, "-m", "onward", "hook", START, "--agent", stand_in.agent]
    with subprocess.Popen(command, env=environment, cwd=sandbox.shop, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(stand_in.payload("SessionStart", source="startup")))
        process.stdin.flush()
        assert "Never round" in process.stdout.read()


def test_a_session_without_a_turn_makes_no_project(sandbox: Sandbox) -> None:
    stand_in = ClaudeCode(sandbox, 1)
    stand_in.begin()
    stand_in.path.parent.mkdir(parents=True)
    stand_in.path.write_text(json.dumps({"type": "summary", "summary": "A title", "leafUuid": "x"}) + "\n")
    stand_in.end()
    assert sandbox.wait_for_captures()[0]["what"].startswith("nothing: its transcript has no turn")
    sandbox.wait_until(lambda: not sandbox.notes())
    assert json.loads(sandbox.run("project", "list", "--json").stdout) == []


def test_concurrent_and_killed_captures_lose_and_duplicate_nothing(sandbox: Sandbox) -> None:
    stand_in = ClaudeCode(sandbox, 1)
    stand_in.begin()
    for place in range(8):
        stand_in.say(f"Step {place}: never touch port {4000 + place}.", f"Step {place} is done.")
    environment = {**os.environ, "HOME": str(sandbox.person_home), "ONWARD_HOME": str(sandbox.home)}
    [note] = sandbox.notes()
    command = [sys.executable, "-m", "onward.agents.capture", "session-end", note.path]
    for after in (0.05, 0.3, 0.5):
        process = subprocess.Popen(command, env=environment)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(after)
        process.kill()
        process.wait()
    [note] = sandbox.notes()
    both = [subprocess.Popen(command, env=environment) for _ in range(2)]
    stand_in.end()
    assert [process.wait(60) for process in both] == [0, 0]
    sandbox.wait_until(lambda: not sandbox.notes())
    with Store.at_folder(sandbox.home) as store:
        project = projects.list_projects(store)[0]
        assert (project.totals.sessions, project.totals.completed, project.totals.turns) == (1, 1, 16)


def test_a_long_handoff_is_cut_to_the_agents_limit(sandbox: Sandbox) -> None:
    stand_in = ClaudeCode(sandbox, 1)
    for place in range(150):
        stand_in.exchanges.append(
            (
                f"Never touch the generated client of part {place}, whatever anybody says about it. " + "Please. " * 20,
                f"We decided to keep part {place} in `src/part_{place}.py` because rounding lost {place} orders last week.",
            )
        )
    stand_in.exchanges.append(("Now the rest.", "It is done."))
    stand_in.path.parent.mkdir(parents=True, exist_ok=True)
    stand_in.path.write_text(stand_in.content())
    with Store.at_folder(sandbox.home) as store:
        done = imports.import_paths(store, [stand_in.path])
        completion.complete(store, done.files[0].sessions[0].session, budget_tokens=8000)
    two = ClaudeCode(sandbox, 2)
    briefing = two.begin()
    assert 6_000 < len(briefing.encode()) <= 9_500
    assert "too long for this agent's hooks" in briefing
    assert author_text(briefing) == ""
    assert len(STAND_INS["gemini-cli"](sandbox, 3).begin().encode()) > 10_000


def list_imports(words: list[str], sandbox: Sandbox, stdin: str) -> set[str]:
    program = (
        f"import sys; sys.argv = ['onward', *{words!r}]\nfrom onward.cli.main import main\nmain({words!r})\nsys.stderr.write(' "
        "'.join(sys.modules))"
    )
    environment = {**os.environ, "HOME": str(sandbox.person_home), "ONWARD_HOME": str(sandbox.home)}
    environment.pop("COVERAGE_PROCESS_START", None)
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[2] / "src")},
        cwd=sandbox.shop,
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


def test_fast_commands_import_only_what_they_need(sandbox: Sandbox) -> None:
    store_handoff(sandbox)
    two = ClaudeCode(sandbox, 2)
    two.path.parent.mkdir(parents=True, exist_ok=True)
    two.path.touch()
    assert list_imports(["--version"], sandbox, "") & (LIGHT | {"json", "sqlite3", "re", "subprocess"}) == set()
    start: dict[str, Any] = two.payload("SessionStart", source="startup")
    modules = list_imports(["hook", START, "--agent", "claude-code"], sandbox, json.dumps(start))
    assert modules & LIGHT <= {"threading"}
    assert {name for name in modules if name.startswith("onward")} == {
        "onward",
        "onward.errors",
        "onward.locations",
        "onward.private_files",
        "onward.cli",
        "onward.cli.main",
        "onward.app",
        "onward.app.repository",
        "onward.app.repository.detection",
        "onward.app.repository.git_changes",
        "onward.app.repository.moved_folder",
        "onward.core",
        "onward.core.agent",
        "onward.core.agents",
        "onward.core.facts",
        "onward.core.facts.headings",
        "onward.core.facts.kinds",
        "onward.core.handoff",
        "onward.core.handoff.page",
        "onward.core.text",
        "onward.core.text.paths",
        "onward.agents",
        "onward.agents.hook",
        "onward.agents.stored_handoff",
        "onward.agents.session_notes",
        "onward.agents.hook_input",
        "onward.agents.payload",
        "onward.agents.hook_log",
        "onward.agents.session_start",
        "onward.core.hook_settings",
        "onward.core.writer_command",
    }


def start_text(sandbox: Sandbox, agent: str, folder: Path) -> str:
    answer = sandbox.run("hook", "session-start", "--agent", agent, stdin=json.dumps({"session_id": "s", "cwd": str(folder)}), cwd=folder)
    return str(json.loads(answer.stdout)["hookSpecificOutput"]["additionalContext"])


@pytest.mark.parametrize("agent", ["claude-code", "gemini-cli"])
def test_a_start_in_a_moved_folder_says_how_to_bring_the_project_there(sandbox: Sandbox, agent: str) -> None:
    with Store.at_folder(sandbox.home) as store:
        project = projects.ensure_for_session(store, SessionHead(agent, cwd=str(sandbox.shop)))
        assert project
    new = sandbox.folder / "moved" / "shop"
    new.parent.mkdir()
    sandbox.shop.rename(new)
    text = start_text(sandbox, agent, new)
    assert f"This folder looks like another project of Onward's, shop, which was at {sandbox.shop}." in text
    assert author_text(text) == ""
    command = f"onward project remap {new} shop"
    assert f"`{command}`" in text
    assert sandbox.run(*command.split()[1:], cwd=new).returncode == 0
    assert "looks like" not in start_text(sandbox, agent, new)


@pytest.mark.parametrize("agent", HOOK_AGENT_IDS)
def test_a_late_start_says_how_to_get_the_handoff(agent: str) -> None:
    answer = json.loads(hook._late_answer(hook._HookCall([START, "--agent", agent])))
    assert LATE_HANDOFF in str(answer)
    assert author_text(LATE_HANDOFF) == ""
    for arguments in ([END, "--agent", agent], [START, "--agent", "nobody"], [START, "--agent", agent, "--json"]):
        assert hook._late_answer(hook._HookCall(arguments)) == hook.NO_ANSWER


def test_only_an_import_that_nobody_waits_for_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []
    monkeypatch.setattr(os, "nice", steps.append)
    monkeypatch.setattr(capture.signal, "alarm", lambda _seconds: 0)
    assert (capture.main([CATCH_UP]), steps) == (0, [])
    assert (capture.main([END]), steps) == (0, [10])
