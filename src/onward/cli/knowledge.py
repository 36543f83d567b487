"""`onward knowledge`: what was learned once, in whichever project."""

from __future__ import annotations

import sys

import click

from onward.cli.desk import as_json, desk, in_project
from onward.cli.present import counted, note, paint, say, say_json, table
from onward.core.categories import CATEGORIES
from onward.core.entry import Answer, Entry, KnowledgeAuthor, Source
from onward.core.knowledge import KNOWLEDGE_KINDS, KnowledgeKind
from onward.core.printable import printable
from onward.core.troubleshoot import advise

numbered = click.argument("number", metavar="ID", type=click.IntRange(min=1))
of_kind = click.option("--kind", type=click.Choice(KNOWLEDGE_KINDS), help="Only entries of this kind.")
of_category = click.option("--category", type=click.Choice(CATEGORIES), metavar="NAME", default=None, help="Only entries about this.")


@click.group("knowledge")
def knowledge_() -> None:
    """Find and write what was learned: solved errors, lessons, decisions, patterns, best practices.

    Completed sessions fill it by themselves, each thing once however many sessions tell it. What you write or change stays as you said it.
    """


@knowledge_.command("list")
@in_project
@of_kind
@of_category
@click.option("--by-hand", is_flag=True, help="Only what a person wrote or changed.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, metavar="N", help="At most so many.")
@as_json
def list_(project: str | None, kind: KnowledgeKind | None, category: str | None, by_hand: bool, limit: int, as_json: bool) -> None:
    """List entries, the newest first; with --project, those that its sessions tell.

    \b
    Examples:
      onward knowledge list --kind solution
      onward knowledge list --category database --project kopi-shop
    """
    with desk(project=project) as at:
        ours = at.project() if project else None
        author: KnowledgeAuthor | None = "person" if by_hand else None
        found = list(at.knowledge.listed(kind=kind, category=category or "", author=author, project=ours, limit=limit))
    if as_json:
        say_json(found)
    else:
        table(["id", "kind", "about", "told by", "used", "entry"], [_row(one) for one in found], whole=True)
        note(counted(len(found), "entry", "entries"))


@knowledge_.command()
@click.argument("query", nargs=-1, required=True)
@in_project
@of_kind
@of_category
@click.option("--limit", type=click.IntRange(min=1, max=200), default=10, show_default=True, metavar="N", help="At most so many.")
@as_json
def search(
    query: tuple[str, ...], project: str | None, kind: KnowledgeKind | None, category: str | None, limit: int, as_json: bool
) -> None:
    """Find entries by their words, in what all projects taught; with --project, in what its sessions tell.

    \b
    Example:
      onward knowledge search "stale lock file"
    """
    with desk(project=project) as at:
        ours = at.project() if project else None
        found = at.knowledge.search(" ".join(query), project=ours, kind=kind, category=category or "", limit=limit)
    if as_json:
        say_json(found)
        return
    rows = [[*_row(one.entry)[:-1], f"{_worded(one.entry)}{_from(one.source)}"] for one in found]
    table(["id", "kind", "about", "told by", "used", "entry"], rows, whole=True)
    if not found:
        note("Nothing found. Try fewer or other words.")


@knowledge_.command()
@click.argument("error", nargs=-1)
@in_project
@click.option("--limit", type=click.IntRange(min=1, max=50), default=5, show_default=True, metavar="N", help="At most so many fixes.")
@as_json
def seen(error: tuple[str, ...], project: str | None, limit: int, as_json: bool) -> None:
    """Say whether an error was seen before, and what ended it: your project's own fixes first, each with its source and how sure it is.

    Without ERROR, it is read from standard input: any output with the error in it will do. Where nothing was seen, a checklist for errors of its kind.

    \b
    Examples:
      onward knowledge seen "KeyError: 'currency'"
      make test 2>&1 | onward knowledge seen
    """
    text = " ".join(error) if error else sys.stdin.read(1_000_000)
    with desk(project=project) as at:
        found = at.knowledge.seen(text, project=at.project_or_none(), limit=limit)
    advice = advise(text)
    if as_json:
        say_json({"answers": found.answers, "met": found.met, "advice": advice})
        return
    for one in found.answers:
        say(answer_line(one))
    for met in found.met:
        say(
            f"{paint(f'[{met.project} s{met.session}.{met.turn}]', 'cyan')} met this{'' if met.is_solved else ', and did not solve it there'}."
        )
    if not found.answers:
        note("No fix is known yet. A checklist for errors of this kind, by rules:")
        for title, lines in (("Likely", advice.causes), ("Do", advice.steps), ("Run", advice.commands)):
            for line in lines:
                say(f"{title}: {line}")


def answer_line(one: Answer) -> str:
    """Return a fix that was found before, as it is printed."""
    sure = "the same error" if one.sure == "same" else f"similar, {one.likeness_ratio:.0%}"
    lines = [f"{paint(f'{one.entry.id}', 'bold')} {paint(sure, 'dim')}{_from(one.source)}", f"  {printable(one.text)}"]
    return "\n".join([*lines, f"  → {printable(one.fix)}"] if one.fix else lines)


@knowledge_.command()
@click.argument("text")
@click.option("--kind", type=click.Choice(KNOWLEDGE_KINDS), default="practice", show_default=True, help="What it is.")
@click.option("--fix", default="", metavar="TEXT", help="What ends it, for an error.")
@click.option(
    "--category", type=click.Choice(CATEGORIES), metavar="NAME", default=None, help="What it is about. Default: told by its words."
)
@as_json
def add(text: str, kind: KnowledgeKind, fix: str, category: str | None, as_json: bool) -> None:
    """Write an entry yourself.

    \b
    Examples:
      onward knowledge add "Ask for port 0 in tests: two runs at once never meet."
      onward knowledge add "ECONNREFUSED 127.0.0.1:5432" --kind solution --fix "docker compose up -d db"
    """
    with desk() as at:
        made = at.knowledge.add(text, kind=kind, fix=fix, category=category or "")
    _tell("Added", made, as_json=as_json)


@knowledge_.command()
@numbered
@click.option("--text", metavar="TEXT", help="What it says.")
@click.option("--fix", metavar="TEXT", help="What ends it.")
@click.option("--category", type=click.Choice(CATEGORIES), metavar="NAME", default=None, help="What it is about.")
@click.option("--kind", type=click.Choice(KNOWLEDGE_KINDS), help="What it is.")
@click.option("--used", is_flag=True, help="Only note that it helped.")
@as_json
def edit(
    number: int, text: str | None, fix: str | None, category: str | None, kind: KnowledgeKind | None, used: bool, as_json: bool
) -> None:
    """Say better what an entry says. From then on no harvest changes it.

    \b
    Examples:
      onward knowledge edit 12 --fix "Raise the pool to 20."
      onward knowledge edit 12 --used
    """
    said = {"text": text, "fix": fix, "category": category, "kind": kind}
    if not used and all(value is None for value in said.values()):
        raise click.UsageError("Say what to change: --text, --fix, --category or --kind; or --used.")
    with desk() as at:
        if any(value is not None for value in said.values()):
            made = at.knowledge.edit(number, text=text, fix=fix, category=category, kind=kind)
        if used:
            made = at.knowledge.note_used(number)
    _tell("Changed", made, as_json=as_json)


@knowledge_.command()
@numbered
@as_json
def delete(number: int, as_json: bool) -> None:
    """Delete an entry. It stays away, though sessions tell it again.

    \b
    Example:
      onward knowledge delete 12
    """
    with desk() as at:
        gone = at.knowledge.delete(number)
    _tell("Deleted", gone, as_json=as_json)


@knowledge_.command()
@numbered
@as_json
def show(number: int, as_json: bool) -> None:
    """Show an entry with the sessions that tell it.

    \b
    Example:
      onward knowledge show 12
    """
    with desk() as at:
        detail = at.knowledge.show(number)
    if as_json:
        say_json(detail)
        return
    one = detail.entry
    say(paint(f"{one.id} {one.kind}, {one.category}", "bold"))
    say(printable(one.text) + (f"\n→ {printable(one.fix)}" if one.fix else ""))
    say(f"  shown {one.shown} times, used {one.used} times" + ("" if one.author == "session" else "; in your words"))
    for source in detail.sources:
        say(f"  {paint(f'[{source.project} {source.handle}]', 'cyan')} {printable(source.text)}")


def _tell(done: str, one: Entry, *, as_json: bool) -> None:
    if as_json:
        say_json(one)
    else:
        say(f"{done}: {paint(str(one.id), 'dim')} {one.kind}, {one.category}: {printable(_worded(one))}")


def _row(one: Entry) -> list[object]:
    told = counted(one.sources, "session") if one.author == "session" else "you"
    return [one.id, one.kind, one.category, told, one.used, _worded(one)]


def _worded(one: Entry) -> str:
    return f"{one.text} → {one.fix}" if one.fix else one.text


def _from(source: Source | None) -> str:
    return f" [{source.project} {source.handle}]" if source else ""
