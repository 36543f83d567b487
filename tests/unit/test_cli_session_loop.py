"""The session loop on the command line, with a real store in a temporary folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from onward import samples
from onward.cli.main import main
from onward.core.handoff.document import parse


class CommandResult(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., CommandResult]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in a folder outside any repository, with an empty home."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    for name in [name for name in os.environ if name.startswith("ONWARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ONWARD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))

    def onward(*arguments: object) -> CommandResult:
        code = main([str(argument) for argument in arguments])
        return CommandResult(code, *capsys.readouterr())

    return onward


@pytest.fixture
def transcripts(tmp_path: Path) -> list[Path]:
    return samples.write(tmp_path / "samples")


@pytest.fixture
def antre(run: Run, transcripts: list[Path]) -> Run:
    """A store with the sample project, its three sessions completed."""
    assert run("import", *transcripts, "--project", "antre", "--complete").code == 0
    return run


def test_commands_show_one_figure_for_preservation(antre: Run) -> None:
    ratio = antre("handoff", "--json").data["preservation"]["preservation_ratio"]
    project = antre("project", "show", "antre", "--json").data
    assert (project["preservation_ratio"], project["handoff_version"]) == (ratio, 3)
    assert antre("analytics", "growth", "--json").data["preservation_ratio"] == ratio
    shown = f"{ratio:.0%} preserved · "
    assert shown in antre("project", "show", "antre").out
    assert shown in antre("handoff", "list").out.splitlines()[0]


def test_import_reports_every_file(run: Run, transcripts: list[Path]) -> None:
    first = run("import", *transcripts, "--project", "antre", "--complete")
    assert first.code == 0
    assert first.out.count("→ handoff") == 3
    assert "3 files · 3 sessions ·" in first.out
    again = run("import", *transcripts, "--project", "antre", "--json").data
    assert sum(session["new_turns"] for file in again["files"] for session in file["sessions"]) == 0
    assert {session["project"] for file in again["files"] for session in file["sessions"]} == {"antre"}


def test_import_of_a_bad_file_beside_a_good_one_keeps_the_good_one_and_fails(run: Run, transcripts: list[Path]) -> None:
    answer = run("import", transcripts[0], "gone.jsonl", "--project", "antre")
    assert answer.code == 1
    assert "gone.jsonl" in answer.err
    assert "session 1 of antre" in answer.out
    assert "1 file with an error" in answer.out


def test_import_of_nothing_but_bad_files_is_wrong_use(run: Run) -> None:
    answer = run("import", "gone.jsonl", "--project", "antre")
    assert answer.code == 2
    assert "gone.jsonl" in answer.err


def test_handoff_in_every_form(antre: Run) -> None:
    markdown = antre("handoff").out
    assert parse(markdown).session == 3
    assert "[s" not in antre("handoff", "--no-sources").out.partition("\n---\n")[0]
    prompt = antre("handoff", "--format", "prompt", "--next-goal", "Fix the printer").out
    assert "Your task now: Fix the printer" in prompt
    assert markdown in prompt
    data = antre("handoff", "--json").data
    assert data["version"] == 3
    assert data["preservation"]["groups"]
    assert antre("handoff", "--format", "json").data == data


def test_handoffs_of_earlier_sessions_and_other_budgets(antre: Run) -> None:
    assert parse(antre("handoff", "--session", 1).out).session == 1
    small = antre("handoff", "--budget", 600, "--json").data
    assert small["preservation"]["document_tokens"] <= 600
    assert small["version"] is None
    assert [handoff["version"] for handoff in antre("handoff", "list", "--json").data] == [3, 2, 1]


def test_what_changed_between_sessions(antre: Run) -> None:
    text = antre("handoff", "diff", 1, 3).out
    assert text.startswith("# Changes from session 1 to session 3\n\n## Added\n")
    data = antre("handoff", "diff", 1, 3, "--json").data
    assert (data["before"], data["after"]) == (1, 3)
    assert all(entry["new"]["text"] in text for entry in data["added"])
    assert antre("handoff", "diff", 2, 2).code == antre("handoff", "diff", 2, 9).code == 2


def test_distill_matches_the_store(antre: Run, transcripts: list[Path]) -> None:
    def plain(markdown: str) -> list[str]:
        return [line for line in markdown.splitlines() if "[secret:" not in line]

    assert plain(antre("distill", *transcripts).out) == plain(antre("handoff").out)


def test_a_session_begins_with_the_last_handoff(antre: Run) -> None:
    start = antre("session", "start", "--objective", "Print at the clinic", "--agent", "codex")
    assert start.code == 0
    assert parse(start.out).session == 3
    assert "Started session 4 of antre from handoff 3." in start.err
    shown = antre("session", "show", 4)
    assert "objective: Print at the clinic" in shown.out
    assert "started from: handoff 3" in shown.out


def test_the_first_session_has_nothing_to_begin_with(run: Run) -> None:
    run("project", "new", "kopi")
    start = run("session", "start")
    assert start.out == ""
    assert "First session" in start.err
    assert run("session", "start", "--json").data["previous_handoff_version"] is None


def test_changes_since_the_handoff_are_shown_in_the_repository(antre: Run, tmp_path: Path) -> None:
    repository = tmp_path / "here"
    file = repository / antre("handoff", "--json").data["handoff"]["files"][0]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("export {};\n")
    for command in (
        ["init", "-q", "-b", "feat/print"],
        ["add", "."],
        ["-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-qm", "Print"],
    ):
        subprocess.run(["git", *command], cwd=repository, check=True)
    start = antre("session", "start")
    assert "**Since then.** On `feat/print`; 1 new commit (`Print`); no longer there: " in start.out
    assert antre("session", "start", "--json").data["changed_since"]["branch"] == "feat/print"


def test_completing_by_hand_carries_what_the_person_said(antre: Run) -> None:
    antre("session", "start")
    done = antre(
        "session",
        "complete",
        "--accomplishment",
        "The printer prints at the clinic",
        "--blocker",
        "Waiting for paper rolls",
        "--credits",
        "88",
    )
    assert done.code == 0
    assert "Completed session 4 of antre: handoff 4." in done.out
    handoff = antre("handoff").out
    assert "The printer prints at the clinic" in handoff
    assert "Waiting for paper rolls" in handoff
    assert antre("session", "show", 4, "--json").data["credits_used"] == 88
    assert antre("session", "complete").code == 2


def test_sessions_are_listed_replayed_reopened_and_left(antre: Run) -> None:
    assert [session["number"] for session in antre("session", "list", "--json").data] == [1, 2, 3]
    turns = antre("session", "replay", 2, "--from", 3, "--to", 5, "--json").lines
    assert [turn["turn"] for turn in turns] == [3, 4, 5]
    assert "## 3 · " in antre("session", "replay", 2, "--from", 3, "--to", 3).out
    assert antre("session", "reopen", 3, "--json").data["status"] == "in_progress"
    assert antre("session", "abandon", 3).code == 0
    assert antre("session", "list", "--status", "abandoned", "--json").data[0]["number"] == 3


def test_a_line_leads_to_its_turn_in_the_store_and_in_the_files(antre: Run, transcripts: list[Path]) -> None:
    stored = antre("source", "s3.2", "--json").lines
    assert stored == antre("source", "s3.2", *transcripts, "--json").lines
    assert stored[0]["turn"] == 2
    assert antre("source", "[s3.2]").out.startswith("## 2 · ")
    assert antre("source", "s9.1").code == 2
    assert antre("source", "three").code == 2


def test_search_stays_in_its_budget_and_its_project(antre: Run) -> None:
    result = antre("search", "polling", "--budget", 200, "--json").data
    assert 0 < result["tokens"] <= 200
    assert {excerpt["project"] for excerpt in result["excerpts"]} == {"antre"}
    assert antre("search", "polling").out.startswith("[s")
    only = antre("search", "polling", "--kind", "user", "--json").data["excerpts"]
    assert {excerpt["kind"] for excerpt in only} == {"user"}
    nothing = antre("search", "zzzunknown")
    assert (nothing.code, nothing.out) == (0, "")
    assert "No matches in antre" in nothing.err


def test_corrections_of_facts_persist(antre: Run) -> None:
    rules = antre("fact", "list", "--kind", "rule", "--json").data
    first, second = rules[0]["id"], rules[1]["id"]
    assert antre("fact", "edit", first[:8], "Prices are whole rupiah, always.").code == 0
    assert antre("fact", "retract", second[:8]).code == 0
    assert antre("fact", "add", "decision", "One printer is enough for both desks.").code == 0
    antre("rebuild", "--index")
    handoff = antre("handoff").out
    assert "Prices are whole rupiah, always." in handoff
    assert "One printer is enough for both desks." in handoff
    assert second not in {fact["id"] for fact in antre("fact", "list", "--json").data}
    assert antre("fact", "retract", second, "--undo", "--json").data["state"] == "live"
    assert antre("fact", "pin", first, "--json").data["pinned"] is True
    assert antre("fact", "pin", first, "--undo", "--json").data["pinned"] is False
    assert antre("fact", "pin", "ffffffffffff").code == 2
    listed = antre("fact", "list", "--file", "src/", "--state", "all")
    assert "src/" in listed.out
    assert listed.out.splitlines()[0].count("\t") == 4


def test_projects_are_created_renamed_archived_and_deleted(run: Run) -> None:
    assert run("project", "list").out.startswith("No projects yet")
    assert run("project", "new", "kopi", "--description", "A shop").code == 0
    assert run("project", "new", "kopi").code == 1
    assert run("project", "rename", "kopi", "teh", "--json").data["name"] == "teh"
    assert "A shop" in run("project", "show", "teh").out
    run("project", "archive", "teh")
    assert run("project", "list", "--json").data == []
    assert [project["name"] for project in run("project", "list", "--archived", "--json").data] == ["teh"]
    run("project", "restore", "teh")
    refused = run("project", "delete", "teh")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert run("project", "delete", "teh", "--yes", "--json").data["name"] == "teh"
    assert run("project", "show", "teh").code == 2


def test_a_project_key_never_leaves_the_store(antre: Run) -> None:
    assert "key" not in antre("project", "list", "--json").out
    assert "key" not in antre("project", "show", "antre", "--json").data


def test_the_planted_secret_is_nowhere(antre: Run, tmp_path: Path, transcripts: list[Path]) -> None:
    secret = samples.planted_secret()
    answers = [
        antre("handoff", "--json"),
        antre("session", "replay", 2),
        antre("fact", "list", "--state", "all", "--json"),
        antre("search", secret, "--json"),
        antre("search", "token", "--budget", 100_000),
        antre("read", transcripts[1]),
        antre("read", transcripts[1], "--json"),
        antre("distill", *transcripts),
        antre("source", "s2.1-41", *transcripts),
    ]
    assert all(secret not in answer.out + answer.err for answer in answers)
    assert any("[secret:" in answer.out for answer in answers)
    assert all(secret.encode() not in path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file())


def test_the_doctor_finds_a_healthy_store_healthy(antre: Run) -> None:
    findings = antre("doctor", "--json").data
    assert {finding["status"] for finding in findings} <= {"ok", "warning"}


def test_the_doctor_says_that_a_store_is_broken(antre: Run, tmp_path: Path) -> None:
    (tmp_path / "home" / "onward.db").write_bytes(b"not a database" * 1000)
    answer = antre("doctor")
    assert answer.code == 1
    assert "problem" in answer.out
    assert antre("handoff").code == 1


def test_a_setting_that_is_wrong_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONWARD_BUDGET_TOKENS", "many")
    answer = run("handoff")
    assert answer.code == 2
    assert "ONWARD_BUDGET_TOKENS" in answer.err


def test_the_demo_shows_the_loop_and_leaves_nothing(run: Run, tmp_path: Path) -> None:
    shown = run("demo", "--no-serve")
    assert shown.code == 0
    assert [line.split()[1] for line in shown.out.splitlines() if line.startswith("session ")] == ["1", "2", "3"]
    assert "# Handoff after session 3" in shown.out
    assert "Preserved in" in shown.out
    assert "1 secret redacted" in shown.out
    assert samples.planted_secret() not in shown.out
    assert not (tmp_path / "home").exists()
    assert [session["session"] for session in run("demo", "--json").data["sessions"]] == [1, 2, 3]


@pytest.mark.skipif(sys.platform != "linux", reason="a program on PATH stands for the clipboard here")
def test_copy_gives_the_clipboard_what_would_be_printed(antre: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "wl-copy").write_text(f'#!/bin/sh\nexec /bin/cat > "{tmp_path}/clipboard"\n')
    (programs / "wl-copy").chmod(0o755)
    printed = antre("handoff").out
    monkeypatch.setenv("PATH", str(programs))
    copied = antre("handoff", "--copy")
    assert (copied.code, copied.out) == (0, "")
    assert (tmp_path / "clipboard").read_text() == printed
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert antre("handoff", "--copy").code == 2


def test_a_folder_gives_its_conversations_and_nothing_else(run: Run, transcripts: list[Path]) -> None:
    folder = transcripts[0].parent
    (folder / "notes.md").write_text("# Notes\n\nBuy paper rolls.\n")
    (folder / "chat.txt").write_text("User: which printer?\n\nAssistant: an Epson.\n")
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe")
    outcome = run("import", folder, "--project", "antre", "--json").data
    assert [Path(file["path"]).name for file in outcome["files"]] == [*samples.NAMES, "chat.txt"]
    assert [Path(path).name for path in outcome["skipped_files"]] == ["notes.md"]
    refused = run("import", folder / "notes.md", "--project", "antre", "--json")
    assert refused.code == 2
    assert "unknown_format" in refused.out


def test_two_agents_in_one_folder_work_on_one_project(run: Run, transcripts: list[Path]) -> None:
    """Codex records the address of the repository, Claude Code only its folder."""
    run("import", *transcripts)
    assert [(project["name"], project["sessions"]) for project in run("project", "list", "--json").data] == [("antre", 3)]
