"""Sessions of agents found on a machine, and the preview of their import."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from onward.app.projects import projects
from onward.app.transcripts import agent_folders
from onward.app.transcripts.agent_folders import FoundTranscript
from onward.app.transcripts.imports import import_paths, known_imports
from onward.app.transcripts.preview import preview_import
from onward.cli.main import main
from onward.core.agents import agent_label
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
    *("claude-code", "codex", "gemini-cli", "cursor", "cline", "roo", "opencode", "copilot", "goose", "pi", "openhands"),
    *("specstory", "aider"),
]


def copy_fixtures(home: Path, files: dict[str, str]) -> Path:
    for place, fixture in files.items():
        (home / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(FIXTURES / fixture, home / place)
    return home


def find_transcripts(home: Path, system: System = "linux", here: str = "kopi", **moved: str) -> list[FoundTranscript]:
    return agent_folders.survey(agent_folders.agent_folders(Machine(home, system, moved), home / here))


def test_every_agent_is_found(tmp_path: Path) -> None:
    transcripts = find_transcripts(copy_fixtures(tmp_path, LINUX))
    assert list(dict.fromkeys(transcript.agent for transcript in transcripts)) == AGENTS
    assert [transcript.path for transcript in transcripts if transcript.error or not transcript.sessions] == []
    # The panel of a task holds the same conversation as its history.
    assert {transcript.path.name for transcript in transcripts if transcript.agent == "cline"} == {
        "api_conversation_history.json",
        "s1.json",
    }
    many = {transcript.agent: len(transcript.sessions) for transcript in transcripts if len(transcript.sessions) > 1}
    assert many == {"cursor": 2, "goose": 2, "aider": 2}


@pytest.mark.parametrize(
    ("system", "place", "fixture", "agent"),
    [
        ("macos", "Library/Application Support/Cursor/User/globalStorage/state.vscdb", "cursor_db/state.vscdb", "cursor"),
        ("macos", f"Library/Application Support/{EDITOR}/saoudrizwan.claude-dev/tasks/1/ui_messages.json", "cline/panel.json", "cline"),
        ("macos", ".local/share/opencode/opencode.db", "opencode/opencode.db", "opencode"),
        ("windows", "AppData/Roaming/Cursor/User/globalStorage/state.vscdb", "cursor_db/state.vscdb", "cursor"),
        ("windows", "AppData/Roaming/Block/goose/data/sessions/sessions.db", "goose/sessions.db", "goose"),
        ("windows", ".claude/projects/C--Users-rina/a.jsonl", "claude_code/session.jsonl", "claude-code"),
        ("linux", ".vscode-server/data/User/globalStorage/saoudrizwan.claude-dev/tasks/1/ui_messages.json", "cline/panel.json", "cline"),
    ],
)
def test_the_places_of_each_system(tmp_path: Path, system: System, place: str, fixture: str, agent: str) -> None:
    assert [(transcript.agent, transcript.error) for transcript in find_transcripts(copy_fixtures(tmp_path, {place: fixture}), system)] == [
        (agent, None)
    ]


def test_variables_move_an_agents_folder(tmp_path: Path) -> None:
    copy_fixtures(tmp_path, {"c/projects/x/a.jsonl": "claude_code/session.jsonl", "x/sessions/2026/rollout-1.jsonl": "codex/rollout.jsonl"})
    copy_fixtures(tmp_path, {"d/opencode/opencode.db": "opencode/opencode.db", "e/tasks/1/ui_messages.json": "cline/panel.json"})
    moved = {"CLAUDE_CONFIG_DIR": "c", "CODEX_HOME": "x", "XDG_DATA_HOME": "d", "CLINE_DATA_DIR": "e"}
    transcripts = find_transcripts(tmp_path, **{name: str(tmp_path / folder) for name, folder in moved.items()})
    assert [transcript.agent for transcript in transcripts] == ["claude-code", "codex", "cline", "opencode"]


def test_unreadable_files_are_reported(tmp_path: Path) -> None:
    (tmp_path / ".claude/projects/x").mkdir(parents=True)
    (tmp_path / ".claude/projects/x/notes.jsonl").write_text("nothing that an agent wrote\n")
    (transcript,) = find_transcripts(tmp_path)
    assert transcript.error is not None
    assert "not a transcript of Claude Code" in str(transcript.error.message)


def test_the_plan_is_what_the_import_does(tmp_path: Path) -> None:
    transcripts = find_transcripts(copy_fixtures(tmp_path, LINUX))
    with Store.at_folder(tmp_path / "store") as store:
        before = preview_import(known_imports(store), transcripts)
        # A session without a folder goes where the person imports it, which has no name here.
        planned = [project for project in before.projects if project.name]
        assert all(project.is_new for project in planned)
        assert projects.list_projects(store) == []
        outcome = import_paths(store, [transcript.path for transcript in transcripts])
        errors = [file.error.message for file in outcome.files if file.error]
        assert set(errors) == {"The transcript does not say which project it belongs to."}
        after = preview_import(known_imports(store), transcripts)
        sessions_by_project = {line.project.name: line.totals.sessions for line in projects.list_projects(store)}
    assert len(planned) == len(sessions_by_project)
    assert {project.name: project.is_new for project in after.projects if project.name} == dict.fromkeys(sessions_by_project, False)
    assert sum(agent.sessions for agent in before.agents) >= sum(sessions_by_project.values())
    assert sum(agent.files for agent in after.agents) == sum(agent.imported for agent in after.agents) + len(errors)


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "CLINE_DIR", "CLINE_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name in [name for name in os.environ if name.startswith("ONWARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ONWARD_HOME", str(tmp_path / "store"))
    copy_fixtures(tmp_path, LINUX)
    monkeypatch.chdir(tmp_path / "kopi")
    return tmp_path


def test_without_consent_nothing_is_imported(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import"]) == 0
    output = capsys.readouterr()
    assert "Nothing was imported" in output.err
    for agent in AGENTS:
        assert f"{agent_label(agent)}: " in output.out
    assert main(["project", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_everything_is_imported_with_yes(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "--dry-run", "--json"]) == 0
    preview = json.loads(capsys.readouterr().out)
    assert [agent["agent"] for agent in preview["agents"]] == AGENTS
    assert main(["import", "--yes", "--json"]) == 0
    outcome = json.loads(capsys.readouterr().out)
    assert len(outcome["files"]) == sum(agent["files"] for agent in preview["agents"])
    assert main(["project", "list", "--json"]) == 0
    names = {project["name"] for project in json.loads(capsys.readouterr().out)}
    assert len(names) == sum(bool(project["name"]) for project in preview["projects"])


def test_a_project_named_by_a_file_takes_only_its_own(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (at_home / "kopi" / ".onward.toml").write_text('project = "kedai"\n')
    assert main(["import", "--dry-run", "--json"]) == 0
    shares = {project["name"]: project["sessions"] for project in json.loads(capsys.readouterr().out)["projects"]}
    assert {agent["agent"] for agent in shares["kedai"]} >= {"specstory"}
    assert len(shares) > 1
    assert main(["import", "--dry-run", "--json", "--project", "all"]) == 0
    assert [project["name"] for project in json.loads(capsys.readouterr().out)["projects"]] == ["all"]


def test_preview_of_a_folder(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", str(at_home / ".codex"), "--dry-run", "--json"]) == 0
    (agent,) = json.loads(capsys.readouterr().out)["agents"]
    assert (agent["agent"], agent["files"], agent["sessions"]) == ("codex", 2, 2)
    assert main(["import", "-", "--dry-run"]) == 2
