"""Going on in one command: `next --run` starts the next agent with the handoff, and `resume` resumes a session in its own agent."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from onward.agents.launcher import prompt_command, resume_command
from onward.app.accounts import accounts
from onward.app.accounts.charges import find_account
from onward.app.projects import projects
from onward.app.sessions import sessions
from onward.app.transcripts.imports import import_paths
from onward.cli.main import main
from onward.core.agents import AGENTS
from onward.core.project import Project
from onward.errors import BadInput
from onward.store import Store

Calls = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on a machine with no agents but stand-ins."""
    folder = tmp_path / "kiln"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith(("ONWARD_", "CLAUDE_", "CODEX_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ONWARD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ONWARD_PROJECT", "kiln")
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    return folder


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Stand-ins for `claude` and `codex` that note how they are called, and end with the code 3."""
    log = tmp_path / "calls.jsonl"
    program = (
        "#!/usr/bin/env python3\n"
        "import json, os, sys\n"
        "call = {'words': sys.argv, 'folder': os.getcwd(), 'profile': os.environ.get('CLAUDE_CONFIG_DIR', '')}\n"
        f"open({str(log)!r}, 'a').write(json.dumps(call) + '\\n')\n"
        "sys.exit(3)\n"
    )
    for name in ("claude", "codex"):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(program)
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return lambda: [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def write_session(path: Path, session_id: str, request: str, folder: Path) -> Path:
    """Write a session of Claude Code with one request and an answer."""
    common = {"isSidechain": False, "cwd": str(folder), "sessionId": session_id, "version": "2.1.30"}
    message = {"role": "assistant", "model": "claude-opus-4-6", "content": [{"type": "text", "text": "The curve holds 900 degrees."}]}
    records: list[dict[str, object]] = [
        {"uuid": f"{session_id}-1", "parentUuid": None, "type": "user", "message": {"role": "user", "content": request}},
        {"uuid": f"{session_id}-2", "parentUuid": f"{session_id}-1", "type": "assistant", "message": {"id": session_id, **message}},
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({**common, "timestamp": f"2026-03-01T10:0{number}:00Z", **record}) for number, record in enumerate(records)]
    path.write_text("\n".join(lines))
    return path


@pytest.fixture
def project(here: Path, tmp_path: Path) -> Project:
    profile = tmp_path / "person/.claude-work/projects/kiln"
    with Store.at_folder(tmp_path / "home") as store:
        project = projects.create(store, "kiln")
        first = write_session(profile / "a.jsonl", "aaaa-1", "Fire the kiln at 900 degrees.", here)
        second = write_session(tmp_path / "person/.claude/projects/kiln/b.jsonl", "bbbb-2", "Write the glaze recipe to glaze.md.", here)
        import_paths(store, [first], project=project)
        import_paths(store, [second], project=project)
        return project


def test_next_run_goes_on_with_another_account_in_its_profile(project: Project, calls: Calls, tmp_path: Path) -> None:
    profile = (tmp_path / "person/.claude-2").as_posix()
    with Store.at_folder(tmp_path / "home") as store:
        account = accounts.create(store, {"name": "claude-2", "provider": "anthropic", "profile": profile}).account
    assert main(["next", "--run", "--next-goal", "Cool it slowly"]) == 3
    [call] = calls()
    assert Path(call["words"][0]).name == "claude"
    assert "You continue work that earlier sessions began." in call["words"][1]
    assert "Cool it slowly" in call["words"][1]
    assert call["profile"] == profile
    with Store.at_folder(tmp_path / "home") as store:
        session = sessions.list_sessions(store, project, with_empty=True)[-1]
        assert (session.status, session.agent, session.objectives) == ("in_progress", "claude-code", ("Cool it slowly",))
        running_account = find_account(store, session)
        assert running_account
        assert running_account.id == account.id


def test_next_run_without_a_pool_goes_on_in_the_agent_of_the_session(project: Project, calls: Calls) -> None:
    assert main(["next", "--run"]) == 3
    assert main(["next", "--run", "--agent", "codex"]) == 3
    assert [Path(call["words"][0]).name for call in calls()] == ["claude", "codex"]


def test_next_run_says_what_is_missing_and_starts_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert main(["next", "--run"]) == 2
    error = capsys.readouterr().err
    assert "claude is not installed" in error
    assert "onward handoff --format prompt" in error
    with Store.at_folder(tmp_path / "home") as store:
        assert len(sessions.list_sessions(store, project, with_empty=True)) == 2


def test_resume_prints_the_command_of_the_newest_session(project: Project, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["resume"]) == 0
    assert capsys.readouterr().out == f"cd {here} && claude --resume bbbb-2\n"


def test_resume_finds_by_number_title_and_words_and_keeps_the_profile(
    project: Project, here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = f"cd {here} && CLAUDE_CONFIG_DIR={tmp_path}/person/.claude-work claude --resume aaaa-1\n"
    for words in (["1"], ["kiln", "fire"], ["FIRE"]):
        assert main(["resume", *words]) == 0
        assert capsys.readouterr().out == command
    assert main(["resume", "--json", "glaze", "recipe"]) == 0
    assert json.loads(capsys.readouterr().out)["native_id"] == "bbbb-2"
    assert main(["resume", "porcelain"]) == 2
    assert "No session of kiln" in capsys.readouterr().err


def test_resume_run_starts_the_agent_where_the_session_was(project: Project, here: Path, calls: Calls, tmp_path: Path) -> None:
    assert main(["resume", "1", "--run"]) == 3
    [call] = calls()
    assert call["words"][1:] == ["--resume", "aaaa-1"]
    assert (call["folder"], call["profile"]) == (str(here), f"{tmp_path}/person/.claude-work")


def test_every_agent_that_can_be_installed_can_be_started_and_resumed() -> None:
    for agent in AGENTS:
        if agent.hooks:
            assert prompt_command(agent.id, "Go on; it's 'so'.").words[-1] == "Go on; it's 'so'."
            assert agent.resume_command.count("{}") == 1
    with pytest.raises(BadInput, match="has no command to start"):
        prompt_command("zed", "Go on.")


def test_a_session_without_an_id_of_its_agent_cannot_be_resumed(here: Path, tmp_path: Path) -> None:
    with Store.at_folder(tmp_path / "home") as store:
        assert resume_command(sessions.start(store, projects.create(store, "kiln"), agent="claude-code").session) is None
