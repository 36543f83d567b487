"""`onward next`: a limit is reached, and the work goes on elsewhere."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from onward.app.account_fields import clean
from onward.app.briefing import since_then
from onward.app.credits import need_of
from onward.cli.account import for_model, for_tags
from onward.cli.account_words import as_data as account_data
from onward.cli.clipboard import copy as copy_text
from onward.cli.desk import Desk, as_json, desk, in_project, within_budget
from onward.cli.present import counted, note, paint, say_json
from onward.cli.session import as_data as session_data
from onward.core.printable import printable
from onward.core.project import Project
from onward.core.relay import AGENT_MARKS, Relayed
from onward.settings import read_machine

STARTS = {"claude-code": "claude {}", "codex": "codex {}", "gemini-cli": "gemini -i {}", "cursor": "cursor-agent {}"}
"""How each agent is started with a prompt."""


@click.command("next")
@click.argument("number", type=click.IntRange(min=1), required=False)
@in_project
@click.option(
    "--accomplishment", "accomplishments", multiple=True, metavar="TEXT", help="What the session achieved. May be given more than once."
)
@click.option("--blocker", "blockers", multiple=True, metavar="TEXT", help="What stands in the way. May be given more than once.")
@click.option("--credits", "credits_used", type=click.FloatRange(min=0), metavar="N", help="Credits that the session used.")
@click.option(
    "--limit",
    "limit_reached",
    is_flag=True,
    help="The service says that the limit is reached: the session's account is not chosen until that is over.",
)
@for_model
@for_tags
@click.option("--agent", type=click.Choice(tuple(AGENT_MARKS)), help="Who goes on. Default: the agent that the account is for.")
@click.option("--next-goal", default="", metavar="TEXT", help="What the next session should do.")
@click.option("--copy", is_flag=True, help="Put the prompt on the clipboard instead of printing it.")
@within_budget
@as_json
def next_(
    number: int | None,
    project: str | None,
    accomplishments: tuple[str, ...],
    blockers: tuple[str, ...],
    credits_used: float | None,
    limit_reached: bool,
    model: str,
    tags: tuple[str, ...],
    agent: str | None,
    next_goal: str,
    copy: bool,
    budget_tokens: int | None,
    as_json: bool,
) -> None:
    """Hand over when a limit is reached: completes the session, names the account to go on with and why, and prints the prompt for its agent.

    What your agent wrote since is imported first, where it lies on this machine. Without NUMBER, the active session begun last is meant; where none is active, the newest
    handoff is what is gone on from. The account comes from the pool (onward account); without one, only the prompt is made.

    \b
    Examples:
      onward next
      onward next --limit --copy
      onward next --credits 91 --agent codex --next-goal "Print the receipt"
    """
    need = need_of(model=clean("model", model), tags=tags)
    with desk(project=project, budget_tokens=budget_tokens) as at:
        new_turns = _caught_up(at)
        ours = at.project()
        done = at.sessions.relay(
            ours,
            number=number,
            accomplishments=accomplishments or None,
            blockers=blockers or None,
            credits_used=credits_used,
            limit_reached=limit_reached,
            need=need,
            agent=agent or "",
            budget_tokens=at.settings.budget_tokens,
        )
        ended_at = at.sessions.find(ours, done.handoff.session_number).ended_at
    prompt = printable(done.prompt(next_goal, since_then(ours, done.handoff, ended_at, Path.cwd())[0]))
    if as_json:
        if copy:
            copy_text(prompt)
        say_json(_as_data(done, prompt, new_turns))
        return
    _tell(ours, done, new_turns, limit_reached=limit_reached)
    if copy:
        note(f"The prompt is copied by {copy_text(prompt)}: paste it there.")
        return
    note(_how(ours, done.agent, next_goal))
    sys.stdout.write(prompt)


def _caught_up(at: Desk) -> int:
    """Import what agents of this machine wrote since, and return how many turns were new."""
    from onward.app.catching_up import written_since

    worktrees = at.settings.worktrees
    wanted = written_since(
        read_machine(),
        Path.cwd(),
        at.project_or_none() if at.settings.project else None,
        worktrees,
        found=at.projects.found,
        completed=lambda ours: at.sessions.listed(ours, status="completed"),
    )
    came = at.imports.paths(wanted, worktrees=worktrees).files if wanted else []
    for file in came:
        if file.error:
            note(f"{file.path}: not to its end: {file.error}")
    return sum(file.new_turns for file in came)


def _tell(ours: Project, done: Relayed, new_turns: int, *, limit_reached: bool) -> None:
    """Say what was done, and how it goes on."""
    came = f" with {counted(new_turns, 'new turn')}" if new_turns else ""
    if done.session:
        already = " already, and nothing is new" if done.again else came
        note(
            f"Session {done.session.number} of {ours.name} is complete{already}: handoff {done.handoff.version}. {done.handoff.preservation.line(60)}"
        )
    else:
        note(f"{ours.name} has no active session: this is its newest handoff, {done.handoff.version}.")
    if limit_reached and done.left is None:
        note("No account is named for the session, so no limit was noted. Name it: onward session complete NUMBER --account NAME")
    if done.still_active:
        note(f"Still active: session {', '.join(map(str, done.still_active))}.")
    if done.account:
        note(f"Go on with {paint(done.account.name, 'bold', sys.stderr)}: {done.best.why}.")
    elif done.best.ranking:
        note(f"{done.best.why[0].upper()}{done.best.why[1:]}.")
    else:
        note("There is no account in the pool, so none is named. Enter yours: onward account new NAME --provider NAME")


def _how(ours: Project, agent: str, next_goal: str) -> str:
    """Return how the agent is given the prompt."""
    if agent not in STARTS:
        return "Paste this into the agent that goes on:"
    again = f"onward handoff --project {shlex.quote(ours.name)} --format prompt" + (
        f" --next-goal {shlex.quote(next_goal)}" if next_goal else ""
    )
    start = STARTS[agent].format(f'"$({again})"')
    return f"Paste this into {agent}, or start it so: {start}"


def _as_data(done: Relayed, prompt: str, new_turns: int) -> dict[str, object]:
    ranked = [{**account_data(one.standing), "usable": one.usable, "score": one.score, "reasons": one.reasons} for one in done.best.ranking]
    return {
        "session": session_data(done.session) if done.session else None,
        "handoff": {"version": done.handoff.version, "preservation": done.handoff.preservation.to_json()},
        "again": done.again,
        "new_turns": new_turns,
        "left_account": account_data(done.left) if done.left else None,
        "account": done.account.name if done.account else None,
        "why": done.best.why,
        "ranking": ranked,
        "agent": done.agent or None,
        "prompt": prompt,
        "active_sessions": done.still_active,
    }
