"""`onward install`, `onward hook` and `onward sweep`: connect agents, handle their hooks, import unfinished sessions."""

from __future__ import annotations

from pathlib import Path

import click

from onward.agents.capture import CaptureResult
from onward.agents.hook import run
from onward.agents.installer import SettingsChange, apply_changes, plan_install, plan_uninstall
from onward.agents.payload import EVENTS
from onward.cli.agent_name import AgentName
from onward.cli.context import command_settings, json_option
from onward.cli.presentation import note, paint, quantity, say, say_json
from onward.core.agents import HOOK_AGENT_IDS, find_agent
from onward.settings import read_machine


@click.command()
@click.argument("agents", metavar="AGENT...", nargs=-1, required=True, type=AgentName(HOOK_AGENT_IDS))
@click.option("--uninstall", is_flag=True, help="Remove Onward from the agent's settings.")
@click.option("--print", "print_only", is_flag=True, help="Show the changes without writing them.")
@json_option
def install(agents: tuple[str, ...], uninstall: bool, print_only: bool, as_json: bool) -> None:
    """Connect Onward to AGENT: claude-code, codex, gemini-cli, cursor, qwen-code, copilot, opencode, cline or pi.

    New sessions of the agent start with the project's handoff, are imported before a compaction and at their end, and can use
    Onward over MCP. The agent's settings are backed up and merged, never overwritten. Running this again changes nothing.

    \b
    Examples:
      onward install claude-code
      onward install codex cursor --print
      onward install gemini-cli --uninstall
    """
    home, machine = command_settings().home, read_machine()
    # Plan the changes of all agents before applying any.
    changes_by_agent = {agent: plan_uninstall(agent, machine, home) if uninstall else plan_install(agent, machine) for agent in agents}
    if not print_only:
        for agent, changes in changes_by_agent.items():
            apply_changes(agent, changes, home, is_install=not uninstall)
    if as_json:
        say_json(
            [
                {
                    "agent": agent,
                    "is_uninstall": uninstall,
                    "is_written": bool(changes) and not print_only,
                    "files": [_change_data(change) for change in changes],
                }
                for agent, changes in changes_by_agent.items()
            ]
        )
        return
    for agent, changes in changes_by_agent.items():
        _say_changes(agent, changes, uninstall=uninstall, print_only=print_only)


def _change_data(change: SettingsChange) -> dict[str, object]:
    return {"path": change.path, "is_new": change.before is None, "is_removed": change.after is None, "diff": change.diff()}


def _say_changes(agent: str, changes: list[SettingsChange], *, uninstall: bool, print_only: bool) -> None:
    if not changes:
        say(f"{agent}: " + ("Onward is not installed." if uninstall else "Onward is already installed."))
    elif print_only:
        say("\n".join(change.diff() for change in changes).rstrip("\n"))
    else:
        say(f"{agent}: {quantity(len(changes), 'file')} changed.")
        for change in changes:
            action = "created" if change.before is None else "removed" if change.after is None else "changed"
            say(f"  {action:8}{_short_path(change.path)}")
        if not uninstall:
            say(f"  {_next_step(agent)}")


def _next_step(agent: str) -> str:
    known_agent = find_agent(agent)
    return known_agent.hooks.next_step if known_agent and known_agent.hooks else ""


def _short_path(path: Path) -> str:
    home = read_machine().home
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


@click.command()
@click.argument("event", type=click.Choice(EVENTS))
@click.option("--agent", type=AgentName(HOOK_AGENT_IDS), help="The calling agent. Default: detected from its payload.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON with details of the call instead of the agent's own format.")
def hook(event: str, agent: str | None, as_json: bool) -> int:
    """Handle an agent's hook call; the payload is read from standard input. `onward install` sets this up.

    session-start prints the project's handoff and the changes in the repository since. The other events import
    the session in a background process. A hook never fails and never blocks the agent: errors are logged in hooks/hooks.log in the data
    folder, and `onward doctor` shows how to fix them.

    \b
    Example:
      onward hook session-start --agent claude-code < payload.json
    """
    # `main` handles every well-formed call before click is imported; this one provides --help and usage errors.
    return run([event, *(["--agent", agent] if agent else []), *(["--json"] if as_json else [])]) or 0


@click.command()
@json_option
def sweep(as_json: bool) -> int:
    """Import sessions that ended without a hook call, such as crashed ones, and complete inactive sessions.

    A session is inactive when its transcript has not changed for ONWARD_QUIET_MINUTES (30). Only known projects are imported; for
    others use `onward import`. `onward serve` does this every five minutes. Exit code 1 if an import failed.

    \b
    Example:
      onward sweep
    """
    # Imported here: hook and install do not need it.
    from onward.agents.sweeper import sweep_all as run_sweep

    outcome = run_sweep(command_settings())
    if outcome is None:
        say_json({"is_running_elsewhere": True}) if as_json else note("Another sweep is running. Nothing was done.")
        return 0
    files = [file for file in outcome.report.files if file.sessions or file.error]
    faults = [
        *(capture.fault for capture in outcome.captures),
        *(file.error for file in files),
        *(session.error for session in outcome.report.sessions),
    ]
    if as_json:
        say_json(
            {
                "is_running_elsewhere": False,
                "captures": [_capture_data(capture) for capture in outcome.captures],
                "files": files,
                "sessions": outcome.report.sessions,
                "skipped_files": outcome.report.skipped_files,
            }
        )
        return int(any(faults))
    for capture in outcome.captures:
        say(f"{capture.note.agent}: {capture.sentence()}")
    for file in files:
        session_names = ", ".join(f"session {imported.session.number}" for imported in file.sessions)
        say(f"{file.path}: " + (str(file.error) if file.error else session_names))
    for session in outcome.report.sessions:
        session_outcome = f"completed, handoff {session.version}" if session.version else str(session.error)
        say(f"session {session.session.number} of {session.project}: {session_outcome}")
    if not (outcome.captures or files or outcome.report.sessions):
        say("No unfinished sessions found.")
    if outcome.report.skipped_files:
        command = paint("onward import --dry-run", "bold")
        note(f"Skipped {quantity(outcome.report.skipped_files, 'transcript')} of unknown projects. To list them: {command}")
    return int(any(faults))


def _capture_data(capture: CaptureResult) -> dict[str, object]:
    return {
        "agent": capture.note.agent,
        "native_id": capture.note.session,
        "project": capture.project,
        "session_numbers": capture.numbers,
        "new_turns": capture.new_turns,
        "error": capture.fault.message if capture.fault else None,
    }
