"""`onward handoff`: the master handoff now, as it was, and what changed between sessions."""

from __future__ import annotations

import sys

import click

from onward.cli.clipboard import copy as copy_text
from onward.cli.desk import as_json, desk, in_project, within_budget
from onward.cli.document import FORMATS, Format, written
from onward.cli.present import Progress, note, say, say_json, table
from onward.cli.refinement import outcome_data, say_estimate, say_outcome
from onward.core import redline as redlines
from onward.core.changelog import render, to_json
from onward.core.printable import printable
from onward.core.stored_handoff import HandoffVersion, StoredHandoff


@click.group(invoke_without_command=True)
@in_project
@click.option("--session", "session_number", type=click.IntRange(min=1), metavar="N", help="The handoff that completing session N made.")
@within_budget
@click.option(
    "--format",
    type=click.Choice(FORMATS),
    default="markdown",
    show_default=True,
    help="markdown to read, prompt to paste into any agent, json for programs.",
)
@click.option(
    "--next-goal", metavar="TEXT", help="With --format prompt: what the next session should do; the lines that bear on it are named first."
)
@click.option("--agent", metavar="NAME", help="With --format prompt: the agent that it is for, like codex or chatgpt.")
@click.option("--no-sources", is_flag=True, help="Leave out the handles like [s3.41] that name the turns behind each line.")
@click.option("--copy", is_flag=True, help="Put it on the clipboard instead of printing it.")
@as_json
@click.pass_context
def handoff(
    context: click.Context,
    project: str | None,
    session_number: int | None,
    budget_tokens: int | None,
    format: Format,
    next_goal: str | None,
    agent: str | None,
    no_sources: bool,
    copy: bool,
    as_json: bool,
) -> None:
    """Print a project's master handoff: what the next session should know.

    With --budget it is composed anew from the ledger, at that size.

    \b
    Examples:
      onward handoff --project kopi-shop
      onward handoff --budget 1500 --format prompt --copy
      onward handoff --format prompt --next-goal "continue with payments" --agent codex
      onward handoff diff 3 4
    """
    if context.invoked_subcommand:
        context.obj = project
        return
    with desk(project=project, budget_tokens=budget_tokens) as at:
        found = at.handoffs.current(at.project(), budget_tokens=budget_tokens, session_number=session_number)
    form: Format = "json" if as_json else format
    by = {"generator": found.generator, "refinement": found.refinement.to_json() if found.refinement else None}
    beside = {"version": found.version, "budget_tokens": found.budget_tokens, **by}
    text = written(
        found.handoff, found.preservation, form, sources=not no_sources, next_goal=next_goal or "", agent=agent or "", beside=beside
    )
    if copy:
        note(f"Copied by {copy_text(text)}.")
    else:
        sys.stdout.write(text)


@handoff.command("list")
@in_project
@as_json
@click.pass_obj
def list_(above: str | None, project: str | None, as_json: bool) -> None:
    """List every version of the handoff, the newest first.

    \b
    Example:
      onward handoff list
    """
    with desk(project=project or above) as at:
        ours = at.project()
        found: list[StoredHandoff | HandoffVersion] = [*at.handoffs.versions(ours)]
    if as_json:
        say_json([_as_data(one) for one in found])
    elif not found:
        say(f"{ours.name} has no handoff yet: no session of it was completed.")
    else:
        rows = [
            [
                one.version,
                f"{one.created_at:%Y-%m-%d %H:%M}",
                one.session_number,
                one.generator,
                one.preservation.document_tokens,
                _kept(one),
            ]
            for one in found
        ]
        table(["version", "made", "after session", "by", "tokens", "kept"], rows)


@handoff.command()
@click.argument("before", type=click.IntRange(min=1))
@click.argument("after", type=click.IntRange(min=1))
@in_project
@as_json
@click.pass_obj
def diff(above: str | None, before: int, after: int, project: str | None, as_json: bool) -> None:
    """Show what the project learned and gave up between two sessions: a changelog of its knowledge.

    BEFORE and AFTER are session numbers. What either handoff shows is told, each line with the turns behind it: added, changed
    (old → new), resolved, retired, and what still holds but is no longer shown.

    \b
    Examples:
      onward handoff diff 3 4
      onward handoff diff 1 12 --json
    """
    with desk(project=project or above) as at:
        found = at.handoffs.diff(at.project(), before, after)
    if as_json:
        say_json({"before": before, "after": after, **to_json(found.log)})
    else:
        sys.stdout.write(printable(render(found.log, before, after)))


@handoff.command()
@click.argument("before", type=click.IntRange(min=1))
@click.argument("after", type=click.IntRange(min=1))
@in_project
@as_json
@click.pass_obj
def redline(above: str | None, before: int, after: int, project: str | None, as_json: bool) -> None:
    """Show what one version of the handoff says differently from another, line by line.

    BEFORE and AFTER are versions, as `onward handoff list` shows them: the rules' one and what a model made of it, say.

    \b
    Example:
      onward handoff redline 4 5
    """
    with desk(project=project or above) as at:
        found = at.handoffs.redlined(at.project(), before, after)
    if as_json:
        say_json({"before": before, "after": after, **redlines.to_json(found.redline)})
    else:
        sys.stdout.write(printable(redlines.render(found.redline, before, after)))


@handoff.command()
@in_project
@click.option("--dry-run", is_flag=True, help="Say what it would cost at most, and ask nothing.")
@as_json
@click.pass_obj
def refine(above: str | None, project: str | None, dry_run: bool, as_json: bool) -> None:
    """Have a language model write the newest handoff better.

    It gets the facts that the handoff shows, in at most six requests, never the transcripts. What it writes is held against them; what it leaves out is put back; and the result is kept
    as a new version only where the measure finds no kind worse. Else the rules' handoff stands, and you are told why. Set up a model with `onward llm-key set`, or
    `ONWARD_LLM_URL`.

    \b
    Examples:
      onward handoff refine --dry-run
      onward handoff refine --project kopi-shop
    """
    with desk(project=project or above) as at:
        ours = at.project()
        if dry_run:
            say_estimate(at.handoffs.estimate(ours), as_json=as_json)
            return
        with Progress("refining") as progress:
            done = at.handoffs.refine(ours, progress.at)
    if as_json:
        say_json(outcome_data(done))
    else:
        say_outcome(done, ours)


def _kept(one: StoredHandoff | HandoffVersion) -> str:
    return " · ".join(f"{group} {kept}/{total}" for group, kept, total in one.preservation.groups) or "-"


def _as_data(one: StoredHandoff | HandoffVersion) -> dict[str, object]:
    told = ("id", "version", "session_number", "session_id", "budget_tokens", "generator", "created_at")
    return {**{name: getattr(one, name) for name in told}, "preservation": one.preservation.to_json()}
