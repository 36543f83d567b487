"""`onward knowledge`: the knowledge base over all projects."""

from __future__ import annotations

import sys

import click

from onward.cli.context import json_option, project_option, use_backend
from onward.cli.presentation import note, paint, quantity, say, say_json, say_table
from onward.core.knowledge.categories import CATEGORIES
from onward.core.knowledge.entry import (
    KNOWLEDGE_KINDS,
    ErrorOccurrence,
    KnowledgeAuthor,
    KnowledgeEntry,
    KnowledgeKind,
    KnowledgeSource,
    KnownFix,
)
from onward.core.text.printable import printable

id_argument = click.argument("number", metavar="ID", type=click.IntRange(min=1))
kind_option = click.option("--kind", type=click.Choice(KNOWLEDGE_KINDS), help="Only entries of this kind.")
category_option = click.option(
    "--category", type=click.Choice(CATEGORIES), metavar="NAME", default=None, help="Only entries of this category."
)


@click.group("knowledge")
def knowledge_() -> None:
    """Search and edit the knowledge base: solved errors, lessons, decisions, patterns, best practices.

    Completed sessions add entries automatically, without duplicates. Your own entries and edits are never overwritten.
    """


@knowledge_.command("list")
@project_option
@kind_option
@category_option
@click.option("--by-hand", is_flag=True, help="Only entries written or edited by a person.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, metavar="N", help="Maximum number of entries.")
@json_option
def list_(project: str | None, kind: KnowledgeKind | None, category: str | None, by_hand: bool, limit: int, as_json: bool) -> None:
    """List entries, newest first. With --project, only entries from its sessions.

    \b
    Examples:
      onward knowledge list --kind solution
      onward knowledge list --category database --project kopi-shop
    """
    with use_backend(project=project) as backend:
        project_filter = backend.require_project() if project else None
        author: KnowledgeAuthor | None = "person" if by_hand else None
        entries = list(
            backend.knowledge.list_entries(kind=kind, category=category or "", author=author, project=project_filter, limit=limit)
        )
    if as_json:
        say_json(entries)
    else:
        say_table(["id", "kind", "category", "source", "used", "entry"], [_entry_row(entry) for entry in entries], wraps=True)
        note(quantity(len(entries), "entry", "entries"))


@knowledge_.command()
@click.argument("query", nargs=-1, required=True)
@project_option
@kind_option
@category_option
@click.option("--limit", type=click.IntRange(min=1, max=200), default=10, show_default=True, metavar="N", help="Maximum number of entries.")
@json_option
def search(
    query: tuple[str, ...], project: str | None, kind: KnowledgeKind | None, category: str | None, limit: int, as_json: bool
) -> None:
    """Search the entries of all projects. With --project, only entries from its sessions.

    \b
    Example:
      onward knowledge search "stale lock file"
    """
    with use_backend(project=project) as backend:
        project_filter = backend.require_project() if project else None
        hits = backend.knowledge.search(" ".join(query), project=project_filter, kind=kind, category=category or "", limit=limit)
    if as_json:
        say_json(hits)
        return
    rows = [[*_entry_row(hit.entry)[:-1], f"{_entry_text(hit.entry)}{_source_text(hit.source)}"] for hit in hits]
    say_table(["id", "kind", "category", "source", "used", "entry"], rows, wraps=True)
    if not hits:
        note("No entries found. Try fewer or different words.")


@knowledge_.command("seen")
@click.argument("error", nargs=-1)
@project_option
@click.option("--limit", type=click.IntRange(min=1, max=50), default=5, show_default=True, metavar="N", help="Maximum number of fixes.")
@json_option
def seen_error(error: tuple[str, ...], project: str | None, limit: int, as_json: bool) -> None:
    """Find earlier occurrences of an error and their fixes: this project first, each with source and similarity.

    Without ERROR, the error is read from standard input; any output that contains it works. If no fix is known, it says so.

    \b
    Examples:
      onward knowledge seen "KeyError: 'currency'"
      make test 2>&1 | onward knowledge seen
    """
    text = " ".join(error) if error else sys.stdin.read(1_000_000)
    with use_backend(project=project) as backend:
        result = backend.knowledge.match_error(text, project=backend.find_project(), limit=limit)
    if as_json:
        say_json({"fixes": result.fixes, "occurrences": result.occurrences})
        return
    for answer in result.fixes:
        say(answer_line(answer))
    for occurrence in result.occurrences:
        say(occurrence_line(occurrence))
    if not result.fixes:
        note("No fix is known. `onward search WORDS` looks for the error in the history.")


def answer_line(answer: KnownFix) -> str:
    """Return a known fix as printed: id, likeness, source, error, fix."""
    likeness = "the same error" if answer.certainty == "same" else f"similar, {answer.likeness_ratio:.0%}"
    lines = [f"{paint(f'{answer.entry.id}', 'bold')} {paint(likeness, 'dim')}{_source_text(answer.source)}", f"  {printable(answer.text)}"]
    return "\n".join([*lines, f"  → {printable(answer.fix)}"] if answer.fix else lines)


def occurrence_line(occurrence: ErrorOccurrence) -> str:
    """Return an earlier occurrence of an error as printed."""
    handle = paint(f"[{occurrence.project} s{occurrence.session}.{occurrence.turn}]", "cyan")
    return f"{handle} had this error{'' if occurrence.is_solved else ', unsolved there'}."


@knowledge_.command()
@click.argument("text")
@click.option("--kind", type=click.Choice(KNOWLEDGE_KINDS), default="practice", show_default=True, help="The kind of entry.")
@click.option("--fix", default="", metavar="TEXT", help="The fix, for an error.")
@click.option(
    "--category", type=click.Choice(CATEGORIES), metavar="NAME", default=None, help="The category. Default: detected from the text."
)
@json_option
def add(text: str, kind: KnowledgeKind, fix: str, category: str | None, as_json: bool) -> None:
    """Add an entry.

    \b
    Examples:
      onward knowledge add "Use port 0 in tests, so that parallel runs never collide."
      onward knowledge add "ECONNREFUSED 127.0.0.1:5432" --kind solution --fix "docker compose up -d db"
    """
    with use_backend() as backend:
        new_entry = backend.knowledge.add(text, kind=kind, fix=fix, category=category or "")
    _say_entry("Added", new_entry, as_json=as_json)


@knowledge_.command()
@id_argument
@click.option("--text", metavar="TEXT", help="New text.")
@click.option("--fix", metavar="TEXT", help="New fix.")
@click.option("--category", type=click.Choice(CATEGORIES), metavar="NAME", default=None, help="New category.")
@click.option("--kind", type=click.Choice(KNOWLEDGE_KINDS), help="New kind.")
@click.option("--used", is_flag=True, help="Count one use of the entry.")
@json_option
def edit(
    number: int, text: str | None, fix: str | None, category: str | None, kind: KnowledgeKind | None, used: bool, as_json: bool
) -> None:
    """Edit an entry. Sessions no longer change an edited entry.

    \b
    Examples:
      onward knowledge edit 12 --fix "Raise the pool to 20."
      onward knowledge edit 12 --used
    """
    changes = {"text": text, "fix": fix, "category": category, "kind": kind}
    if not used and all(value is None for value in changes.values()):
        raise click.UsageError("Give at least one of --text, --fix, --category, --kind or --used.")
    with use_backend() as backend:
        if any(value is not None for value in changes.values()):
            changed_entry = backend.knowledge.edit(number, text=text, fix=fix, category=category, kind=kind)
        if used:
            changed_entry = backend.knowledge.note_used(number)
    _say_entry("Changed", changed_entry, as_json=as_json)


@knowledge_.command()
@id_argument
@json_option
def delete(number: int, as_json: bool) -> None:
    """Delete an entry. Later sessions do not add it again.

    \b
    Example:
      onward knowledge delete 12
    """
    with use_backend() as backend:
        deleted_entry = backend.knowledge.delete(number)
    _say_entry("Deleted", deleted_entry, as_json=as_json)


@knowledge_.command()
@id_argument
@json_option
def show(number: int, as_json: bool) -> None:
    """Show an entry and its sources.

    \b
    Example:
      onward knowledge show 12
    """
    with use_backend() as backend:
        detail = backend.knowledge.show(number)
    if as_json:
        say_json(detail)
        return
    entry = detail.entry
    say(paint(f"{entry.id} {entry.kind}, {entry.category}", "bold"))
    say(printable(entry.text) + (f"\n→ {printable(entry.fix)}" if entry.fix else ""))
    say(f"  shown {entry.shown} times, used {entry.used} times" + ("" if entry.author == "session" else "; edited by a person"))
    for source in detail.sources:
        say(f"  {paint(f'[{source.project} {source.handle}]', 'cyan')} {printable(source.text)}")


def _say_entry(action: str, entry: KnowledgeEntry, *, as_json: bool) -> None:
    if as_json:
        say_json(entry)
    else:
        say(f"{action}: {paint(str(entry.id), 'dim')} {entry.kind}, {entry.category}: {printable(_entry_text(entry))}")


def _entry_row(entry: KnowledgeEntry) -> list[object]:
    origin = quantity(entry.sources, "session") if entry.author == "session" else "you"
    return [entry.id, entry.kind, entry.category, origin, entry.used, _entry_text(entry)]


def _entry_text(entry: KnowledgeEntry) -> str:
    return f"{entry.text} → {entry.fix}" if entry.fix else entry.text


def _source_text(source: KnowledgeSource | None) -> str:
    return f" [{source.project} {source.handle}]" if source else ""
