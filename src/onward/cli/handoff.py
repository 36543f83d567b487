"""`onward handoff`: the master handoff, its versions and their differences."""

from __future__ import annotations

import sys

import click

from onward.cli.context import budget_option, json_option, project_option, use_backend
from onward.cli.handoff_output import FORMATS, OutputFormat, format_handoff
from onward.cli.presentation import ProgressBar, note, say, say_json, say_table
from onward.core.handoff.versions import HandoffVersion, StoredHandoff
from onward.core.text.printable import printable


@click.group(invoke_without_command=True)
@project_option
@click.option("--session", "session_number", type=click.IntRange(min=1), metavar="N", help="The handoff produced by session N.")
@budget_option
@click.option(
    "--format",
    type=click.Choice(FORMATS),
    default="markdown",
    show_default=True,
    help="markdown to read, prompt to paste into an agent, json for programs.",
)
@click.option("--next-goal", metavar="TEXT", help="With --format prompt: the goal of the next session; related lines are listed first.")
@click.option("--agent", metavar="NAME", help="With --format prompt: the target agent, such as codex or chatgpt.")
@click.option("--no-sources", is_flag=True, help="Omit source handles such as [s3.41].")
@click.option("--rules", "by_rules", is_flag=True, help="Print the handoff made by rules, even if a model wrote one.")
@click.option("--copy", is_flag=True, help="Copy the handoff to the clipboard instead of printing it.")
@json_option
@click.pass_context
def handoff(
    context: click.Context,
    project: str | None,
    session_number: int | None,
    budget_tokens: int | None,
    format: OutputFormat,
    next_goal: str | None,
    agent: str | None,
    no_sources: bool,
    by_rules: bool,
    copy: bool,
    as_json: bool,
) -> None:
    """Print a project's master handoff: the one a model wrote if it passed the checks, otherwise the one made by rules.

    With --budget, compose it from the ledger at that size.

    \b
    Examples:
      onward handoff --project kopi-shop
      onward handoff --rules
      onward handoff --budget 1500 --format prompt --copy
      onward handoff --format prompt --next-goal "continue with payments" --agent codex
      onward handoff diff 3 4
    """
    if context.invoked_subcommand:
        context.obj = project
        return
    with use_backend(project=project, budget_tokens=budget_tokens) as backend:
        stored_handoff = backend.handoffs.current_handoff(
            backend.require_project(), budget_tokens=budget_tokens, session_number=session_number, by_rules=by_rules
        )
    output_format: OutputFormat = "json" if as_json else format
    authorship = {
        "generator": stored_handoff.generator,
        "refinement": stored_handoff.refinement.to_json() if stored_handoff.refinement else None,
    }
    extra = {"version": stored_handoff.version, "budget_tokens": stored_handoff.budget_tokens, **authorship}
    text = format_handoff(
        stored_handoff.handoff,
        stored_handoff.preservation,
        output_format,
        sources=not no_sources,
        next_goal=next_goal or "",
        agent=agent or "",
        extra=extra,
    )
    if stored_handoff.refinement and stored_handoff.refinement.is_kept:
        from onward.cli.writer_output import authorship_text

        note(f"Written by {stored_handoff.generator}: {authorship_text(stored_handoff.refinement)}.")
    if copy:
        # Imported here and below: printing a handoff would wait for what it does not need.
        from onward.cli.clipboard import copy_text

        note(f"Copied with {copy_text(text)}.")
    else:
        sys.stdout.write(text)


@handoff.command("list")
@project_option
@json_option
@click.pass_obj
def list_(group_project: str | None, project: str | None, as_json: bool) -> None:
    """List all versions of the handoff, newest first.

    \b
    Example:
      onward handoff list
    """
    with use_backend(project=project or group_project) as backend:
        current_project = backend.require_project()
        versions: list[StoredHandoff | HandoffVersion] = [*backend.handoffs.list_versions(current_project)]
    if as_json:
        say_json([_version_data(version) for version in versions])
    elif not versions:
        say(f"No handoff in {current_project.name} yet. Complete a session first: onward session complete")
    else:
        rows = [
            [
                version.version,
                f"{version.created_at:%Y-%m-%d %H:%M}",
                version.session_number,
                version.generator,
                version.preservation.summary(),
            ]
            for version in versions
        ]
        say_table(["version", "created", "after session", "author", "preservation"], rows)


@handoff.command()
@click.argument("before", type=click.IntRange(min=1))
@click.argument("after", type=click.IntRange(min=1))
@project_option
@json_option
@click.pass_obj
def diff(group_project: str | None, before: int, after: int, project: str | None, as_json: bool) -> None:
    """Show how the project's facts changed between two sessions.

    BEFORE and AFTER are session numbers. Compares the facts that either handoff shows, each with its source turns: added, changed
    (old → new), resolved, retired, and valid but no longer shown.

    \b
    Examples:
      onward handoff diff 3 4
      onward handoff diff 1 12 --json
    """
    from onward.core.handoff.changelog import render, to_json

    with use_backend(project=project or group_project) as backend:
        comparison = backend.handoffs.diff(backend.require_project(), before, after)
    if as_json:
        say_json({"before": before, "after": after, **to_json(comparison.changelog)})
    else:
        sys.stdout.write(printable(render(comparison.changelog, before, after)))


@handoff.command()
@click.argument("before", type=click.IntRange(min=1))
@click.argument("after", type=click.IntRange(min=1))
@project_option
@json_option
@click.pass_obj
def redline(group_project: str | None, before: int, after: int, project: str | None, as_json: bool) -> None:
    """Compare two versions of the handoff line by line.

    BEFORE and AFTER are versions as listed by `onward handoff list`, such as the one made by rules and the one
    a model wrote.

    \b
    Example:
      onward handoff redline 4 5
    """
    from onward.core.handoff import redline as redlines

    with use_backend(project=project or group_project) as backend:
        comparison = backend.handoffs.redline(backend.require_project(), before, after)
    if as_json:
        say_json({"before": before, "after": after, **redlines.to_json(comparison.redline)})
    else:
        sys.stdout.write(printable(redlines.render(comparison.redline, before, after)))


@handoff.command()
@project_option
@click.option("--dry-run", is_flag=True, help="Show the maximum cost; send no request.")
@json_option
@click.pass_obj
def refine(group_project: str | None, project: str | None, dry_run: bool, as_json: bool) -> None:
    """Have a language model write the newest handoff.

    The model receives the evidence of the session, redacted, and the handoff so far, in at most two requests. Code checks each line
    against the turns that it cites, restores lines that must not be missing, and stores the page as a new version if it passes. Otherwise
    the handoff made by rules stays, and the reason is printed. Set up a model with `onward llm-key set` or
    `ONWARD_LLM_URL`.

    \b
    Examples:
      onward handoff refine --dry-run
      onward handoff refine --project kopi-shop
    """
    from onward.cli.writer_output import outcome_data, say_estimate, say_outcome

    with use_backend(project=project or group_project) as backend:
        current_project = backend.require_project()
        if dry_run:
            say_estimate(backend.handoffs.estimate(current_project), as_json=as_json)
            return
        with ProgressBar("writing") as progress:
            outcome = backend.handoffs.refine(current_project, progress.update)
    if as_json:
        say_json(outcome_data(outcome))
    else:
        say_outcome(outcome, current_project)
    if outcome.report is None:
        # Nothing was judged: the job waits or failed.
        sys.exit(1)


def _version_data(version: StoredHandoff | HandoffVersion) -> dict[str, object]:
    fields = ("id", "version", "session_number", "session_id", "budget_tokens", "generator", "created_at")
    return {**{name: getattr(version, name) for name in fields}, "preservation": version.preservation.to_json()}
