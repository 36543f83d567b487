"""`onward template`: what a kind of session is for, by name."""

from __future__ import annotations

import click

from onward.cli.desk import as_json, desk
from onward.cli.present import paint, say, say_json, table
from onward.core.printable import printable
from onward.core.template import Template


@click.group()
def template() -> None:
    """Keep what sessions of a kind are for, and what they should not forget.

    Begin one with: onward session start --template NAME
    """


@template.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the templates.

    \b
    Example:
      onward template list
    """
    with desk() as at:
        found = list(at.templates.listed())
    if as_json:
        say_json(found)
    elif not found:
        say('There is no template yet. Make one: onward template new NAME --objective "…"')
    else:
        rows = [[one.name, len(one.objectives), len(one.checklist), one.description or "; ".join(one.objectives)] for one in found]
        table(["name", "objectives", "checklist", "about"], rows)


@template.command()
@click.argument("name")
@click.option("--objective", "objectives", multiple=True, metavar="TEXT", help="What such a session is for. May be given more than once.")
@click.option("--check", "checklist", multiple=True, metavar="TEXT", help="What it should not forget. May be given more than once.")
@click.option("--description", default="", metavar="TEXT", help="When to use it.")
@as_json
def new(name: str, objectives: tuple[str, ...], checklist: tuple[str, ...], description: str, as_json: bool) -> None:
    """Make a template.

    \b
    Example:
      onward template new bugfix --objective "Find the cause before mending" --check "A test fails without the fix"
    """
    with desk() as at:
        made = at.templates.new(name, objectives=objectives, checklist=checklist, description=description)
    _tell(made, f"Template {made.name} is there. Use it: onward session start --template {made.name}", as_json=as_json)


@template.command()
@click.argument("name")
@as_json
def show(name: str, as_json: bool) -> None:
    """Show a template.

    \b
    Example:
      onward template show bugfix
    """
    with desk() as at:
        found = at.templates.find(name)
    lines = [paint(printable(f"{found.name}: {found.description}" if found.description else found.name), "bold")]
    lines += [f"  objective: {printable(one)}" for one in found.objectives]
    lines += [f"  [ ] {printable(one)}" for one in found.checklist]
    _tell(found, "\n".join(lines), as_json=as_json)


@template.command()
@click.argument("name")
@as_json
def delete(name: str, as_json: bool) -> None:
    """Delete a template. Sessions that began with it keep their objectives.

    \b
    Example:
      onward template delete bugfix
    """
    with desk() as at:
        gone = at.templates.delete(name)
    _tell(gone, f"Template {gone.name} is gone.", as_json=as_json)


def _tell(one: Template, sentence: str, *, as_json: bool) -> None:
    if as_json:
        say_json(one)
    else:
        say(sentence)
