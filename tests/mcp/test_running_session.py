"""What an agent records over MCP belongs to the session that it is in: new, compacted, resumed or completed, with hooks and without."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from mcp.client import Client
from mcp_types import Implementation

from onward.agents import session_notes
from onward.agents.running_session import RunningSessions
from onward.app.handoffs import handoffs
from onward.app.projects import projects
from onward.app.sessions import sessions
from onward.app.transcripts.imports import import_paths
from onward.core.session import Session
from onward.mcp.context import McpContext
from onward.mcp.server import McpServer

from .conftest import Agent

pytestmark = pytest.mark.anyio

CLAUDE = Implementation(name="claude-code", version="2.1")
FACT = {"kind": "decision", "text": "Parcels are kept in SQLite, because one file is enough"}


class Machine:
    """A machine on which Claude Code works in `kopi`: its transcripts, the notes of its hooks, and Onward's store."""

    def __init__(self, context: McpContext, folder: Path) -> None:
        assert context.machine
        self.context, self.folder, self.home = context, folder, context.machine.home
        context.find_running = RunningSessions(context.settings, context.machine, {}).find

    def path(self, name: str) -> Path:
        return self.home / ".claude" / "projects" / str(self.folder).replace("/", "-") / f"{name}.jsonl"

    def write(self, name: str, *prompts: str) -> Path:
        """Write the transcript *name* with one exchange for each prompt."""
        path = self.path(name)
        records: list[dict[str, object]] = []
        started_at = datetime.now(UTC) - timedelta(minutes=5)
        for place, (role, text) in enumerate(pair for prompt in prompts for pair in (("user", prompt), ("assistant", "Done."))):
            content: object = text if role == "user" else [{"type": "text", "text": text}]
            at = f"{started_at + timedelta(seconds=place):%Y-%m-%dT%H:%M:%S.000Z}"
            records.append({
                "type": role, "uuid": f"{name}-{place}", "parentUuid": f"{name}-{place - 1}" if place else None, "sessionId": name,
                "timestamp": at, "cwd": str(self.folder), "version": "2.1.30", "message": {"role": role, "content": content},
            })  # fmt: skip
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        return path

    def note(self, name: str, agent: str = "claude-code") -> None:
        note = session_notes.open_note(str(self.context.settings.home), agent, name)
        note.cwd = note.root = str(self.folder)
        note.transcript = str(self.path(name))
        note.write()

    def import_and_complete(self, path: Path) -> None:
        import_paths(self.context.store, [path], complete=True)

    def sessions(self) -> list[Session]:
        return [
            session
            for project in projects.list_projects(self.context.store)
            for session in sessions.list_sessions(self.context.store, project.project)
        ]

    def handoff(self) -> str:
        return handoffs.current_handoff(self.context.store, projects.list_projects(self.context.store)[0].project).markdown


@pytest.fixture
def machine(mcp_context: McpContext, kopi: Path) -> Machine:
    return Machine(mcp_context, kopi)


@pytest.fixture
def connect_claude(mcp_context: McpContext) -> Callable[[], Client]:
    return lambda: Client(McpServer(mcp_context), client_info=CLAUDE)


@pytest.mark.parametrize("has_hooks", [True, False])
async def test_a_fact_and_the_transcript_are_one_session(machine: Machine, connect_claude: Callable[[], Client], has_hooks: bool) -> None:
    path = machine.write("aa11", "Build the parcel tracker.")
    if has_hooks:
        machine.note("aa11")
    async with connect_claude() as client:
        assert "of kopi" in (await Agent(client).record_fact(**FACT)).text
    machine.import_and_complete(path)
    [session] = machine.sessions()
    assert (session.native_id, session.status, session.turns, session.source) == ("aa11", "completed", 2, str(path))
    assert "Parcels are kept in SQLite" in machine.handoff()


@pytest.mark.parametrize("has_hooks", [True, False])
async def test_a_resumed_session_is_reopened(machine: Machine, connect_claude: Callable[[], Client], has_hooks: bool) -> None:
    path = machine.write("aa11", "Build the parcel tracker.")
    machine.import_and_complete(path)
    if has_hooks:
        machine.note("aa11")
    async with connect_claude() as client:
        await Agent(client).record_fact(**FACT)
        [session] = machine.sessions()
        assert (session.native_id, session.status) == ("aa11", "in_progress")
        assert "Session 1 of kopi is complete" in (await Agent(client).complete_session()).text
        assert "Session 1 of kopi is complete already" in (await Agent(client).complete_session()).text
        await Agent(client).record_fact(kind="rule", text="Never call the courier at night")
    machine.import_and_complete(path)
    [session] = machine.sessions()
    assert session.status == "completed"
    assert "Never call the courier at night" in machine.handoff()


async def test_of_two_open_sessions_the_one_that_writes_now_is_meant(machine: Machine, connect_claude: Callable[[], Client]) -> None:
    now = time.time()
    for name, ago in (("aa11", 100), ("bb22", 5), ("cc33", 3)):
        path = machine.write(name, f"Work on {name}.")
        machine.note(name, agent="codex" if name == "cc33" else "claude-code")
        os.utime(path, (now - ago, now - ago))
    for note in session_notes.list_notes(str(machine.context.settings.home)):
        note.hook_at = now - 200
        note.update()
    async with connect_claude() as client:
        await Agent(client).record_fact(**FACT)
    assert [session.native_id for session in machine.sessions()] == ["bb22"]


async def test_starting_over_mcp_joins_the_running_session(machine: Machine, connect_claude: Callable[[], Client]) -> None:
    path = machine.write("aa11", "Build the parcel tracker.")
    machine.note("aa11")
    async with connect_claude() as client:
        assert "Session 1 of kopi started" in (await Agent(client).start_session(objectives=["A tracker"])).text
        assert "Session 1 of kopi is in progress" in (await Agent(client).start_session()).text
    machine.import_and_complete(path)
    [session] = machine.sessions()
    assert (session.native_id, session.objectives, session.turns) == ("aa11", ("A tracker",), 2)


async def test_without_a_known_transcript_the_completed_session_goes_on(machine: Machine, connect_claude: Callable[[], Client]) -> None:
    async with connect_claude() as client:
        await Agent(client).record_fact(**FACT)
        await Agent(client).complete_session()
        await Agent(client).record_fact(kind="rule", text="Never call the courier at night")
    [session] = machine.sessions()
    assert session.status == "in_progress"


async def test_another_project_takes_what_names_it(machine: Machine, connect_claude: Callable[[], Client], tmp_path: Path) -> None:
    machine.write("aa11", "Build the parcel tracker.")
    machine.note("aa11")
    (tmp_path / "teh" / ".git").mkdir(parents=True)
    async with connect_claude() as client:
        await Agent(client).record_fact(**FACT)
        await Agent(client).record_fact(kind="rule", text="Tea is never boiled", project=str(tmp_path / "teh"))
    assert [session.native_id for session in machine.sessions()] == ["aa11", None]
