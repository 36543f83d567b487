"""The status line: what it says, that it records the limits as they pass, and that it never disturbs the agent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from onward.agents.status_line import build_line
from onward.app.accounts import accounts
from onward.app.projects import projects
from onward.app.sessions import completion, sessions
from onward.store import Store

NOW = time.time()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def payload(folder: Path, *, used: float = 23.5, session: str = "s-1") -> str:
    limits = {
        "five_hour": {"used_percentage": used, "resets_at": NOW + 7200},
        "seven_day": {"used_percentage": 81, "resets_at": NOW + 400_000},
        "spend_limit": {"used_percentage": 3},
    }
    transcript = f"/home/ayu/.claude-work/projects/toko/{session}.jsonl"
    return json.dumps({"session_id": session, "transcript_path": transcript, "cwd": str(folder), "rate_limits": limits})


def test_it_tells_project_handoff_and_limits(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "toko"
    folder.mkdir()
    assert build_line("claude-code", payload(folder), str(home), NOW) == "toko · 5h 76% left · week 19% left, resets in 4 days"
    with Store.at_folder(home) as store:
        project = projects.create(store, "Toko", repository=(folder.as_posix(), ""))
        assert build_line("claude-code", payload(folder), str(home), NOW).startswith("Toko · no handoff yet · 5h")
        completion.complete(store, sessions.start(store, project).session, accomplishments=["The kiln holds 900 degrees."])
    line = build_line("claude-code", json.dumps({"cwd": str(folder)}), str(home), time.time() + 7300)
    assert line == "Toko · handoff 2 h old"


def test_it_records_the_limits_as_they_pass(home: Path, tmp_path: Path) -> None:
    with Store.at_folder(home) as store:
        account = accounts.create(store, {"name": "claude-2", "provider": "anthropic", "profile": "/home/ayu/.claude-work"}).account
        for used in (20.0, 35.5):
            build_line("claude-code", payload(tmp_path, used=used), str(home), time.time())
        windows = accounts.read_availability(store, account).windows
    assert [(window.period, window.used_percent, window.source) for window in windows] == [
        ("5h", 35.5, "reported"),
        ("1w", 81.0, "reported"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("text", ["", "{", "[]", '{"rate_limits": [1], "workspace": 3}', '{"cwd": "\\u0000"}'])
def test_it_never_fails_and_imports_little(text: str, home: Path) -> None:
    environment = {**os.environ, "ONWARD_HOME": str(home)}
    command = [sys.executable, "-X", "importtime", "-m", "onward", "statusline", "--agent", "claude-code"]
    process = subprocess.run(command, input=text, capture_output=True, text=True, check=False, env=environment)
    assert process.returncode == 0
    assert len(process.stdout.splitlines()) == 1
    modules = {line.rpartition("|")[2].strip() for line in process.stderr.splitlines()}
    assert "onward.agents.status_line" in modules
    assert not {
        name for name in modules if name.partition(".")[0] in ("sqlalchemy", "click", "orjson") or name.startswith("onward.core.facts")
    }
