"""`onward install`, `onward hook` and `onward sweep`: what makes the agents call Onward, what they call, and what they left."""

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
@click.option("--uninstall", "uninstalls", is_flag=True, help="Take Onward out of the agent's settings again.")
@click.option("--print", "prints", is_flag=True, help="Show what would be written, and write nothing.")
@json_option
def install(agents: tuple[str, ...], uninstalls: bool, prints: bool, as_json: bool) -> None:
    """Make Onward at home in AGENT: claude-code, codex, gemini-cli or cursor.

    From then on a session of it begins with the project's handoff, is taken in before it is compacted and when it ends, and its agent can ask Onward by MCP.
    What stands in the agent's settings is merged and copied aside first, never overwritten; doing it twice is doing it once.

    \b
    Examples:
      onward install claude-code
      onward install codex cursor --print
      onward install gemini-cli --uninstall
    """
    home, machine = command_settings().home, read_machine()
    # All of them are known to fit before one is changed.
    changes_by_agent = {agent: plan_uninstall(agent, machine, home) if uninstalls else plan_install(agent, machine) for agent in agents}
    if not prints:
        for agent, changes in changes_by_agent.items():
            apply_changes(agent, changes, home, is_install=not uninstalls)
    if as_json:
        say_json([
            {"agent": agent, "uninstalled": uninstalls, "written": bool(changes) and not prints, "files": [_change_data(change) for change in changes]}
            for agent, changes in changes_by_agent.items()
        ])  # fmt: skip
        return
    for agent, changes in changes_by_agent.items():
        _say_changes(agent, changes, uninstalls=uninstalls, prints=prints)


def _change_data(change: SettingsChange) -> dict[str, object]:
    return {"path": change.path, "made": change.before is None, "removed": change.after is None, "diff": change.diff()}


def _say_changes(agent: str, changes: list[SettingsChange], *, uninstalls: bool, prints: bool) -> None:
    if not changes:
        say(f"{agent}: " + ("nothing of Onward is in its settings." if uninstalls else "Onward is at home there already."))
    elif prints:
        say("\n".join(change.diff() for change in changes).rstrip("\n"))
    else:
        say(f"{agent}: {quantity(len(changes), 'file')} changed.")
        for change in changes:
            action = "made" if change.before is None else "removed" if change.after is None else "changed"
            say(f"  {action:8}{_short_path(change.path)}")
        if not uninstalls:
            say(f"  {_next_step(agent)}")


def _next_step(agent: str) -> str:
    known_agent = find_agent(agent)
    return known_agent.hooks.next_step if known_agent and known_agent.hooks else ""


def _short_path(path: Path) -> str:
    home = read_machine().home
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


@click.command()
@click.argument("event", type=click.Choice(EVENTS))
@click.option("--agent", type=AgentName(HOOK_AGENT_IDS), help="Which agent calls. Default: told by what it sends.")
@click.option("--json", "as_json", is_flag=True, help="Answer with what is known of the call, too, and not in the agent's own shape.")
def hook(event: str, agent: str | None, as_json: bool) -> int:
    """Answer the hook of an agent, which sends what it has to say on standard input. `onward install` sets it up.

    At session-start the answer is the project's handoff, with what changed in the repository since. At pre-compact, session-end and stop the session is taken in,
    by a process of its own. It never fails and never keeps the agent waiting: whatever goes wrong stands in hooks/hooks.log in the data folder, and `onward doctor` says how to mend it.

    \b
    Example:
      onward hook session-start --agent claude-code < payload.json
    """
    # The quick path answers every well-formed call; this is for help, and for what a person typed wrong.
    return run([event, *(["--agent", agent] if agent else []), *(["--json"] if as_json else [])]) or 0


@click.command()
@json_option
def sweep(as_json: bool) -> int:
    """Take in what never said goodbye: sessions that crashed, and transcripts that the agents left of projects that Onward knows.

    A session is over when its transcript has not changed for ONWARD_QUIET_MINUTES (30). Nothing is taken in twice, and of other projects nothing is: for those there
    is `onward import`. Beside `onward serve` this is done every five minutes. Exit code 1 when something could not be taken in.

    \b
    Example:
      onward sweep
    """
    # Imported here: hook and install need nothing of it.
    from onward.agents.sweeper import sweep_all as run_sweep

    outcome = run_sweep(command_settings())
    if outcome is None:
        say_json({"swept": False}) if as_json else note("Another Onward is sweeping right now: nothing was done here.")
        return 0
    files = [file for file in outcome.report.files if file.sessions or file.error]
    faults = [
        *(capture.fault for capture in outcome.captures),
        *(file.error for file in files),
        *(session.error for session in outcome.report.sessions),
    ]
    if as_json:
        say_json({
            "swept": True, "noted": [_capture_data(capture) for capture in outcome.captures], "files": files, "sessions": outcome.report.sessions,
            "passed_over": outcome.report.passed_over,
        })  # fmt: skip
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
        say("Nothing was left open.")
    if outcome.report.passed_over:
        note(
            f"{quantity(outcome.report.passed_over, 'transcript')} of projects that Onward does not know: {paint('onward import --dry-run', 'bold')} tells which."
        )
    return int(any(faults))


def _capture_data(capture: CaptureResult) -> dict[str, object]:
    fault = capture.fault.message if capture.fault else None
    return {
        "agent": capture.note.agent,
        "session": capture.note.session,
        "project": capture.project,
        "numbers": capture.numbers,
        "new_turns": capture.new_turns,
        "fault": fault,
    }
