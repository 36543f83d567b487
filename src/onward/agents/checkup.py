"""The doctor's checks of agents: whether Onward is installed in them, whether its hooks run, and recent errors."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from onward.agents import hook_log, jsonc, session_notes
from onward.agents.installer import approval_name, is_installed
from onward.agents.plugin_file import find_program
from onward.agents.settings_entries import SettingsFile, is_our_hook, is_present, settings_files
from onward.app.admin.client_versions import check_clients
from onward.app.admin.doctor import Finding, OpenStore, TranscriptRetention, examine
from onward.app.transcripts.agent_folders import agent_folders
from onward.core.agents import HOOK_AGENT_IDS
from onward.errors import OnwardError
from onward.message import Message
from onward.settings import Machine, Settings

DEFAULT_RETENTION = timedelta(days=30)
"""How long Claude Code and Gemini CLI keep an unchanged transcript by default."""

REPORT_PERIOD = timedelta(days=7)
"""Older errors are not reported."""

_AGE = re.compile(r"(\d+)([hdwm])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1), "m": timedelta(days=30)}


def find_all(settings: Settings, machine: Machine, open_store: OpenStore, folder: Path) -> list[Finding]:
    """Return the findings about the store and the agents of this machine, for a person who works in *folder*."""
    return [
        *examine(settings, open_store, transcript_retentions(settings, machine), folder),
        *check_agents(settings, machine),
        *check_clients(agent_folders(machine, folder)),
    ]


def transcript_retentions(settings: Settings, machine: Machine) -> list[TranscriptRetention]:
    """Return how long agents keep transcripts before they delete them."""
    claude = _read_settings(settings.claude_home / "settings.json").get("cleanupPeriodDays")
    gemini = machine.home / ".gemini"
    general = _read_settings(gemini / "settings.json").get("general")
    retention = general.get("sessionRetention") if isinstance(general, dict) else None
    age = _AGE.fullmatch(str(retention.get("maxAge"))) if isinstance(retention, dict) else None
    claude_lifetime = timedelta(days=claude) if isinstance(claude, int) else DEFAULT_RETENTION
    gemini_lifetime = int(age[1]) * _UNITS[age[2]] if age else DEFAULT_RETENTION
    return [
        TranscriptRetention("claude-code", settings.claude_home / "projects", "*/*.jsonl", claude_lifetime),
        TranscriptRetention("gemini-cli", gemini / "tmp", "*/chats/session-*", gemini_lifetime),
    ]


def check_agents(settings: Settings, machine: Machine) -> list[Finding]:
    """Return the findings for every agent on this machine, and for the hooks as a whole."""
    log = hook_log.read_lines(str(settings.home))
    findings = [check_agent(agent, settings_files(agent, machine), log) for agent in HOOK_AGENT_IDS if is_present(agent, machine)]
    return [*findings, _check_faults(log), _check_waiting(str(settings.home))]


def check_agent(agent: str, files: list[SettingsFile], log: list[dict[str, object]]) -> Finding:
    """Return the finding about one agent with these settings *files*. *log* are the lines of the hooks' log."""
    install_again = Message("Install again: onward install {agent}", agent=agent)
    try:
        states = [is_installed(file) for file in files if not file.is_optional]
    except OnwardError as error:
        return Finding(agent, "warning", error.message, Message("Fix that, then: onward install {agent}", agent=agent))
    if not any(state is not None for state in states):
        hint = Message("To start its sessions with the handoff: onward install {agent}", agent=agent)
        return Finding(agent, "ok", "found; Onward is not installed in it", hint)
    missing_program = next((path for file in files for path in _programs(file) if not path.exists()), None)
    if missing_program:
        return Finding(agent, "problem", Message("its hooks call {program}, which does not exist", program=missing_program), install_again)
    if not all(states):
        return Finding(agent, "warning", "its hooks or its MCP server are incomplete, or belong to another Onward", install_again)
    if problem := _find_problem(agent, files):
        return Finding(agent, "warning", Message("Onward is installed in it, but {problem}", problem=problem[0]), problem[1])
    runs = [line for line in log if line.get("agent") == agent]
    if not runs:
        return Finding(agent, "ok", "Onward is installed in it; its hooks have not run yet")
    return Finding(agent, "ok", Message("Onward is installed in it; its hooks last ran at {at}", at=runs[-1].get("at")))


def _programs(file: SettingsFile) -> Iterator[Path]:
    """Yield the programs that the hooks in *file* call."""
    if (
        file.plugin is not None
        and not file.is_optional
        and (program := Path(find_program(file.path.read_text(encoding="utf-8")))).is_absolute()
    ):
        yield program
    settings = _read_settings(file.path) if file.hooks else {}
    for hook in file.hooks:
        value: Any = settings
        for key in hook.path:
            value = value.get(key) if isinstance(value, dict) else None
        for command in _commands(value):
            words = shlex.split(command)
            if words and Path(words[0]).is_absolute():
                yield Path(words[0])


def _commands(value: object) -> Iterator[str]:
    """Yield Onward's commands in a list of hooks."""
    if isinstance(value, str) and is_our_hook(value):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _commands(item)


def _find_problem(agent: str, files: list[SettingsFile]) -> tuple[str, str | Message] | None:
    """Return why the agent does not run the installed hooks, and what to do; None if it does."""
    settings = _read_settings(files[0].path)
    if agent == "claude-code" and settings.get("disableAllHooks") is True:
        return "it runs no hooks", Message("Remove disableAllHooks from {path}.", path=files[0].path)
    if agent == "gemini-cli" and any(
        isinstance(settings.get(name), dict) and settings[name].get("enabled") is False for name in ("hooks", "hooksConfig")
    ):
        return "it runs no hooks", Message("Remove `enabled: false` from {path}.", path=files[0].path)
    if agent != "codex":
        return None
    config = _read_toml(files[1].path)
    features = config.get("features")
    if isinstance(features, dict) and False in (features.get("hooks"), features.get("codex_hooks")):
        return "it runs no hooks", Message("Set hooks = true under [features] in {path}.", path=files[1].path)
    states = config.get("hooks", {}).get("state", {}) if isinstance(config.get("hooks"), dict) else {}
    trusted = (
        {key for key, state in states.items() if isinstance(state, dict) and state.get("trusted_hash")}
        if isinstance(states, dict)
        else set()
    )
    approved = [any(f"{files[0].path}:{approval_name(hook.path[-1])}:" in key for key in trusted) for hook in files[0].hooks]
    if not all(approved):
        problem = "some of its hooks are not approved yet" if any(approved) else "its hooks are not approved yet"
        return problem, "Start codex, enter /hooks, and trust Onward's."
    return None


def _check_faults(log: list[dict[str, object]]) -> Finding:
    """Return the recent errors of hooks, the last one in full."""
    since = f"{datetime.now(UTC) - REPORT_PERIOD:%Y-%m-%dT%H:%M:%SZ}"
    faults = [line for line in log if line.get("fault") and str(line.get("at")) >= since]
    if not faults:
        return Finding("hooks", "ok", "no hook failed in the last week")
    last = faults[-1]
    message = Message(
        "{count} hook calls failed in the last week; the last: {agent}, {event}, {at}: {fault}",
        count=len(faults),
        agent=last.get("agent") or Message("unknown agent"),
        event=last.get("event"),
        at=last.get("at"),
        fault=last.get("fault"),
    )
    return Finding("hooks", "warning", message, str(last.get("hint") or ""))


def _check_waiting(home: str) -> Finding:
    """Return the sessions that ended and are not imported yet."""
    cutoff = (datetime.now(UTC) - timedelta(hours=1)).timestamp()
    pending = [note for note in session_notes.list_notes(home) if note.hook_at < cutoff and note.has_news()]
    if not pending:
        return Finding("open sessions", "ok", "all ended sessions are imported")
    return Finding(
        "open sessions", "warning", Message("{count} sessions are not imported yet", count=len(pending)), "Import them: onward sweep"
    )


def _read_settings(path: Path) -> dict[str, Any]:
    """Return the contents of a settings file; empty if it is missing or invalid."""
    try:
        value = jsonc.parse(path.read_text(encoding="utf-8")).value
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
