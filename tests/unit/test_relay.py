"""Handover when a limit is reached, on the command line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest

from onward import samples
from onward.app.accounts import accounts, charges
from onward.app.projects import projects
from onward.app.sessions import relay, sessions
from onward.cli.main import main
from onward.core.accounts.account_agent import agent_of
from onward.core.accounts.accounts import Account
from onward.errors import NotFound
from onward.store import Store


class CommandResult(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


Run = Callable[..., CommandResult]
PROMPT = "You continue work that earlier sessions began."


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository on a machine without agents' files."""
    folder = tmp_path / "kopi"
    (folder / ".git").mkdir(parents=True)
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith(("ONWARD_", "XDG_", "CLAUDE_", "CODEX_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ONWARD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    return folder


@pytest.fixture
def run(here: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def onward(*arguments: object) -> CommandResult:
        code = main([str(argument) for argument in arguments])
        return CommandResult(code, *capsys.readouterr())

    return onward


def write_transcript(here: Path, number: int, name: str, cwd: Path | None = None) -> Path:
    """Write a sample as a Claude Code session in *cwd*, by default *here*."""
    path = here.parent / "person" / ".claude" / "projects" / "some" / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    records = [orjson.loads(line) for line in samples.write(here.parent)[number].read_bytes().splitlines()]
    path.write_bytes(b"".join(orjson.dumps(record | ({"cwd": str(cwd or here)} if "cwd" in record else {})) + b"\n" for record in records))
    return path


def test_without_a_session_there_is_no_handover(run: Run) -> None:
    assert run("next").code == 2
    assert run("project", "new", "kopi").code == 0
    refused = run("next")
    assert refused.code == 2
    assert "to continue from" in refused.err


def test_the_newest_transcript_is_imported_completed_and_handed_over(run: Run, here: Path) -> None:
    old, new = write_transcript(here, 0, "old"), write_transcript(here, 2, "new")
    elsewhere = write_transcript(here, 2, "elsewhere", here.parent / "another")
    for age, path in enumerate((elsewhere, new, old)):
        os.utime(path, (2e9 - age, 2e9 - age))
    done = run("next")
    assert done.code == 0
    assert done.out.startswith(PROMPT)
    assert "Completed session 1 of kopi with 53 new turns: handoff 1." in done.err
    assert "The account pool is empty" in done.err
    assert [line.split("\t")[1] for line in run("project", "list").out.splitlines()] == ["kopi"]
    # Nothing is new: the same handoff, and only changed files are read.
    for path in (elsewhere, new, old):
        os.utime(path, (1e9, 1e9))
    again = run("next", "--json").data
    assert (again["session"], again["new_turns"], again["handoff"]["version"]) == (None, 0, 1)
    assert again["prompt"] == done.out
    # Turns written later are imported.
    lines = new.read_bytes().splitlines(keepends=True)
    record = orjson.loads(lines[-1])
    record |= {"uuid": "more", "message": {"role": "user", "content": "Jangan pernah pakai polling lagi."}, "type": "user"}
    new.write_bytes(b"".join(lines) + orjson.dumps(record) + b"\n")
    more = run("next", "--json").data
    assert (more["session"]["number"], more["new_turns"], more["handoff"]["version"]) == (1, 1, 2)
    assert "Jangan pernah pakai polling lagi." in more["prompt"]


@pytest.fixture
def pool(run: Run) -> Run:
    assert run("project", "new", "kopi").code == 0
    for name, provider, used in (("one", "anthropic", 10), ("two", "OpenAI", 60)):
        assert run("account", "new", name, "--provider", provider, "--credits", 100, "--used", used).code == 0
    assert run("session", "start", "--account", "one").code == 0
    return run


def test_the_account_to_go_on_with_is_named_with_its_agent(pool: Run) -> None:
    result = pool("next", "--credits", 5, "--accomplishment", "The till prints", "--json").data
    assert (result["session"]["number"], result["account"], result["agent"]) == (1, "one", "claude-code")
    assert result["previous_account"]["credits_used"] == 15
    assert result["reason"]
    assert "The till prints" in result["prompt"]


def test_an_account_whose_limit_is_reached_is_not_named(pool: Run) -> None:
    done = pool("next", "--limit", "--next-goal", "Print it")
    assert "Suggested account: two" in done.err
    assert "codex \"$(onward handoff --project kopi --format prompt --next-goal 'Print it')\"" in done.err
    assert "Your task now: Print it" in done.out
    assert [line.split("\t")[1] for line in pool("account", "list").out.splitlines()] == ["exhausted", "active"]
    assert "agent" in pool("next", "--agent", "gemini-cli", "--json").data
    assert "gemini -i" in pool("next", "--agent", "gemini-cli").err


def test_without_a_usable_account_the_handover_continues_with_a_reason(pool: Run) -> None:
    for name in ("one", "two"):
        assert pool("account", "edit", name, "--status", "paused").code == 0
    done = pool("next")
    assert done.out.startswith(PROMPT)
    assert "No account can be used now: " in done.err
    assert pool("session", "start").code == 0
    without = pool("next", "--limit")
    assert "The limit was not stored" in without.err


def test_another_session_may_be_named_and_others_are_listed(pool: Run) -> None:
    assert pool("session", "start").code == 0
    done = pool("next", 1, "--json").data
    assert (done["session"]["number"], done["active_sessions"]) == (1, [2])
    assert pool("next", 9).code == 2
    assert "Still active: session 2." in pool("next", 1).err


@pytest.mark.parametrize(
    ("provider", "name", "agent"),
    [
        ("Anthropic", "x", "claude-code"),
        ("openai", "claude-3", "codex"),
        ("", "claude-3", "claude-code"),
        ("Google AI", "x", "gemini-cli"),
        ("", "kerja", ""),
        ("mistral", "x", ""),
    ],
)
def test_the_agent_is_known_by_the_account(store: Store, provider: str, name: str, agent: str) -> None:
    account = accounts.create(store, {"name": name, "provider": provider}).account
    assert agent_of(account) == agent
    assert agent_of(None) == ""


def test_a_relay_on_each_kind_of_store(store: Store) -> None:
    project = projects.create(store, "kopi")
    with pytest.raises(NotFound):
        relay.relay(store, project)
    account: Account = accounts.create(store, {"name": "codex-1", "credits_total": 100}).account
    new_session = sessions.start(store, project, account_id=account.id).session
    done = relay.relay(store, project, blockers=["No keys"], credits_used=95, limit_reached=True, agent="cursor")
    assert done.session
    assert replace(done.session, completed_at=None).number == new_session.number
    assert done.previous
    assert (done.previous.credits_used, done.previous.status, done.account, done.agent) == (95, "exhausted", None, "cursor")
    assert charges.find_account(store, done.session) == done.previous.account
    again = relay.relay(store, project)
    assert (again.session, again.is_unchanged, again.handoff) == (None, False, done.handoff)
    assert "No keys" in again.prompt("Go")
