"""`onward session`: the loop by hand."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

import click

from onward.app.briefing import since_then
from onward.app.conversation import markdown
from onward.cli.account import choose, suggest
from onward.cli.account_words import say_usage, usage_data
from onward.cli.clipboard import copy as copy_text
from onward.cli.conversation import json_line
from onward.cli.desk import as_json, desk, in_project, within_budget
from onward.cli.document import FORMATS, Format, written
from onward.cli.present import counted, note, paint, say, say_json, table
from onward.cli.refinement import outcome_data, refined_beside, say_outcome
from onward.core.printable import printable
from onward.core.session import Session, SessionStatus

numbered = click.argument("number", type=click.IntRange(min=1))
on_account = click.option(
    "--account", "account", metavar="NAME", help="The account that it runs on; `best` is the one that `onward account best` names."
)


@click.group()
def session() -> None:
    """Begin, complete and look at sessions.

    A session is one run with one agent. The one you start gets the handoff that the last one left.
    """


@session.command()
@in_project
@click.option("--objective", "objectives", multiple=True, metavar="TEXT", help="What the session is for. May be given more than once.")
@click.option("--template", metavar="NAME", help="A template, whose objectives come before yours. See: onward template list")
@click.option("--agent", default="", metavar="NAME", help="The agent you start, like claude-code or codex.")
@click.option(
    "--format",
    type=click.Choice(FORMATS),
    default="markdown",
    show_default=True,
    help="markdown to read, prompt to paste into any agent, json for programs.",
)
@click.option("--copy", is_flag=True, help="Put it on the clipboard, too.")
@on_account
@as_json
def start(
    project: str | None,
    objectives: tuple[str, ...],
    template: str | None,
    agent: str,
    format: Format,
    copy: bool,
    account: str | None,
    as_json: bool,
) -> None:
    """Begin a session: prints the handoff that the last one left, and what changed in the repository since.

    Import its transcript when it has ended, and complete it: the next handoff is made.

    \b
    Examples:
      onward session start --objective "Fix the checkout"
      onward session start --format prompt --copy
      onward session start --account best
    """
    with desk(project=project) as at:
        ours = at.project()
        chosen = choose(at, account) if account else None
        kind = at.templates.find(template) if template else None
        wanted = kind.beginning(objectives) if kind else objectives
        begun = at.sessions.start(ours, agent=agent, objectives=wanted, template=kind, account_id=chosen.id if chosen else None)
        suggestion = "" if account else suggest(at)
        handoff = change = None
        if left := begun.previous:
            handoff, change = since_then(ours, left, at.sessions.find(ours, left.session_number).ended_at, Path.cwd())
    told: dict[str, object] = {
        "session": as_data(begun.session),
        "account": chosen.name if chosen else None,
        "previous_handoff": begun.previous.version if begun.previous else None,
        "changed_since": change,
    }
    if not handoff or not begun.previous:
        if as_json or format == "json":
            say_json(told)
        note(f"Session {begun.session.number} of {ours.name} has begun. It is the first: there is no handoff yet.")
    else:
        text = written(
            handoff, begun.previous.preservation, "json" if as_json else format, next_goal="; ".join(begun.session.objectives), beside=told
        )
        sys.stdout.write(text)
        sys.stdout.flush()
        came = f" (copied by {copy_text(text)})" if copy else ""
        note(f"Session {begun.session.number} of {ours.name} has begun, with handoff {begun.previous.version}{came}.")
    if chosen:
        note(f"It runs on {chosen.name}.")
    elif suggestion:
        note(suggestion)
    for item in begun.session.undone:
        note(f"Before it ends: {item}")
    note(f"When it has ended: onward import TRANSCRIPT --project {ours.name} --complete")


@session.command()
@click.argument("number", type=click.IntRange(min=1), required=False)
@in_project
@click.option(
    "--accomplishment",
    "accomplishments",
    multiple=True,
    metavar="TEXT",
    help="What it achieved, in your words. May be given more than once.",
)
@click.option("--blocker", "blockers", multiple=True, metavar="TEXT", help="What stands in the way. May be given more than once.")
@click.option("--credits", "credits_used", type=click.FloatRange(min=0), metavar="N", help="Credits that it used.")
@on_account
@within_budget
@click.option(
    "--refine", is_flag=True, help="Have a language model write the handoff better, afterwards. See: onward handoff refine --help"
)
@as_json
def complete(
    number: int | None,
    project: str | None,
    accomplishments: tuple[str, ...],
    blockers: tuple[str, ...],
    credits_used: float | None,
    account: str | None,
    budget_tokens: int | None,
    refine: bool,
    as_json: bool,
) -> None:
    """Complete a session: the project's next handoff is made from it.

    Without NUMBER: the active session begun last. Completing again, with other words of yours or after more turns came in, makes a new version.

    \b
    Examples:
      onward session complete
      onward session complete 3 --accomplishment "Checkout works on staging" --blocker "Production keys" --credits 88
      onward session complete --refine
    """
    with desk(project=project, budget_tokens=budget_tokens) as at:
        ours = at.project()
        found = at.sessions.find(ours, number)
        if account and (chosen := choose(at, account)):
            at.accounts.assign(found, chosen)
        done = at.sessions.complete(
            found,
            accomplishments=accomplishments or None,
            blockers=blockers or None,
            credits_used=credits_used,
            budget_tokens=at.settings.budget_tokens,
        )
        refined = refined_beside(at, ours) if refine else None
    if as_json:
        made = done.handoff
        told = {"version": made.version, "budget_tokens": made.budget_tokens, "preservation": made.preservation.to_json()}
        beside = {"refinement": outcome_data(refined)} if refined else {}
        say_json({"session": as_data(done.session), "handoff": told, "again": done.again, **beside})
        return
    already = " already, and nothing is new" if done.again else ""
    say(f"Session {done.session.number} of {ours.name} is complete{already}: handoff {done.handoff.version}.")
    say(done.handoff.preservation.line())
    for one in done.session.undone:
        note(f"Not ticked on the checklist: {one}")
    if refined:
        say_outcome(refined, ours)
    note(f"See it: onward handoff --project {ours.name}")


@session.command("list")
@in_project
@click.option("--status", type=click.Choice(get_args(SessionStatus)), help="Only those.")
@as_json
def list_(project: str | None, status: SessionStatus | None, as_json: bool) -> None:
    """List a project's sessions.

    \b
    Example:
      onward session list --status active
    """
    with desk(project=project) as at:
        ours = at.project()
        found = list(at.sessions.listed(ours, status=status))
    if as_json:
        say_json([as_data(one) for one in found])
    elif not found:
        say(f"{ours.name} has no {status + ' ' if status else ''}session. Begin one: onward session start --project {ours.name}")
    else:
        table(["session", "status", "agent", "started", "turns", "title"], [_row(one) for one in found])


@session.command()
@numbered
@in_project
@as_json
def show(number: int, project: str | None, as_json: bool) -> None:
    """Show one session.

    \b
    Example:
      onward session show 3
    """
    with desk(project=project) as at:
        detail = at.sessions.show(at.sessions.find(at.project(), number))
        one = detail.session
        used, account = at.accounts.usage(one), at.accounts.of_session(one)
    loaded, made = (version.version if version else None for version in (detail.loaded, detail.made))
    if as_json:
        beside = {"account": account.name if account else None, "usage": [usage_data(each) for each in used]}
        say_json({**as_data(one), "loaded_handoff": loaded, "made_handoff": made, **beside})
        return
    say(paint(f"Session {one.number}: {one.title or one.agent or 'no transcript yet'}", "bold"))
    about = {
        "status": one.status,
        "agent": one.agent,
        "id": one.native_id,
        "started": one.started_at,
        "ended": one.ended_at,
        "template": one.template,
        "folder": one.cwd,
        "branch": one.branch,
        "transcript": one.source,
        "kept": f"{counted(one.turns, 'turn')}, about {one.tokens:,} tokens",
        "account": account.name if account else None,
        "credits": one.credits_used,
        "began with": f"handoff {loaded}" if loaded else None,
        "made": f"handoff {made}" if made else None,
    }
    for key, value in about.items():
        if value:
            say(f"  {key}: {value}")
    for title, lines in (("objectives", one.objectives), ("accomplishments", one.accomplishments), ("blockers", one.blockers)):
        for line in lines:
            say(f"  {title.removesuffix('s')}: {line}")
    for place, item in enumerate(one.checklist, 1):
        say(f"  [{'x' if item.is_done else ' '}] {place}. {printable(item.text)}")
    say_usage(used)


@session.command()
@numbered
@in_project
@click.option("--from", "first", type=click.IntRange(min=1), default=1, metavar="N", help="The first turn to show.")
@click.option("--to", "last", type=click.IntRange(min=1), metavar="N", help="The last turn to show.")
@as_json
def replay(number: int, project: str | None, first: int, last: int | None, as_json: bool) -> None:
    """Print a session turn by turn.

    \b
    Examples:
      onward session replay 3 | less
      onward session replay 3 --from 40 --to 44
    """
    with desk(project=project) as at:
        found = at.sessions.find(at.project(), number)
        for stored in at.sessions.replay(found, first=first, last=last):
            if as_json:
                say(json_line(stored.turn, stored.ordinal))
            else:
                sys.stdout.write(
                    ("*On a branch that was given up:*\n\n" if stored.abandoned else "") + markdown(stored.turn, stored.ordinal)
                )


@session.command()
@numbered
@click.argument("item", type=click.IntRange(min=1))
@in_project
@click.option("--undo", is_flag=True, help="It is not done after all.")
@as_json
def tick(number: int, item: int, project: str | None, undo: bool, as_json: bool) -> None:
    """Tick ITEM of the checklist that session NUMBER began with; `session show` counts them.

    \b
    Example:
      onward session tick 3 1
    """
    with desk(project=project) as at:
        found = at.sessions.tick(at.sessions.find(at.project(), number), item, is_done=not undo)
    left = f"{counted(len(found.undone), 'item')} left: {'; '.join(found.undone)}" if found.undone else "nothing is left"
    _answer(found, f"Session {found.number}: {left}.", as_json=as_json)


@session.command()
@numbered
@in_project
@as_json
def reopen(number: int, project: str | None, as_json: bool) -> None:
    """Make a session active again. Its handoff stands until it is completed anew.

    \b
    Example:
      onward session reopen 3
    """
    with desk(project=project) as at:
        found = at.sessions.reopen(at.sessions.find(at.project(), number))
    _answer(found, f"Session {found.number} is active again.", as_json=as_json)


@session.command()
@numbered
@in_project
@as_json
def abandon(number: int, project: str | None, as_json: bool) -> None:
    """Leave a session without a handoff. Its turns stay and can be searched.

    \b
    Example:
      onward session abandon 3
    """
    with desk(project=project) as at:
        found = at.sessions.abandon(at.sessions.find(at.project(), number))
    _answer(
        found,
        f"Session {found.number} is left without a handoff. To complete it after all: onward session complete {found.number}",
        as_json=as_json,
    )


def _answer(found: Session, sentence: str, *, as_json: bool) -> None:
    if as_json:
        say_json(as_data(found))
    else:
        say(sentence)


def _row(one: Session) -> list[object]:
    started = one.started_at or one.created_at
    return [
        one.number,
        one.status,
        one.agent or "-",
        started.strftime("%Y-%m-%d %H:%M"),
        f"{one.turns:,}",
        one.title or "; ".join(one.objectives),
    ]


def as_data(one: Session) -> dict[str, object]:
    """Return a session as plain data."""
    return {name: getattr(one, name) for name in one.__dataclass_fields__}
