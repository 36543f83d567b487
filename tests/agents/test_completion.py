"""One session, completed through every door, gives the same store: the same turns, facts, knowledge and handoff."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import anyio
import pytest
from mcp.client import Client
from starlette.testclient import TestClient
from tests import forks

from onward.adapters import open_store
from onward.agents import session_notes
from onward.agents.capture import capture
from onward.agents.sweep_schedule import sweep_all
from onward.app.handoffs import handoffs
from onward.app.jobs import jobs, kinds
from onward.app.jobs.jobs import JobContext, StepProgress
from onward.app.knowledge import knowledge
from onward.app.projects import facts, projects
from onward.app.sessions import sessions
from onward.cli.main import main
from onward.mcp.context import McpContext
from onward.mcp.server import McpServer
from onward.server import build
from onward.settings import Settings, read_machine, read_settings
from onward.store import Store
from onward.web import job_pages

from .conftest import Sandbox
from .simulated_agents import ClaudeCode

FIRST = ("Build a receipts page. Never round the totals of a receipt.", "The receipts page is in `src/receipts.py`. Next: print it.")
LATER = ("Print on the Epson at 192.168.10.40:9100.", "We decided to send raw ESC/POS because the Epson drops PDF jobs.")
STATEMENTS: dict[str, Any] = {"accomplishments": ["Receipts print"], "blockers": ["The cash drawer"], "credits_used": 40.0}


class Door:
    """What a door works with: the settings, the agent's session, and what the user says of it."""

    def __init__(self, settings: Settings, agent: ClaudeCode, sandbox: Sandbox, statements: Mapping[str, Any]) -> None:
        self.settings = settings
        self.agent = agent
        self.sandbox = sandbox
        self.statements = statements

    @property
    def options(self) -> list[str]:
        if not self.statements:
            return []
        statements = self.statements
        return [
            "--accomplishment",
            statements["accomplishments"][0],
            "--blocker",
            statements["blockers"][0],
            "--credits",
            str(statements["credits_used"]),
        ]

    def client(self, store: Store) -> TestClient:
        return TestClient(build(store, self.settings), base_url="http://127.0.0.1:3000", client=("127.0.0.1", 50000))


def complete_by_command(door: Door) -> None:
    assert main(["session", "complete", *door.options]) == 0


def complete_by_next(door: Door) -> None:
    assert main(["next", "--json", *door.options]) == 0


def complete_by_import(door: Door) -> None:
    assert main(["import", "--complete", str(door.agent.path)]) == 0


def complete_by_route(door: Door) -> None:
    with open_store(door.settings) as store, door.client(store) as client:
        answer = client.post("/api/sessions/1/complete", json={"catch_up": True, **door.statements})
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["new_turns"] == 2


def complete_by_next_route(door: Door) -> None:
    with open_store(door.settings) as store, door.client(store) as client:
        answer = client.post("/api/sessions/next", json={"project_id": 1, "catch_up": True, **door.statements})
        assert answer.status_code == 200, answer.text


def complete_by_page(door: Door) -> None:
    statements = door.statements
    form = {
        "accomplishments": "\n".join(statements.get("accomplishments", ())),
        "blockers": "\n".join(statements.get("blockers", ())),
        "credits": str(statements.get("credits_used", "")),
        "text": "",
    }
    with open_store(door.settings) as store, door.client(store) as client:
        answer = client.post("/parts/sessions/1/complete", data=form, headers={"HX-Request": "true"})
        assert answer.status_code < 300, answer.text
        context = JobContext(store, door.settings.home, machine=read_machine())
        while (job := jobs.require(store, 1)).is_open:
            jobs.take_step(context, kinds.STEP_FUNCTIONS, job.run, "worker", StepProgress())
        assert job.state == "done", job.error


def complete_by_mcp(door: Door) -> None:
    async def call() -> None:
        async with Client(McpServer(context)) as client:
            result = await client.call_tool("complete_session", dict(door.statements))
            assert not result.is_error, result.content

    with open_store(door.settings) as store:
        context = McpContext(store=store, settings=door.settings, folder=door.sandbox.shop, machine=read_machine())
        anyio.run(call)


def complete_by_capture(door: Door) -> None:
    note = session_notes.open_note(str(door.settings.home), door.agent.agent, door.agent.id)
    note.cwd, note.transcript, note.state = str(door.sandbox.shop), str(door.agent.path), session_notes.ENDED
    note.write()
    assert capture(note, settings=door.settings).fault is None


def complete_by_sweep(door: Door) -> None:
    swept = sweep_all(replace(door.settings, quiet_minutes=0))
    assert swept
    assert [session.error for session in swept.report.sessions] == [None]


WITHOUT_STATEMENTS = (complete_by_import, complete_by_capture, complete_by_sweep)
WITH_STATEMENTS = (complete_by_command, complete_by_next, complete_by_route, complete_by_next_route, complete_by_page, complete_by_mcp)


def content(settings: Settings) -> dict[str, Any]:
    """Return what a store holds, without ids of rows and times of the clock."""
    with open_store(settings) as store:
        project = projects.list_projects(store)[0].project
        (session,) = sessions.list_sessions(store, project)
        handoff = handoffs.current_handoff(store, project)
        return {
            "turns": [stored.turn.text for stored in sessions.replay(store, session)],
            "session": (session.status, session.turns, session.agent, session.accomplishments, session.blockers, session.credits_used),
            "facts": [(fact.kind, fact.text, fact.state, fact.sources) for fact in facts.list_facts(store, project, state=None)],
            "knowledge": [(entry.category, entry.text) for entry in knowledge.list_entries(store, limit=100)],
            "handoff": (handoff.markdown, handoff.version),
        }


@pytest.mark.parametrize("statements", [{}, STATEMENTS], ids=["silent", "with words"])
def test_every_door_leads_to_the_same_store(sandbox: Sandbox, statements: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_pages, "WAIT_SECONDS", 0.0)
    monkeypatch.chdir(sandbox.shop)
    monkeypatch.setenv("HOME", str(sandbox.person_home))
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    doors: tuple[Callable[[Door], None], ...] = WITH_STATEMENTS if statements else (*WITH_STATEMENTS, *WITHOUT_STATEMENTS)
    contents = {}
    for complete in doors:
        home = sandbox.folder / complete.__name__
        monkeypatch.setenv("ONWARD_HOME", str(home))
        settings = read_settings(folder=sandbox.shop)
        agent = ClaudeCode(sandbox, 1, exchanges=[])
        agent.say(*FIRST)
        assert main(["import", str(agent.path)]) == 0
        # The agent goes on after the import: every door must take that in.
        agent.say(*LATER)
        complete(Door(settings, agent, sandbox, statements))
        contents[complete.__name__] = content(settings)
    expected = contents[complete_by_command.__name__]
    assert expected["session"][:2] == ("completed", 4)
    assert "ESC/POS" in expected["handoff"][0]
    assert {name: content for name, content in contents.items() if content != expected} == {}


def test_a_project_without_a_folder_has_no_local_agents(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(sandbox.person_home))
    settings = Settings(sandbox.home, sandbox.person_home / ".claude")
    with open_store(settings) as store:
        sessions.start(store, projects.create(store, "shop"))
        with TestClient(build(store, settings), base_url="http://127.0.0.1:3000", client=("127.0.0.1", 50000)) as client:
            answer = client.post("/api/sessions/1/complete", json={"catch_up": True})
            assert (answer.status_code, "no folder" in answer.text) == (422, True)


@pytest.mark.slow
def test_a_remote_server_gets_what_the_agent_wrote_since(sandbox: Sandbox) -> None:
    server_home = sandbox.folder / "server"
    environment = {**os.environ, "ONWARD_HOME": str(server_home), "HOME": str(sandbox.folder / "nobody")}
    command = forks.command("serve", "--port", "0", "--no-token", "--json")
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout
            sandbox.environment["ONWARD_SERVER"] = json.loads(server.stdout.readline())["url"]
            agent = ClaudeCode(sandbox, 1)
            agent.say(*FIRST)
            assert sandbox.run("import", str(agent.path)).returncode == 0
            agent.say(*LATER)
            done = sandbox.run("session", "complete", "--accomplishment", "Receipts print", "--json")
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout)["new_turns"] == 2
        finally:
            server.terminate()
    stored = content(Settings(server_home, sandbox.person_home / ".claude"))
    assert stored["session"][:2] == ("completed", 4)
    assert "ESC/POS" in stored["handoff"][0]
