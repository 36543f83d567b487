"""`onward knowledge`: what was learned once, in whichever project."""

from __future__ import annotations

import sys

import click

from onward.cli.context import json_option, project_option, use_backend
from onward.cli.presentation import note, paint, quantity, say, say_json, say_table
from onward.core.knowledge.categories import CATEGORIES
from onward.core.knowledge.checklist import advise
from onward.core.knowledge.entry import KnowledgeAuthor, KnowledgeEntry, KnowledgeSource, KnownFix
from onward.core.knowledge.knowledge import KNOWLEDGE_KINDS, KnowledgeKind
from onward.core.text.printable import printable

id_argument = click.argument("number", metavar="ID", type=click.IntRange(min=1))
kind_option = click.option("--kind", type=click.Choice(KNOWLEDGE_KINDS), help="Only entries of this kind.")
category_option = click.option("--category", type=click.Choice(CATEGORIES), metavar="NAME", default=None, help="Only entries about this.")


@click.group("knowledge")
def knowledge_() -> None:
    """Find and write what was learned: solved errors, lessons, decisions, patterns, best practices.

    Completed sessions fill it by themselves, each thing once however many sessions tell it. What you write or change stays as you said it.
    """


@knowledge_.command("list")
@project_option
@kind_option
@category_option
@click.option("--by-hand", is_flag=True, help="Only what a person wrote or changed.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, metavar="N", help="At most so many.")
@json_option
def list_(project: str | None, kind: KnowledgeKind | None, category: str | None, by_hand: bool, limit: int, as_json: bool) -> None:
    """List entries, the newest first; with --project, those that its sessions tell.

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
        say_table(["id", "kind", "about", "told by", "used", "entry"], [_entry_row(entry) for entry in entries], wraps=True)
        note(quantity(len(entries), "entry", "entries"))


@knowledge_.command()
@click.argument("query", nargs=-1, required=True)
@project_option
@kind_option
@category_option
@click.option("--limit", type=click.IntRange(min=1, max=200), default=10, show_default=True, metavar="N", help="At most so many.")
@json_option
def search(
    query: tuple[str, ...], project: str | None, kind: KnowledgeKind | None, category: str | None, limit: int, as_json: bool
) -> None:
    """Find entries by their words, in what all projects taught; with --project, in what its sessions tell.

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
    say_table(["id", "kind", "about", "told by", "used", "entry"], rows, wraps=True)
    if not hits:
        note("Nothing found. Try fewer or other words.")


@knowledge_.command()
@click.argument("error", nargs=-1)
@project_option
@click.option("--limit", type=click.IntRange(min=1, max=50), default=5, show_default=True, metavar="N", help="At most so many fixes.")
@json_option
def seen_error(error: tuple[str, ...], project: str | None, limit: int, as_json: bool) -> None:
    """Say whether an error was seen before, and what ended it: your project's own fixes first, each with its source and how sure it is.

    Without ERROR, it is read from standard input: any output with the error in it will do. Where nothing was seen, a checklist for errors of its kind.

    \b
    Examples:
      onward knowledge seen "KeyError: 'currency'"
      make test 2>&1 | onward knowledge seen
    """
    text = " ".join(error) if error else sys.stdin.read(1_000_000)
    with use_backend(project=project) as backend:
        result = backend.knowledge.match_error(text, project=backend.find_project(), limit=limit)
    advice = advise(text)
    if as_json:
        say_json({"answers": result.fixes, "met": result.occurrences, "advice": advice})
        return
    for answer in result.fixes:
        say(answer_line(answer))
    for occurrence in result.occurrences:
        say(
            f"{paint(f'[{occurrence.project} s{occurrence.session}.{occurrence.turn}]', 'cyan')} met this{'' if occurrence.is_solved else ', and did not solve it there'}."
        )
    if not result.fixes:
        note("No fix is known yet. A checklist for errors of this kind, by rules:")
        for title, lines in (("Likely", advice.causes), ("Do", advice.steps), ("Run", advice.commands)):
            for line in lines:
                say(f"{title}: {line}")


def answer_line(answer: KnownFix) -> str:
    """Return a fix that was found before, as it is printed."""
    likeness = "the same error" if answer.sure == "same" else f"similar, {answer.likeness_ratio:.0%}"
    lines = [f"{paint(f'{answer.entry.id}', 'bold')} {paint(likeness, 'dim')}{_source_text(answer.source)}", f"  {printable(answer.text)}"]
    return "\n".join([*lines, f"  → {printable(answer.fix)}"] if answer.fix else lines)


@knowledge_.command()
@click.argument("text")
@click.option("--kind", type=click.Choice(KNOWLEDGE_KINDS), default="practice", show_default=True, help="What it is.")
@click.option("--fix", default="", metavar="TEXT", help="What ends it, for an error.")
@click.option(
    "--category", type=click.Choice(CATEGORIES), metavar="NAME", default=None, help="What it is about. Default: told by its words."
)
@json_option
def add(text: str, kind: KnowledgeKind, fix: str, category: str | None, as_json: bool) -> None:
    """Write an entry yourself.

    \b
    Examples:
      onward knowledge add "Ask for port 0 in tests: two runs at once never meet."
      onward knowledge add "ECONNREFUSED 127.0.0.1:5432" --kind solution --fix "docker compose up -d db"
    """
    with use_backend() as backend:
        new_entry = backend.knowledge.add(text, kind=kind, fix=fix, category=category or "")
    _say_entry("Added", new_entry, as_json=as_json)


@knowledge_.command()
@id_argument
@click.option("--text", metavar="TEXT", help="What it says.")
@click.option("--fix", metavar="TEXT", help="What ends it.")
@click.option("--category", type=click.Choice(CATEGORIES), metavar="NAME", default=None, help="What it is about.")
@click.option("--kind", type=click.Choice(KNOWLEDGE_KINDS), help="What it is.")
@click.option("--used", is_flag=True, help="Only note that it helped.")
@json_option
def edit(
    number: int, text: str | None, fix: str | None, category: str | None, kind: KnowledgeKind | None, used: bool, as_json: bool
) -> None:
    """Say better what an entry says. From then on no harvest changes it.

    \b
    Examples:
      onward knowledge edit 12 --fix "Raise the pool to 20."
      onward knowledge edit 12 --used
    """
    changes = {"text": text, "fix": fix, "category": category, "kind": kind}
    if not used and all(value is None for value in changes.values()):
        raise click.UsageError("Say what to change: --text, --fix, --category or --kind; or --used.")
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
    """Delete an entry. It stays away, though sessions tell it again.

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
    """Show an entry with the sessions that tell it.

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
    say(f"  shown {entry.shown} times, used {entry.used} times" + ("" if entry.author == "session" else "; in your words"))
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
