"""`onward fact`: the ledger, corrected by a person."""

from __future__ import annotations

from typing import get_args

import click

from onward.cli.desk import as_json, desk, in_project
from onward.cli.present import counted, note, paint, say, say_json, table
from onward.core.facts import KINDS, Fact, Kind, State, to_json

SHOWN_ID = 8
"""Digits of an id that the list shows; any beginning that only one fact has will do."""

named = click.argument("name", metavar="ID")
undone = click.option("--undo", is_flag=True, help="Take it back.")


@click.group()
def fact() -> None:
    """See and correct what Onward knows of a project.

    What you say of a fact wins over what is extracted, now and after every import and rebuild. Each correction makes the handoff anew.
    """


@fact.command("list")
@in_project
@click.option("--kind", type=click.Choice(KINDS), help="Only facts of this kind.")
@click.option("--state", type=click.Choice([*get_args(State), "all"]), default="live", show_default=True, help="Only facts that stand so.")
@click.option("--file", default="", metavar="TEXT", help="Only facts that name a file with this in its path.")
@click.option("--session", type=click.IntRange(min=1), metavar="N", help="Only facts of this session.")
@as_json
def list_(project: str | None, kind: Kind | None, state: str, file: str, session: int | None, as_json: bool) -> None:
    """List the facts.

    \b
    Examples:
      onward fact list --kind rule
      onward fact list --file src/cart --state all
    """
    wanted: State | None = None if state == "all" else state  # type: ignore[assignment]
    with desk(project=project) as at:
        found = list(at.facts.listed(at.project(), kind=kind, state=wanted, file=file, session=session))
    if as_json:
        say_json([to_json(one) for one in found])
        return
    rows = [[one.id[:SHOWN_ID], one.kind, _state(one), _source(one), one.text] for one in found]
    table(["id", "kind", "state", "source", "fact"], rows, whole=True)
    note(counted(len(found), "fact"))


@fact.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("text")
@in_project
@as_json
def add(kind: Kind, text: str, project: str | None, as_json: bool) -> None:
    """State a fact yourself.

    \b
    Example:
      onward fact add rule "Prices are integers in rupiah, never floats."
    """
    with desk(project=project) as at:
        made = at.facts.add(at.project(), kind, text)
    _answer(made, "Added", as_json=as_json)


@fact.command()
@named
@click.argument("text")
@in_project
@as_json
def edit(name: str, text: str, project: str | None, as_json: bool) -> None:
    """Say better what a fact says.

    \b
    Example:
      onward fact edit 3f9c21aa "Staging is at port 8081."
    """
    with desk(project=project) as at:
        made = at.facts.change(at.project(), name, text=text)
    _answer(made, "Reworded", as_json=as_json)


@fact.command()
@named
@undone
@in_project
@as_json
def pin(name: str, undo: bool, project: str | None, as_json: bool) -> None:
    """Show a fact in every handoff, before others.

    \b
    Example:
      onward fact pin 3f9c21aa
    """
    with desk(project=project) as at:
        made = at.facts.change(at.project(), name, pinned=not undo)
    _answer(made, "No longer pinned" if undo else "Pinned", as_json=as_json)


@fact.command()
@named
@undone
@in_project
@as_json
def retract(name: str, undo: bool, project: str | None, as_json: bool) -> None:
    """Take a fact out of every handoff: it is wrong, or of no use.

    \b
    Example:
      onward fact retract 3f9c21aa
    """
    with desk(project=project) as at:
        made = at.facts.change(at.project(), name, state="live" if undo else "retracted")
    _answer(made, "No longer retracted" if undo else "Retracted", as_json=as_json)


def _answer(made: Fact, done: str, *, as_json: bool) -> None:
    if as_json:
        say_json(to_json(made))
    else:
        say(f"{done}: {paint(made.id[:SHOWN_ID], 'dim')} {made.kind}: {made.text}")


def _state(one: Fact) -> str:
    return ("pinned " if one.pinned else "") + (one.state if one.state != "live" else one.evidence)


def _source(one: Fact) -> str:
    return str(one.sources[0]) if one.sources else "you"
