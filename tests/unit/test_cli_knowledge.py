"""The commands `onward knowledge`, `template`, `analytics` and `files`."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from onward import samples
from onward.cli.main import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in a folder outside any repository, with an empty home."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("ONWARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ONWARD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))

    def onward(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return onward


@pytest.fixture
def shop(run: Run, tmp_path: Path) -> str:
    """A project with the sample sessions."""
    assert run("import", *samples.write(tmp_path / "samples"), "--project", "kopi", "--complete")[0] == 0
    return "kopi"


def data(answer: tuple[int, str, str]) -> Any:
    assert answer[0] == 0, answer[2]
    return json.loads(answer[1])


def test_the_samples_are_measured(run: Run, shop: str) -> None:
    report = data(run("analytics", "growth", "--json"))
    assert report["sessions"] == len(report["points"]) == 3
    code, out, err = run("analytics", "growth")
    assert code == 0
    assert len(out.splitlines()) == 3
    assert "Predicted efficiency: 94.9% at session 156" in err
    assert run("analytics", "growth", "--csv", "--all")[1].startswith("position,project,session,")
    assert run("analytics", "patterns", "--csv")[1].startswith("what,project,")
    assert data(run("analytics", "patterns", "--json")).keys() == {"errors", "files", "blockers"}


def test_without_completed_sessions_there_are_no_figures(run: Run) -> None:
    run("project", "new", "empty")
    assert "No completed sessions yet" in run("analytics", "growth")[1]
    assert "No recurring problems" in run("analytics", "patterns")[1]
    assert run("files")[:2] == (0, "")


def test_files_are_listed_with_their_lines(run: Run, shop: str) -> None:
    files = data(run("files", "--json"))
    assert files
    assert {file["change"] for file in files} <= {"created", "edited", "deleted", "renamed"}
    path = files[0]["path"]
    assert [file["path"] for file in data(run("files", path, "--json"))] == [path]
    assert path in run("files")[1]
    assert run("files", "--session", 99)[0] == 2


def test_knowledge_is_written_found_changed_and_deleted(run: Run, shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = data(run("knowledge", "add", "ECONNREFUSED 127.0.0.1:5432", "--kind", "solution", "--fix", "docker compose up -d db", "--json"))
    assert run("knowledge", "search", "ECONNREFUSED")[1].startswith(str(entry["id"]))
    monkeypatch.setattr("sys.stdin", io.StringIO("connect ECONNREFUSED 10.0.0.9:5433\n"))
    code, out, _ = run("knowledge", "seen")
    assert code == 0
    assert "docker compose up -d db" in out
    code, out, err = run("knowledge", "seen", "Segmentation fault: zzz")
    assert (code, out) == (0, "")
    assert "No fix is known" in err
    assert run("knowledge", "edit", entry["id"], "--fix", "make db", "--used")[0] == 0
    shown = data(run("knowledge", "show", entry["id"], "--json"))
    assert (shown["entry"]["fix"], shown["entry"]["used"]) == ("make db", 1)
    assert "make db" in run("knowledge", "show", entry["id"])[1]
    assert [entry["id"] for entry in data(run("knowledge", "list", "--by-hand", "--json"))] == [entry["id"]]
    assert run("knowledge", "list", "--project", shop)[0] == 0
    assert run("knowledge", "delete", entry["id"])[0] == 0
    assert run("knowledge", "show", entry["id"])[0] == 2
    assert run("knowledge", "edit", entry["id"])[0] == 2
    assert run("knowledge", "add", "x", "--category", "cooking")[0] == 2


def test_a_session_begins_with_a_template(run: Run, shop: str) -> None:
    new = ("template", "new", "bugfix", "--objective", "Find the cause", "--check", "A test fails without the fix")
    assert run(*new)[0] == 0
    assert run(*new)[0] == 1
    assert "bugfix" in run("template", "list")[1]
    assert "[ ] A test fails without the fix" in run("template", "show", "bugfix")[1]
    code, _, err = run("session", "start", "--template", "bugfix", "--objective", "Mend the cart")
    assert code == 0
    assert "Checklist: A test fails without the fix" in err
    new_session = data(run("session", "list", "--status", "in_progress", "--json"))[-1]
    assert new_session["objectives"] == ["Find the cause", "Mend the cart"]
    number = str(new_session["number"])
    assert "the checklist is complete" in run("session", "tick", number, "1")[1]
    assert "[x] 1. A test fails without the fix" in run("session", "show", number)[1]
    assert "1 open checklist item: A test fails without the fix" in run("session", "tick", number, "1", "--undo")[1]
    assert run("session", "tick", number, "2")[0] == 2
    assert "Open checklist item: A test fails without the fix" in run("session", "complete", number, "--accomplishment", "Mended")[2]
    assert run("session", "start", "--template", "nothing")[0] == 2
    assert run("template", "delete", "bugfix")[0] == 0
    assert "No templates yet" in run("template", "list")[1]
