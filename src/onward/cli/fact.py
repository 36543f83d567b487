"""`onward fact`: list and correct the facts of a project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from onward.cli.context import json_option, project_option, use_backend
from onward.cli.presentation import note, paint, quantity, say, say_json, say_table
from onward.core.facts.fact import FACT_KINDS, Fact, FactKind, FactState, to_json
from onward.core.facts.rules_block import pair_edits, read_block, write_block
from onward.core.facts.shared_rules import SHARED_RULE
from onward.errors import NotFound
from onward.message import Message

if TYPE_CHECKING:
    from onward.backend import Backend
    from onward.core.project import Project

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
        say_json([{**to_json(fact), "text": fact.text} for fact in facts])
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


@fact.command()
@click.argument("name", metavar="[ID]", default="")
@click.option("--branch", default="", metavar="NAME", help="Apply the rule only on this branch of the project.")
@undo_option
@project_option
@json_option
def promote(name: str, branch: str, undo: bool, project: str | None, as_json: bool) -> None:
    """Apply a rule to every project.

    It is then in the handoffs of all projects, in a separate section. Without ID, list the rules that three projects or more have.
    --undo reverts this; the projects keep their own rules.

    \b
    Examples:
      onward fact promote
      onward fact promote 3f9c21aa
      onward fact promote 3f9c21aa --branch release
    """
    with use_backend(project=project) as backend:
        if not name:
            suggestions = backend.facts.list_suggestions()
            if as_json:
                say_json([suggestion._asdict() for suggestion in suggestions])
            else:
                say_table(
                    ["id", "projects", "rule"],
                    [[suggestion.fact_id[:ID_DIGITS], len(suggestion.projects), suggestion.text] for suggestion in suggestions],
                    wraps=True,
                )
                note(f"{quantity(len(suggestions), 'rule')} in three projects or more")
            return
        current_project = backend.require_project()
        if undo:
            shared = next((rule for rule in backend.facts.list_facts(current_project, kind=SHARED_RULE) if rule.id.startswith(name)), None)
            if shared is None:
                raise NotFound(
                    Message("No rule for every project has the id {name!r}.", name=name), "List them: onward fact list --kind shared_rule"
                )
            changed_fact = backend.facts.change(current_project, shared.id, state="retracted")
        else:
            changed_fact = backend.facts.promote(current_project, name, branch=branch)
    _say_result(changed_fact, "Taken back" if undo else "Reworded" if branch else "For every project", as_json=as_json)


@fact.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default="AGENTS.md")
@click.option("--shared", is_flag=True, help="Only the rules for every project, for a file such as ~/.claude/CLAUDE.md.")
@project_option
@json_option
def export(file: Path, shared: bool, project: str | None, as_json: bool) -> None:
    """Write the rules into a file that agents read, and import edits made there.

    FILE (default: AGENTS.md) gets a block between two markers; everything around it stays. When it is exported again, a line that you
    reworded in the block rewords its rule, a new line adds a rule, and a deleted line retracts one.

    \b
    Examples:
      onward fact export
      onward fact export CLAUDE.md
      onward fact export ~/.claude/CLAUDE.md --shared
    """
    file = file.expanduser()
    with use_backend(project=project) as backend:
        current_project = backend.require_project()
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        edits = pair_edits(read_block(text), _exported_rules(backend, current_project, shared=shared))
        for fact_id, wording in edits.reworded.items():
            backend.facts.change(current_project, fact_id, text=wording)
        for fact_id in edits.deleted:
            backend.facts.change(current_project, fact_id, state="retracted")
        for wording in edits.added:
            backend.facts.add(current_project, SHARED_RULE if shared else "rule", wording)
        rules = _exported_rules(backend, current_project, shared=shared)
    file.write_text(write_block(text, rules), encoding="utf-8")
    counts = {"rules": len(rules), "reworded": len(edits.reworded), "added": len(edits.added), "retracted": len(edits.deleted)}
    if as_json:
        say_json({"file": str(file), **counts})
    else:
        taken = ", ".join(f"{count} {name}" for name, count in counts.items() if count and name != "rules")
        say(f"Wrote {quantity(len(rules), 'rule')} to {file}." + (f" Taken over from it: {taken}." if taken else ""))


def _exported_rules(backend: Backend, project: Project, *, shared: bool) -> list[Fact]:
    kinds = (SHARED_RULE,) if shared else (SHARED_RULE, "rule")
    return [rule for kind in kinds for rule in backend.facts.list_facts(project, kind=kind)]


def _say_result(fact: Fact, action: str, *, as_json: bool) -> None:
    if as_json:
        say_json({**to_json(fact), "text": fact.text})
    else:
        say(f"{action}: {paint(fact.id[:ID_DIGITS], 'dim')} {fact.kind}: {fact.text}")


def _state_text(fact: Fact) -> str:
    return ("pinned " if fact.pinned else "") + (fact.state if fact.state != "live" else fact.evidence)


def _source_text(fact: Fact) -> str:
    return str(fact.sources[0]) if fact.sources else "you"
