"""`onward next`: complete a session and continue with another account or agent."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from onward.agents.launcher import prompt_command, require_program, run_command
from onward.app.accounts.fields import clean_text
from onward.app.accounts.selection import parse_need
from onward.app.handoffs.brief import with_changes_since
from onward.cli.account import model_option, tags_option
from onward.cli.account_output import account_data
from onward.cli.agent_name import AgentName
from onward.cli.clipboard import copy_text
from onward.cli.context import budget_option, json_option, project_option, use_backend, words_option
from onward.cli.local_agents import local_agents, note_import_errors
from onward.cli.presentation import note, paint, quantity, say_json
from onward.cli.session_changes import session_data
from onward.core.accounts.relay import RelayOutcome
from onward.core.agents import AGENTS, find_agent
from onward.core.edit_version import WordChoice
from onward.core.project import Project
from onward.core.text.printable import printable


@click.command("next")
@click.argument("number", type=click.IntRange(min=1), required=False)
@project_option
@words_option
@click.option("--accomplishment", "accomplishments", multiple=True, metavar="TEXT", help="What the session accomplished. Repeatable.")
@click.option("--blocker", "blockers", multiple=True, metavar="TEXT", help="A blocker. Repeatable.")
@click.option("--credits", "credits_used", type=click.FloatRange(min=0), metavar="N", help="Credits that the session used.")
@click.option(
    "--limit",
    "limit_reached",
    is_flag=True,
    help="The service reports a limit: do not suggest the session's account until it resets.",
)
@model_option
@tags_option
@click.option(
    "--agent",
    type=AgentName([agent.id for agent in AGENTS if agent.is_agent]),
    metavar="AGENT",
    help="The agent that continues. Default: the agent of the account.",
)
@click.option("--next-goal", default="", metavar="TEXT", help="The goal of the next session.")
@click.option("--run", "runs", is_flag=True, help="Start the agent with the prompt, in the profile of the account.")
@click.option("--copy", is_flag=True, help="Copy the prompt to the clipboard instead of printing it.")
@budget_option
@json_option
def next_(
    number: int | None,
    project: str | None,
    words: WordChoice | None,
    accomplishments: tuple[str, ...],
    blockers: tuple[str, ...],
    credits_used: float | None,
    limit_reached: bool,
    model: str,
    tags: tuple[str, ...],
    agent: str | None,
    next_goal: str,
    runs: bool,
    copy: bool,
    budget_tokens: int | None,
    as_json: bool,
) -> int:
    """Complete the session, suggest the next account, and print the prompt for its agent.

    Imports new turns from this machine first. Without NUMBER: the active session started last; if no session is active, the newest
    handoff is used. The account comes from the pool (onward account); without a pool only the prompt is printed.

    \b
    Examples:
      onward next
      onward next --limit --run
      onward next --credits 91 --agent codex --next-goal "Print the receipt"
    """
    with use_backend(project=project, budget_tokens=budget_tokens) as backend:
        relay = backend.sessions.relay(
            backend.require_project,
            local_agents=local_agents(backend),
            number=number,
            accomplishments=accomplishments or None,
            words=words,
            blockers=blockers or None,
            credits_used=credits_used,
            limit_reached=limit_reached,
            need=parse_need(model=clean_text("model", model), tags=tags),
            agent=agent or "",
            budget_tokens=backend.settings.budget_tokens,
        )
        current_project = backend.require_project()
        ended_session = backend.sessions.require(current_project, relay.handoff.session_number)
    note_import_errors(relay.files)
    prompt = printable(relay.prompt(next_goal, with_changes_since(current_project, relay.handoff, ended_session.ended_at, Path.cwd())[0]))
    if as_json:
        if copy:
            copy_text(prompt)
        say_json(_relay_data(relay, prompt))
        return 0
    _say_relay(current_project, relay, limit_reached=limit_reached)
    if copy:
        note(f"Prompt copied with {copy_text(prompt)}.")
    if runs:
        return _run_next(project, relay, relay.agent or ended_session.agent, prompt, next_goal)
    if not copy:
        note(_start_hint(current_project, relay.agent, next_goal))
        sys.stdout.write(prompt)
    return 0


def _run_next(project: str | None, relay: RelayOutcome, agent: str, prompt: str, next_goal: str) -> int:
    """Start the next session on its account and run *agent* with *prompt*; its transcript joins that session when it is imported. Return
    the agent's exit code.
    """
    command = prompt_command(agent, prompt, relay.account.profile if relay.account else "")
    require_program(command.words[0])
    objectives, account_id = (next_goal,) if next_goal else (), relay.account.id if relay.account else None
    with use_backend(project=project) as backend:
        backend.sessions.start(backend.require_project(), agent=agent, objectives=objectives, account_id=account_id)
    return run_command(command)


def _say_relay(project: Project, relay: RelayOutcome, *, limit_reached: bool) -> None:
    """Print what was done and how to continue."""
    turns_note = f" with {quantity(relay.new_turns, 'new turn')}" if relay.new_turns else ""
    if relay.session:
        session_name = f"session {relay.session.number} of {project.name}"
        done = f"No changes: {session_name} is already complete" if relay.is_unchanged else f"Completed {session_name}{turns_note}"
        note(f"{done}: handoff {relay.handoff.version}. {relay.handoff.preservation.line(60)}")
    else:
        note(f"No active session in {project.name}. Newest handoff: {relay.handoff.version}.")
    if limit_reached and relay.previous is None:
        note("The limit was not stored: the session has no account. Assign one: onward session complete NUMBER --account NAME")
    if relay.active_numbers:
        note(f"Still active: session {', '.join(map(str, relay.active_numbers))}.")
    if relay.account:
        note(f"Suggested account: {paint(relay.account.name, 'bold', sys.stderr)} ({relay.choice.why}).")
    elif relay.choice.ranking:
        reason = str(relay.choice.why)
        note(f"{reason[0].upper()}{reason[1:]}.")
    else:
        note("The account pool is empty. Add an account: onward account new NAME --provider NAME")


def _start_hint(project: Project, agent: str, next_goal: str) -> str:
    """Return a sentence that says how to give the prompt to the agent."""
    known_agent = find_agent(agent)
    if known_agent is None or not known_agent.start_command:
        return "Paste this prompt into the next agent:"
    prompt_command = f"onward handoff --project {shlex.quote(project.name)} --format prompt" + (
        f" --next-goal {shlex.quote(next_goal)}" if next_goal else ""
    )
    start_command = known_agent.start_command.format(f'"$({prompt_command})"')
    return f"Paste this prompt into {known_agent.label}, or run: {start_command}"


def _relay_data(relay: RelayOutcome, prompt: str) -> dict[str, object]:
    ranked = [
        {
            **account_data(candidate.availability),
            "is_usable": candidate.is_usable,
            "score": candidate.score,
            "reasons": [*map(str, candidate.reasons)],
        }
        for candidate in relay.choice.ranking
    ]
    return {
        "session": session_data(relay.session) if relay.session else None,
        "handoff": {"version": relay.handoff.version, "preservation": relay.handoff.preservation.to_json()},
        "is_unchanged": relay.is_unchanged,
        "new_turns": relay.new_turns,
        "previous_account": account_data(relay.previous) if relay.previous else None,
        "account": relay.account.name if relay.account else None,
        "reason": str(relay.choice.why),
        "ranking": ranked,
        "agent": relay.agent or None,
        "prompt": prompt,
        "active_sessions": relay.active_numbers,
    }
