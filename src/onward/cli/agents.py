"""`onward install`, `onward hook` and `onward sweep`: what makes the agents call Onward, what they call, and what they left."""

from __future__ import annotations

from pathlib import Path

import click

from onward.agents.capturing import Taken
from onward.agents.hook import run
from onward.agents.installing import Change, carry_out, to_install, to_uninstall
from onward.agents.payload import AGENTS, EVENTS
from onward.cli.desk import as_json, settings_of
from onward.cli.present import counted, note, paint, say, say_json
from onward.settings import read_machine

NEXT = {
    "claude-code": "Its next session begins with the handoff.",
    "codex": "Codex runs a new hook only when you have approved it: start codex, enter /hooks, and trust Onward's.",
    "gemini-cli": "Its next session begins with the handoff.",
    "cursor": "Restart Cursor; its next session begins with the handoff.",
}


@click.command()
@click.argument("agents", metavar="AGENT...", nargs=-1, required=True, type=click.Choice(AGENTS))
@click.option("--uninstall", "uninstalls", is_flag=True, help="Take Onward out of the agent's settings again.")
@click.option("--print", "prints", is_flag=True, help="Show what would be written, and write nothing.")
@as_json
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
    home, machine = settings_of().home, read_machine()
    # All of them are known to fit before one is changed.
    planned = {agent: to_uninstall(agent, machine, home) if uninstalls else to_install(agent, machine) for agent in agents}
    if not prints:
        for agent, changes in planned.items():
            carry_out(agent, changes, home, installs=not uninstalls)
    if as_json:
        say_json([
            {"agent": agent, "uninstalled": uninstalls, "written": bool(changes) and not prints, "files": [_data(change) for change in changes]}
            for agent, changes in planned.items()
        ])  # fmt: skip
        return
    for agent, changes in planned.items():
        _tell(agent, changes, uninstalls=uninstalls, prints=prints)


def _data(change: Change) -> dict[str, object]:
    return {"path": change.path, "made": change.before is None, "removed": change.after is None, "diff": change.diff()}


def _tell(agent: str, changes: list[Change], *, uninstalls: bool, prints: bool) -> None:
    if not changes:
        say(f"{agent}: " + ("nothing of Onward is in its settings." if uninstalls else "Onward is at home there already."))
    elif prints:
        say("\n".join(change.diff() for change in changes).rstrip("\n"))
    else:
        say(f"{agent}: {counted(len(changes), 'file')} changed.")
        for change in changes:
            done = "made" if change.before is None else "removed" if change.after is None else "changed"
            say(f"  {done:8}{_short(change.path)}")
        if not uninstalls:
            say(f"  {NEXT[agent]}")


def _short(path: Path) -> str:
    home = read_machine().home
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


@click.command()
@click.argument("event", type=click.Choice(EVENTS))
@click.option("--agent", type=click.Choice(AGENTS), help="Which agent calls. Default: told by what it sends.")
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
@as_json
def sweep(as_json: bool) -> int:
    """Take in what never said goodbye: sessions that crashed, and transcripts that the agents left of projects that Onward knows.

    A session is over when its transcript has not changed for ONWARD_QUIET_MINUTES (30). Nothing is taken in twice, and of other projects nothing is: for those there
    is `onward import`. Beside `onward serve` this is done every five minutes. Exit code 1 when something could not be taken in.

    \b
    Example:
      onward sweep
    """
    # Imported here: hook and install need nothing of it.
    from onward.agents.sweeping import sweep as sweep_up

    swept = sweep_up(settings_of())
    if swept is None:
        say_json({"swept": False}) if as_json else note("Another Onward is sweeping right now: nothing was done here.")
        return 0
    files = [file for file in swept.rest.files if file.sessions or file.error]
    faults = [*(taken.fault for taken in swept.noted), *(file.error for file in files), *(one.error for one in swept.rest.sessions)]
    if as_json:
        say_json({
            "swept": True, "noted": [_of_note(taken) for taken in swept.noted], "files": files, "sessions": swept.rest.sessions,
            "passed_over": swept.rest.passed_over,
        })  # fmt: skip
        return int(any(faults))
    for taken in swept.noted:
        say(f"{taken.note.agent}: {taken.sentence()}")
    for file in files:
        told = ", ".join(f"session {one.session.number}" for one in file.sessions)
        say(f"{file.path}: " + (str(file.error) if file.error else told))
    for one in swept.rest.sessions:
        done = f"completed, handoff {one.version}" if one.version else str(one.error)
        say(f"session {one.session.number} of {one.project}: {done}")
    if not (swept.noted or files or swept.rest.sessions):
        say("Nothing was left open.")
    if swept.rest.passed_over:
        note(
            f"{counted(swept.rest.passed_over, 'transcript')} of projects that Onward does not know: {paint('onward import --dry-run', 'bold')} tells which."
        )
    return int(any(faults))


def _of_note(taken: Taken) -> dict[str, object]:
    fault = taken.fault.message if taken.fault else None
    return {
        "agent": taken.note.agent,
        "session": taken.note.session,
        "project": taken.project,
        "numbers": taken.numbers,
        "new_turns": taken.new_turns,
        "fault": fault,
    }
