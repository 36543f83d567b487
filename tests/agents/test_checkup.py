"""The doctor reports whether each agent is set up, whether its hooks run, and what failed."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from onward.agents import hook_log, session_notes
from onward.agents.checkup import check_agents, transcript_retentions
from onward.agents.installer import apply_changes, plan_install
from onward.app.admin.doctor import Finding
from onward.core.agents import HOOK_AGENT_IDS
from onward.settings import Machine, Settings


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    for folder in (".claude", ".codex", ".gemini", ".cursor", ".qwen", ".copilot", ".cline", ".pi/agent", ".config/opencode"):
        (tmp_path / "me" / folder).mkdir(parents=True)
    return Machine(tmp_path / "me", "linux")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "onward", tmp_path / "me" / ".claude")


def findings_by_check(settings: Settings, machine: Machine) -> dict[str, Finding]:
    """Return the findings in English."""
    return {
        finding.check: replace(finding, message=str(finding.message), hint=str(finding.hint)) for finding in check_agents(settings, machine)
    }


def install(agent: str, settings: Settings, machine: Machine) -> None:
    apply_changes(agent, plan_install(agent, machine), settings.home, is_install=True)


def test_agents_that_are_not_installed_are_not_reported(settings: Settings, tmp_path: Path) -> None:
    assert set(findings_by_check(settings, Machine(tmp_path / "nobody", "linux"))) == {"hooks", "open sessions"}


@pytest.mark.parametrize("agent", HOOK_AGENT_IDS)
def test_from_not_set_up_to_set_up_to_running(agent: str, settings: Settings, machine: Machine) -> None:
    assert findings_by_check(settings, machine)[agent].hint == f"To start its sessions with the handoff: onward install {agent}"
    install(agent, settings, machine)
    finding = findings_by_check(settings, machine)[agent]
    if agent == "codex":
        assert (finding.status, "not approved" in finding.message) == ("warning", True)
        config = machine.home / ".codex" / "config.toml"
        for event in ("session_start", "pre_compact", "post_compact", "stop", "subagent_stop", "interrupt", "session_end"):
            key = f"{machine.home / '.codex' / 'hooks.json'}:{event}:0:0"
            config.write_text(config.read_text() + f'\n[hooks.state."{key}"]\ntrusted_hash = "sha256:00"\n')
            if event == "session_start":
                assert "some of its hooks are not approved" in findings_by_check(settings, machine)[agent].message
        finding = findings_by_check(settings, machine)[agent]
    assert (finding.status, finding.message) == ("ok", "Onward is installed in it; its hooks have not run yet")
    hook_log.add(str(settings.home), agent=agent, event="session-start", session="s", started=time.monotonic(), outcome="x")
    assert "its hooks last ran at 2" in findings_by_check(settings, machine)[agent].message


@pytest.mark.parametrize("agent", HOOK_AGENT_IDS)
def test_a_program_that_is_gone_is_a_problem(agent: str, settings: Settings, machine: Machine) -> None:
    install(agent, settings, machine)
    for path in (path for path in machine.home.rglob("*") if path.is_file()):
        path.write_text(path.read_text().replace("/bin/onward", "/gone/onward"))
    finding = findings_by_check(settings, machine)[agent]
    assert (finding.status, "which does not exist" in finding.message, finding.hint) == (
        "problem",
        True,
        f"Install again: onward install {agent}",
    )


def test_partial_and_disabled_setups_are_reported(settings: Settings, machine: Machine) -> None:
    install("gemini-cli", settings, machine)
    path = machine.home / ".gemini" / "settings.json"
    whole = path.read_text()
    path.write_text(whole.replace('"AfterAgent"', '"BeforeTool"'))
    assert "are incomplete" in findings_by_check(settings, machine)["gemini-cli"].message
    path.write_text(whole.replace('"hooks": {', '"hooksConfig": {"enabled": false},\n  "hooks": {', 1))
    assert "runs no hooks" in findings_by_check(settings, machine)["gemini-cli"].message
    path.write_text(whole[:-20])
    assert findings_by_check(settings, machine)["gemini-cli"].status == "warning"


def test_a_fault_is_reported_with_its_repair(settings: Settings, machine: Machine) -> None:
    for fault in ("the store is locked", "the store cannot be read"):
        hook_log.add(
            str(settings.home),
            agent="codex",
            event="session-start",
            session="s",
            started=time.monotonic(),
            outcome="",
            fault=fault,
            hint="Run it.",
        )
    finding = findings_by_check(settings, machine)["hooks"]
    assert (finding.status, finding.hint) == ("warning", "Run it.")
    assert finding.message.startswith("2 hook calls failed in the last week; the last: codex, session-start, ")
    assert finding.message.endswith("the store cannot be read")


def test_sessions_that_wait_for_import_are_reported(settings: Settings, machine: Machine) -> None:
    note = session_notes.open_note(str(settings.home), "codex", "s-1")
    note.state = session_notes.ENDED
    note.hook_at = time.time() - 7200
    Path(note.path).parent.mkdir(parents=True)
    note.update()
    assert findings_by_check(settings, machine)["open sessions"].hint == "Import them: onward sweep"


def test_the_log_is_bounded_and_damaged_lines_are_skipped(tmp_path: Path) -> None:
    home = str(tmp_path)
    for place in range(3000):
        hook_log.add(home, agent="codex", event="stop", session="s" * 100, started=time.monotonic(), outcome=f"{place} " * 80)
    assert sum(path.stat().st_size for path in Path(hook_log.folder(home)).iterdir()) < 2 * hook_log.MAX_BYTES + 4096
    with Path(hook_log.path(home)).open("ab") as stream:
        stream.write(b"\xff{half a line")
    assert str(hook_log.read_lines(home)[-1]["what"]).startswith("2999 ")


def test_old_and_incomplete_notes_are_deleted(tmp_path: Path) -> None:
    home = str(tmp_path)
    for session, age in (("new", 0), ("old", session_notes.MAX_AGE_SECONDS + 60)):
        note = session_notes.open_note(home, "codex", session)
        note.write()
        note.hook_at -= age
        note.update()
    half = Path(session_notes.folder(home)) / "codex-x.json.77"
    half.write_text("{")
    for path in Path(session_notes.folder(home)).iterdir():
        os.utime(path, (time.time() - 120,) * 2)
    assert [note.session for note in session_notes.list_notes(home)] == ["new"]
    assert len(list(Path(session_notes.folder(home)).iterdir())) == 1


def test_the_retention_in_an_agents_settings_counts(settings: Settings, machine: Machine) -> None:
    assert [retention.lifetime.days for retention in transcript_retentions(settings, machine)] == [30, 30]
    (machine.home / ".claude" / "settings.json").write_text('{"cleanupPeriodDays": 365, /* long */}')
    (machine.home / ".gemini" / "settings.json").write_text('{"general": {"sessionRetention": {"maxAge": "2w"}}}')
    assert [retention.lifetime for retention in transcript_retentions(settings, machine)] == [timedelta(days=365), timedelta(days=14)]
