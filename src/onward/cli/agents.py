"""`onward install`, `onward hook` and `onward sweep`: connect agents, handle their hooks, import unfinished sessions."""

from __future__ import annotations

from pathlib import Path

import click

from onward.agents.capture import CaptureResult
from onward.agents.hook import run
from onward.agents.installer import SettingsChange, apply_changes, has_own_status_line, plan_install, plan_uninstall
from onward.agents.payload import EVENTS
from onward.agents.status_line import run as run_status_line
from onward.app.models import writers
from onward.app.models.writers import WriterAgent
from onward.cli.agent_name import AgentName
from onward.cli.context import command_settings, json_option
from onward.cli.presentation import note, paint, quantity, say, say_json
from onward.core.agents import HOOK_AGENT_IDS, find_agent
from onward.settings import Machine, read_machine


@click.command()
@click.argument("agents", metavar="AGENT...", nargs=-1, required=True, type=AgentName(HOOK_AGENT_IDS))
@click.option("--uninstall", is_flag=True, help="Remove Onward from the agent's settings.")
@click.option("--status-line", is_flag=True, help="Also show Onward's status line, if you have none of your own: claude-code, qwen-code.")
@click.option("--writer", is_flag=True, help="Also let this agent write handoffs; with --uninstall: only turn that off.")
@click.option("--print", "print_only", is_flag=True, help="Show the changes without writing them.")
@json_option
def install(agents: tuple[str, ...], uninstall: bool, status_line: bool, writer: bool, print_only: bool, as_json: bool) -> None:
    """Connect Onward to AGENT: claude-code, codex, gemini-cli, cursor, qwen-code, copilot, opencode, cline or pi.

    New sessions of the agent start with the project's handoff, are imported before a compaction and at their end, and can use
    Onward over MCP. The agent's settings are backed up and merged, never overwritten. Running this again changes nothing.

    With --writer, the handoff after each session is written by claude-code, codex, gemini-cli, opencode or qwen-code itself: its
    program is asked without tools, hooks or a record, at most ONWARD_LLM_DAILY_ANSWERS times a day. That uses your subscription.

    \b
    Examples:
      onward install claude-code --status-line
      onward install codex cursor --print
      onward install claude-code --writer
      onward install gemini-cli --uninstall
    """
    home, machine = command_settings().home, read_machine()
    if writer and len(agents) != 1:
        raise click.UsageError("--writer takes one agent: only one can write.")
    if writer and uninstall:
        _stop_writing(home, agents[0], print_only=print_only, as_json=as_json)
        return
    # Plan the changes of all agents before applying any.
    changes_by_agent = {
        agent: plan_uninstall(agent, machine, home) if uninstall else plan_install(agent, machine, with_status_line=status_line)
        for agent in agents
    }
    own_agent = _choose_writer(agents[0]) if writer and not print_only else None
    if not print_only:
        for agent, changes in changes_by_agent.items():
            apply_changes(agent, changes, home, is_install=not uninstall)
            if uninstall and writers.find_agent_id(home) == agent:
                writers.clear(home)
    if as_json:
        say_json(
            [
                {
                    "agent": agent,
                    "is_uninstall": uninstall,
                    "is_written": bool(changes) and not print_only,
                    "is_writer": own_agent is not None,
                    "files": [_change_data(change) for change in changes],
                }
                for agent, changes in changes_by_agent.items()
            ]
        )
        return
    for agent, changes in changes_by_agent.items():
        _say_changes(agent, changes, uninstall=uninstall, print_only=print_only)
        if not uninstall and not print_only:
            _offer_status_line(agent, machine, is_wanted=status_line)
    if own_agent:
        say(f"{own_agent.agent_id}: writes the handoffs from now on ({own_agent.program}). Your subscription or account there is used.")


def _choose_writer(agent: str) -> WriterAgent:
    """Have *agent* write handoffs, and let jobs that wait for a model try again."""
    own_agent = writers.choose(command_settings().home, agent)
    settings = command_settings()
    if not settings.server:
        # Imported here: installing without a writer does not need the store.
        from onward.adapters import open_store
        from onward.app.jobs import jobs

        with open_store(settings) as store:
            jobs.wake_waiting(store)
    return own_agent


def _stop_writing(home: Path, agent: str, *, print_only: bool, as_json: bool) -> None:
    is_chosen = writers.find_agent_id(home) == agent
    if is_chosen and not print_only:
        writers.clear(home)
    if as_json:
        say_json([{"agent": agent, "is_uninstall": True, "is_written": is_chosen and not print_only, "is_writer": False, "files": []}])
    else:
        say(f"{agent}: " + ("does not write handoffs any more." if is_chosen else "does not write handoffs."))


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


def _offer_status_line(agent: str, machine: Machine, *, is_wanted: bool) -> None:
    """Say how to get the status line, or that the person's own stays."""
    has_own = has_own_status_line(agent, machine)
    if has_own and is_wanted:
        say("  Your own status line stays. Call this from it to add Onward's: onward statusline")
    elif has_own is False and not is_wanted:
        say(f"  To see the project, the handoff's age and your limits below the prompt: onward install {agent} --status-line")


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
@click.option("--agent", type=AgentName(HOOK_AGENT_IDS), help="The calling agent. Default: claude-code.")
@json_option
def statusline(agent: str | None, as_json: bool) -> int:
    """Print one line about the project, the session, the handoff's age and the limits left; an agent calls it for its status line.

    The agent's payload is read from standard input. The limits in it are stored, and fill the windows of the account. `onward install
    claude-code --status-line` sets this up.

    \b
    Example:
      onward statusline < payload.json
    """
    # `main` handles every well-formed call before click is imported; this one provides --help and usage errors.
    return run_status_line([*(["--agent", agent] if agent else []), *(["--json"] if as_json else [])]) or 0


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
    from onward.agents.sweep_schedule import sweep_all as run_sweep

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
