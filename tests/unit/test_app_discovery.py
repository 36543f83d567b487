"""Which agents' sessions lie on a machine, and what importing them would take."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from onward.app import discovery, projects
from onward.app.discovery import FoundTranscript
from onward.app.imports import import_paths, known
from onward.app.plan import plan
from onward.cli.main import main
from onward.settings import Machine, System
from onward.store import Store

FIXTURES = Path(__file__).resolve().parents[1] / "formats" / "fixtures"
EDITOR = "Code/User/globalStorage"
LINUX = {
    ".claude/projects/-home-rina-kopi-stock/5b1e7c1a.jsonl": "claude_code/session.jsonl",
    ".codex/sessions/2026/03/02/rollout-2026-03-02T09-00-00-a.jsonl": "codex/rollout.jsonl",
    ".codex/archived_sessions/rollout-2026-03-02T10-00-00-b.jsonl": "codex/bare.jsonl",
    ".gemini/tmp/kopi/chats/session-2026-01.json": "gemini/session.json",
    ".gemini/tmp/kopi/chats/session-2026-02.jsonl": "gemini/session.jsonl",
    ".cursor/projects/home-rina-kopi/agent-transcripts/a1/a1.jsonl": "cursor/agent.jsonl",
    ".cursor/chats/0f343b0931126a20f133d67c2b018a3b/a2/store.db": "cursor_db/store.db",
    ".config/Cursor/User/globalStorage/state.vscdb": "cursor_db/state.vscdb",
    f".config/{EDITOR}/saoudrizwan.claude-dev/tasks/1768/api_conversation_history.json": "cline/cline_history.json",
    f".config/{EDITOR}/saoudrizwan.claude-dev/tasks/1768/ui_messages.json": "cline/panel.json",
    f".config/{EDITOR}/rooveterinaryinc.roo-cline/tasks/r1/api_conversation_history.json": "cline/roo_history.json",
    ".cline/data/sessions/s1/s1.json": "cline/sdk.json",
    ".local/share/opencode/opencode.db": "opencode/opencode.db",
    ".copilot/session-state/c1/events.jsonl": "copilot/session.jsonl",
    ".local/share/goose/sessions/sessions.db": "goose/sessions.db",
    ".pi/agent/sessions/--home-rina-kopi--/p1.jsonl": "pi/branched.jsonl",
    ".openhands/conversations/o1/trajectory.json": "openhands/trajectory.json",
    "kopi/.specstory/history/2026-02-18.md": "specstory/claude_2026.md",
    "kopi/.aider.chat.history.md": "aider/history.md",
}
AGENTS = [
    *("Claude Code", "Codex CLI", "Gemini CLI", "Cursor", "Cline", "Roo Code", "OpenCode", "Copilot CLI", "Goose", "pi", "OpenHands"),
    *("SpecStory", "Aider"),
]


def laid(home: Path, files: dict[str, str]) -> Path:
    for place, fixture in files.items():
        (home / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(FIXTURES / fixture, home / place)
    return home


def found(home: Path, system: System = "linux", here: str = "kopi", **moved: str) -> list[FoundTranscript]:
    return discovery.survey(discovery.agent_folders(Machine(home, system, moved), home / here))


def test_every_agent_is_found(tmp_path: Path) -> None:
    there = found(laid(tmp_path, LINUX))
    assert list(dict.fromkeys(one.agent for one in there)) == AGENTS
    assert [one.path for one in there if one.error or not one.sessions] == []
    # The panel of a task tells what its history tells.
    assert {one.path.name for one in there if one.agent == "Cline"} == {"api_conversation_history.json", "s1.json"}
    many = {one.agent: len(one.sessions) for one in there if len(one.sessions) > 1}
    assert many == {"Cursor": 3, "OpenCode": 2, "Goose": 2, "Aider": 2}


@pytest.mark.parametrize(
    ("system", "place", "fixture", "agent"),
    [
        ("macos", "Library/Application Support/Cursor/User/globalStorage/state.vscdb", "cursor_db/state.vscdb", "Cursor"),
        ("macos", f"Library/Application Support/{EDITOR}/saoudrizwan.claude-dev/tasks/1/ui_messages.json", "cline/panel.json", "Cline"),
        ("macos", ".local/share/opencode/opencode.db", "opencode/opencode.db", "OpenCode"),
        ("windows", "AppData/Roaming/Cursor/User/globalStorage/state.vscdb", "cursor_db/state.vscdb", "Cursor"),
        ("windows", "AppData/Roaming/Block/goose/data/sessions/sessions.db", "goose/sessions.db", "Goose"),
        ("windows", ".claude/projects/C--Users-rina/a.jsonl", "claude_code/session.jsonl", "Claude Code"),
        ("linux", ".vscode-server/data/User/globalStorage/saoudrizwan.claude-dev/tasks/1/ui_messages.json", "cline/panel.json", "Cline"),
    ],
)
def test_the_places_of_each_system(tmp_path: Path, system: System, place: str, fixture: str, agent: str) -> None:
    assert [(one.agent, one.error) for one in found(laid(tmp_path, {place: fixture}), system)] == [(agent, None)]


def test_variables_move_an_agents_folder(tmp_path: Path) -> None:
    laid(tmp_path, {"c/projects/x/a.jsonl": "claude_code/session.jsonl", "x/sessions/2026/rollout-1.jsonl": "codex/rollout.jsonl"})
    laid(tmp_path, {"d/opencode/opencode.db": "opencode/opencode.db", "e/tasks/1/ui_messages.json": "cline/panel.json"})
    moved = {"CLAUDE_CONFIG_DIR": "c", "CODEX_HOME": "x", "XDG_DATA_HOME": "d", "CLINE_DATA_DIR": "e"}
    there = found(tmp_path, **{name: str(tmp_path / folder) for name, folder in moved.items()})
    assert [one.agent for one in there] == ["Claude Code", "Codex CLI", "Cline", "OpenCode"]


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / ".claude/projects/x").mkdir(parents=True)
    (tmp_path / ".claude/projects/x/notes.jsonl").write_text("nothing that an agent wrote\n")
    (one,) = found(tmp_path)
    assert one.error is not None
    assert "no transcript of Claude Code" in one.error.message


def test_the_plan_is_what_the_import_does(tmp_path: Path) -> None:
    there = found(laid(tmp_path, LINUX))
    with Store.at_folder(tmp_path / "store") as store:
        before = plan(known(store), there)
        assert all(project.is_new for project in before.projects)
        assert projects.listed(store) == []
        outcome = import_paths(store, [one.path for one in there])
        assert [file.error for file in outcome.files if file.error] == []
        after = plan(known(store), there)
        made = {line.project.name: line.totals.sessions for line in projects.listed(store)}
    assert len(before.projects) == len(after.projects) == len(made)
    assert {project.name: project.is_new for project in after.projects} == dict.fromkeys(made, False)
    assert sum(agent.sessions for agent in before.agents) >= sum(made.values())
    assert sum(agent.files for agent in after.agents) == sum(agent.imported for agent in after.agents)


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "CLINE_DIR", "CLINE_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name in [name for name in os.environ if name.startswith("ONWARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ONWARD_HOME", str(tmp_path / "store"))
    laid(tmp_path, LINUX)
    monkeypatch.chdir(tmp_path / "kopi")
    return tmp_path


def test_nobody_asked_nothing_taken(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import"]) == 0
    said = capsys.readouterr()
    assert "Nothing was imported" in said.err
    for agent in AGENTS:
        assert f"{agent}: " in said.out
    assert main(["project", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_everything_is_taken_when_that_is_said(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "--dry-run", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["agent"] for one in told["agents"]] == AGENTS
    assert main(["import", "--yes", "--json"]) == 0
    outcome = json.loads(capsys.readouterr().out)
    assert len(outcome["files"]) == sum(one["files"] for one in told["agents"])
    assert main(["project", "list", "--json"]) == 0
    made = {one["name"] for one in json.loads(capsys.readouterr().out)}
    assert len(made) == len(told["projects"])


def test_a_project_named_by_a_file_takes_only_its_own(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (at_home / "kopi" / ".onward.toml").write_text('project = "kedai"\n')
    assert main(["import", "--dry-run", "--json"]) == 0
    shares = {one["name"]: one["sessions"] for one in json.loads(capsys.readouterr().out)["projects"]}
    assert {one["agent"] for one in shares["kedai"]} >= {"SpecStory"}
    assert len(shares) > 1
    assert main(["import", "--dry-run", "--json", "--project", "all"]) == 0
    assert [one["name"] for one in json.loads(capsys.readouterr().out)["projects"]] == ["all"]


def test_what_would_be_taken_of_a_folder(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", str(at_home / ".codex"), "--dry-run", "--json"]) == 0
    (agent,) = json.loads(capsys.readouterr().out)["agents"]
    assert (agent["agent"], agent["files"], agent["sessions"]) == ("codex", 2, 2)
    assert main(["import", "-", "--dry-run"]) == 2
