"""`onward search` and `onward source`: search stored transcripts, and show the turns behind a line."""

from __future__ import annotations

import sys

import click

from onward.app.search.query_filters import match_spans
from onward.app.turns.markdown import markdown
from onward.cli.context import json_option, project_option, use_backend
from onward.cli.input_file import resolve_input
from onward.cli.presentation import note, paint, say, say_json
from onward.cli.turns_jsonl import json_line
from onward.core.search_result import DEFAULT_BUDGET_TOKENS, SEARCH_KINDS, Excerpt, SearchKind
from onward.core.text.printable import printable


@click.command()
@click.argument("query", nargs=-1, required=True)
@project_option
@click.option("--all", "all_projects", is_flag=True, help="Search all projects.")
@click.option(
    "--kind",
    "kinds",
    type=click.Choice(SEARCH_KINDS),
    multiple=True,
    help="Only words of the user, of the agent, of tools; facts, handoffs or knowledge. Repeatable.",
)
@click.option(
    "--budget",
    type=click.IntRange(min=1),
    default=DEFAULT_BUDGET_TOKENS,
    show_default=True,
    metavar="N",
    help="Maximum tokens of excerpts.",
)
@json_option
def search(
    query: tuple[str, ...], project: str | None, all_projects: bool, kinds: tuple[SearchKind, ...], budget: int, as_json: bool
) -> None:
    """Search stored transcripts, facts, handoffs and knowledge. Each excerpt shows the handle of its turn.

    Any text is a query. `"several words"` in a row, `-word` that must not occur, and `project:NAME`, `agent:NAME`, `kind:user`,
    `file:PATH`, `before:2026-04` and `after:2026-03-01` narrow it. If the current project is unknown, all projects are searched.

    \b
    Examples:
      onward search webhook signature
      onward search "why not polling" --kind user --budget 500
      onward search 'printer "never commit" -test after:2026-03 file:src/print.ts'
    """
    with use_backend(project=project) as backend:
        project_filter = None if all_projects else backend.find_project()
        results = backend.history.search(" ".join(query), project=project_filter, kinds=kinds, budget_tokens=budget)
    if results.notice:
        note(str(results.notice))
    if as_json:
        say_json({"tokens": results.tokens, "budget_tokens": results.budget_tokens, "excerpts": results.excerpts})
    elif not results.excerpts:
        where, more = (project_filter.name, ", or --all") if project_filter else ("any project", "")
        note(f"No matches in {where}. Try fewer or different words{more}.")
    else:
        with_project = project_filter is None
        say("\n\n".join(_excerpt_text(excerpt, " ".join(query), with_project=with_project) for excerpt in results.excerpts))


def _excerpt_text(excerpt: Excerpt, query: str, *, with_project: bool) -> str:
    handle, _, description = excerpt.source.rpartition("] ")
    head = " ".join(filter(None, (description, excerpt.project if with_project else "")))
    return f"{paint(f'{handle}] ', 'cyan') if handle else ''}{paint(head, 'dim')}\n{_marked(printable(excerpt.text), query)}"


def _marked(text: str, query: str) -> str:
    """Return *text* with the words of the query in bold, on a terminal with colours."""
    parts: list[str] = []
    end = 0
    for first, last in match_spans(text, query):
        parts += [text[end:first], paint(text[first:last], "bold")]
        end = last
    return "".join((*parts, text[end:]))


@click.command()
@click.argument("handle")
@click.argument("files", metavar="[FILE]...", nargs=-1)
@project_option
@json_option
def source(handle: str, files: tuple[str, ...], project: str | None, as_json: bool) -> None:
    """Show the turns behind a line. HANDLE s3.41 is turn 41 of session 3.

    With FILEs, the turns are read from those transcripts, given in the same order as to `distill`; nothing is stored.

    \b
    Examples:
      onward source s3.41
      onward source s1.12-15 session.jsonl
    """
    if files:
        # Imported here: it imports the store, which work against a server does not need.
        from onward.app.turns.sources import read_from_files

        cited = read_from_files([resolve_input(name) for name in files], handle)
    else:
        with use_backend(project=project) as backend:
            cited = backend.history.read_source(backend.require_project(), handle)
    for ordinal, turn in cited.turns:
        if as_json:
            say(json_line(turn, ordinal))
        else:
            sys.stdout.write(markdown(turn, ordinal))
