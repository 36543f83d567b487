"""The account commands."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from onward import samples
from onward.cli.main import main


class CommandResult(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


Run = Callable[..., CommandResult]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in a folder outside any repository, with an empty home."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("ONWARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ONWARD_HOME", str(tmp_path / "home"))

    def onward(*arguments: object) -> CommandResult:
        code = main([str(argument) for argument in arguments])
        return CommandResult(code, *capsys.readouterr())

    return onward


@pytest.fixture
def pool(run: Run) -> Run:
    for name, used in (("claude-1", 80), ("claude-2", 10)):
        assert run("account", "new", name, "--provider", "anthropic", "--credits", 100, "--used", used, "--tag", "web").code == 0
    assert run("project", "new", "kopi").code == 0
    return run


def test_an_account_from_entry_to_deletion(run: Run) -> None:
    assert "No accounts yet" in run("account", "list").out
    account = run(
        "account",
        "new",
        "claude-1",
        "--credits",
        100,
        "--every",
        "5h",
        "--resets-at",
        "2030-01-01T07:00+07:00",
        "--model",
        "opus=40",
        "--json",
    ).data
    assert (account["credits_left"], account["period"], account["resets_at"]) == (100, "5h", "2030-01-01T00:00:00Z")
    assert "40 of 100 credits used" in run("account", "edit", "claude-1", "--used", 40).out
    assert run("account", "report", "claude-1", "--limit", "--model", "opus", "--until", "2199-01-01").code == 0
    shown = run("account", "show", "claude-1").out
    assert "opus since" in shown
    assert "+40 credits (reported)" in shown
    assert run("account", "edit", "claude-1", "--resets-at", "", "--json").data["resets_source"] == "estimated"
    assert run("account", "delete", "claude-1").code == 2
    assert run("account", "delete", "claude-1", "--yes").out == "Deleted account claude-1.\n"
    assert run("account", "show", "claude-1").code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("new", "a", "--note", "token=" + "ghp_" + "aB3dE6gH9j" * 4),
        ("new", "a", "--credits", "many"),
        ("new", "a", "--every", "often"),
        ("new", "12"),
        ("edit", "a"),
        ("report", "a"),
        ("report", "a", "--failure", "--until", "2030-01-01"),
        ("import", "gone.csv"),
        ("rotate",),
        ("credits", "a"),
    ],
)
def test_wrong_use_is_reported_and_nothing_saved(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("account", *arguments).code == 2
    assert run("account", "list", "--json").data == []


def test_a_file_of_accounts_is_entered_whole_or_not_at_all(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "pool.csv"
    rows = [f'pool-{number:03},anthropic,100,"web, review"' for number in range(110)]
    file.write_text("\n".join(["name,provider,credits_total,tags", *rows, "pool-003,x,5,", ",x,5,"]))
    failed = run("account", "import", file)
    assert failed.code == 2
    assert "row 111 (pool-003): Row 4 has the same name." in failed.err
    assert "row 112: An account needs a name." in failed.err
    assert run("account", "list", "--json").data == []
    file.write_text("\n".join(["name,provider,credits_total,tags", *rows]))
    assert run("account", "import", file).out == "Added 110 accounts.\n"
    lines = tmp_path / "pool.jsonl"
    lines.write_text('{"name": "x", "models": {"opus": 4}}\n{"name": "y", "status": "paused"}\n')
    assert [account["status"] for account in run("account", "import", lines, "--json").data["created"]] == ["active", "paused"]
    lines.write_text('{"name": "z", "password": "p"}')
    assert "password" in run("account", "import", lines).err


def test_a_session_begins_on_the_best_account_rotates_and_charges_it(pool: Run) -> None:
    assert pool("account", "best").out == "claude-2: 90 of 100 credits left\n"
    hinted = pool("session", "start", "--project", "kopi")
    assert "Suggested account: claude-2" in hinted.err
    assert pool("session", "start", "--project", "kopi", "--account", "claude-1", "--json").data["account"] == "claude-1"
    assert "rotation starts at 85%" in pool("account", "rotate", "--project", "kopi").out
    moved = pool("account", "rotate", "--project", "kopi", "--used", 88, "--json").data
    assert (moved["has_moved"], moved["from_account"]["name"], moved["to_account"]["name"]) == (True, "claude-1", "claude-2")
    assert pool("session", "complete", "--project", "kopi", "--credits", 30).code == 0
    assert {account["name"]: account["credits_used"] for account in pool("account", "list", "--json").data} == {
        "claude-1": 88,
        "claude-2": 32,
    }
    assert pool("session", "complete", 1, "--project", "kopi", "--credits", 5, "--account", "claude-1").code == 0
    assert pool("session", "show", 1, "--project", "kopi", "--json").data["account"] == "claude-1"
    assert pool("account", "show", "claude-1", "--json").data["credits_used"] == 93


def test_the_window_is_a_setting(pool: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONWARD_ROTATE_FROM", "50")
    assert pool("session", "start", "--project", "kopi", "--account", "claude-1").code == 0
    assert "within the rotation window of 50–92%" in pool("account", "rotate", "--project", "kopi").out
    monkeypatch.setenv("ONWARD_ROTATE_AT", "40")
    assert pool("account", "rotate", "--project", "kopi").code == 2


def test_credits_are_shown_beside_usage(pool: Run, tmp_path: Path) -> None:
    assert pool("import", *samples.write(tmp_path / "samples"), "--project", "antre", "--complete").code == 0
    assert pool("session", "complete", 1, "--project", "antre", "--credits", 20, "--accomplishment", "x", "--account", "claude-2").code == 0
    report = pool("account", "credits", "--json").data
    project = next(project for project in report["projects"] if project["name"] == "antre")
    assert project["efficiency"]["credits_per_accomplishment"] == 20
    assert project["forecast"]["burn"]["credits_per_day"] == 20
    assert sum(usage["input_tokens"] for usage in project["usage"]) > 0
    first = pool("session", "show", 1, "--project", "antre", "--json").data["usage"]
    assert next(account for account in report["accounts"] if account["name"] == "claude-2")["usage"] == first != []
    text = pool("account", "credits").out
    assert "per day: 20.0 credits" in text
    assert "assumption: " in text
    assert pool("account", "credits", "--project", "antre", "--json").data["accounts"] == []
