"""`onward fact`: list and correct the facts of a project."""

from __future__ import annotations

from typing import get_args

import click

from onward.cli.context import json_option, project_option, use_backend
from onward.cli.presentation import note, paint, quantity, say, say_json, say_table
from onward.core.facts.fact import FACT_KINDS, Fact, FactKind, FactState, to_json

ID_DIGITS = 8
"""Digits of an id shown in the list. Any unique prefix of an id is accepted."""

id_argument = click.argument("name", metavar="ID")
undo_option = click.option("--undo", is_flag=True, help="Undo this.")


@click.group()
def fact() -> None:
    """List and correct the facts of a project.

    Your corrections override extraction, also after later imports and rebuilds. Each correction composes the handoff again.
    """


@fact.command("list")
@project_option
@click.option("--kind", type=click.Choice(FACT_KINDS), help="Only facts of this kind.")
@click.option(
    "--state", type=click.Choice([*get_args(FactState), "all"]), default="live", show_default=True, help="Only facts in this state."
)
@click.option("--file", default="", metavar="TEXT", help="Only facts about files with TEXT in their path.")
@click.option("--session", type=click.IntRange(min=1), metavar="N", help="Only facts of session N.")
@json_option
def list_(project: str | None, kind: FactKind | None, state: str, file: str, session: int | None, as_json: bool) -> None:
    """List the facts.

    \b
    Examples:
      onward fact list --kind rule
      onward fact list --file src/cart --state all
    """
    state_filter: FactState | None = None if state == "all" else state  # type: ignore[assignment]
    with use_backend(project=project) as backend:
        facts = list(backend.facts.list_facts(backend.require_project(), kind=kind, state=state_filter, file=file, session=session))
    if as_json:
        say_json([to_json(fact) for fact in facts])
        return
    rows = [[fact.id[:ID_DIGITS], fact.kind, _state_text(fact), _source_text(fact), fact.text] for fact in facts]
    say_table(["id", "kind", "state", "source", "fact"], rows, wraps=True)
    note(quantity(len(facts), "fact"))


@fact.command()
@click.argument("kind", type=click.Choice(FACT_KINDS))
@click.argument("text")
@project_option
@json_option
def add(kind: FactKind, text: str, project: str | None, as_json: bool) -> None:
    """Add a fact.

    \b
    Example:
      onward fact add rule "Prices are integers in rupiah, never floats."
    """
    with use_backend(project=project) as backend:
        new_fact = backend.facts.add(backend.require_project(), kind, text)
    _say_result(new_fact, "Added", as_json=as_json)


@fact.command()
@id_argument
@click.argument("text")
@project_option
@json_option
def edit(name: str, text: str, project: str | None, as_json: bool) -> None:
    """Reword a fact.

    \b
    Example:
      onward fact edit 3f9c21aa "Staging is at port 8081."
    """
    with use_backend(project=project) as backend:
        changed_fact = backend.facts.change(backend.require_project(), name, text=text)
    _say_result(changed_fact, "Reworded", as_json=as_json)


@fact.command()
@id_argument
@undo_option
@project_option
@json_option
def pin(name: str, undo: bool, project: str | None, as_json: bool) -> None:
    """Pin a fact: show it first in every handoff.

    \b
    Example:
      onward fact pin 3f9c21aa
    """
    with use_backend(project=project) as backend:
        changed_fact = backend.facts.change(backend.require_project(), name, pinned=not undo)
    _say_result(changed_fact, "Unpinned" if undo else "Pinned", as_json=as_json)


@fact.command()
@id_argument
@undo_option
@project_option
@json_option
def retract(name: str, undo: bool, project: str | None, as_json: bool) -> None:
    """Retract a wrong or useless fact: remove it from future handoffs.

    \b
    Example:
      onward fact retract 3f9c21aa
    """
    with use_backend(project=project) as backend:
        changed_fact = backend.facts.change(backend.require_project(), name, state="live" if undo else "retracted")
    _say_result(changed_fact, "Restored" if undo else "Retracted", as_json=as_json)


def _say_result(fact: Fact, action: str, *, as_json: bool) -> None:
    if as_json:
        say_json(to_json(fact))
    else:
        say(f"{action}: {paint(fact.id[:ID_DIGITS], 'dim')} {fact.kind}: {fact.text}")


def _state_text(fact: Fact) -> str:
    return ("pinned " if fact.pinned else "") + (fact.state if fact.state != "live" else fact.evidence)


def _source_text(fact: Fact) -> str:
    return str(fact.sources[0]) if fact.sources else "you"
