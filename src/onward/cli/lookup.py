"""`onward search` and `onward source`: what the handoff leaves out, and what stands behind a line."""

from __future__ import annotations

import sys

import click

from onward.app.conversation import markdown
from onward.cli.conversation import json_line
from onward.cli.desk import as_json, desk, in_project
from onward.cli.inputs import named
from onward.cli.present import note, paint, say, say_json
from onward.core.excerpt import DEFAULT_BUDGET_TOKENS, SEARCH_KINDS, Excerpt, SearchKind
from onward.core.printable import printable


@click.command()
@click.argument("query", nargs=-1, required=True)
@in_project
@click.option("--all", "everywhere", is_flag=True, help="Search every project.")
@click.option(
    "--kind",
    "kinds",
    type=click.Choice(SEARCH_KINDS),
    multiple=True,
    help="Whose words: a person's, the agent's, the tools'; or facts. May be given more than once.",
)
@click.option(
    "--budget", type=click.IntRange(min=1), default=DEFAULT_BUDGET_TOKENS, show_default=True, metavar="N", help="Most tokens of excerpts."
)
@as_json
def search(
    query: tuple[str, ...], project: str | None, everywhere: bool, kinds: tuple[SearchKind, ...], budget: int, as_json: bool
) -> None:
    """Find passages in everything that was kept, each with the handle of its turn.

    Any words are a query; nothing in them is syntax. Where nothing tells which project you are in, all are searched.

    \b
    Examples:
      onward search webhook signature
      onward search "why not polling" --kind user --budget 500
    """
    with desk(project=project) as at:
        ours = None if everywhere else at.project_or_none()
        found = at.kept.search(" ".join(query), project=ours, kinds=kinds, budget_tokens=budget)
    if as_json:
        say_json({"tokens": found.tokens, "budget_tokens": found.budget_tokens, "excerpts": found.excerpts})
    elif not found.excerpts:
        note(f"Nothing found in {ours.name if ours else 'any project'}. Try fewer or other words" + (", or --all." if ours else "."))
    else:
        say("\n\n".join(_excerpt(one, several=ours is None) for one in found.excerpts))


def _excerpt(one: Excerpt, *, several: bool) -> str:
    place, _, about = one.source.rpartition("] ")
    head = " ".join(filter(None, (about, one.project if several else "")))
    return f"{paint(f'{place}] ', 'cyan') if place else ''}{paint(head, 'dim')}\n{printable(one.text)}"


@click.command()
@click.argument("handle")
@click.argument("files", metavar="[FILE]...", nargs=-1)
@in_project
@as_json
def source(handle: str, files: tuple[str, ...], project: str | None, as_json: bool) -> None:
    """Show the exact turns behind a line: s3.41 is turn 41 of session 3.

    With FILEs, the turns are looked up in those transcripts, in the order that `distill` was given them, and nothing is stored.

    \b
    Examples:
      onward source s3.41
      onward source s1.12-15 session.jsonl
    """
    if files:
        # Imported here: it brings the store with it, which a server has already.
        from onward.app.sources import of_files

        found = of_files([named(name) for name in files], handle)
    else:
        with desk(project=project) as at:
            found = at.kept.source(at.project(), handle)
    for ordinal, turn in found.turns:
        if as_json:
            say(json_line(turn, ordinal))
        else:
            sys.stdout.write(markdown(turn, ordinal))
