"""`onward template`: session templates."""

from __future__ import annotations

import click

from onward.cli.context import json_option, use_backend
from onward.cli.presentation import paint, say, say_json, say_table
from onward.core.template import Template
from onward.core.text.printable import printable


@click.group()
def template() -> None:
    """Manage session templates: named objectives and checklists.

    To use one: onward session start --template NAME
    """


@template.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the templates.

    \b
    Example:
      onward template list
    """
    with use_backend() as backend:
        templates = list(backend.templates.list_templates())
    if as_json:
        say_json(templates)
    elif not templates:
        say('No templates yet. Create one: onward template new NAME --objective "…"')
    else:
        rows = [
            [template.name, len(template.objectives), len(template.checklist), template.description or "; ".join(template.objectives)]
            for template in templates
        ]
        say_table(["name", "objectives", "checklist", "description"], rows)


@template.command()
@click.argument("name")
@click.option("--objective", "objectives", multiple=True, metavar="TEXT", help="An objective. Repeatable.")
@click.option("--check", "checklist", multiple=True, metavar="TEXT", help="A checklist item. Repeatable.")
@click.option("--description", default="", metavar="TEXT", help="When to use it.")
@json_option
def new(name: str, objectives: tuple[str, ...], checklist: tuple[str, ...], description: str, as_json: bool) -> None:
    """Create a template.

    \b
    Example:
      onward template new bugfix --objective "Find the cause first" --check "A test fails without the fix"
    """
    with use_backend() as backend:
        new_template = backend.templates.create(name, objectives=objectives, checklist=checklist, description=description)
    hint = f"To use it: onward session start --template {new_template.name}"
    _say_result(new_template, f"Created template {new_template.name}. {hint}", as_json=as_json)


@template.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show a template.

    \b
    Example:
      onward template show bugfix
    """
    with use_backend() as backend:
        shown_template = backend.templates.require(name)
    lines = [
        paint(
            printable(f"{shown_template.name}: {shown_template.description}" if shown_template.description else shown_template.name), "bold"
        )
    ]
    lines += [f"  objective: {printable(objective)}" for objective in shown_template.objectives]
    lines += [f"  [ ] {printable(item)}" for item in shown_template.checklist]
    _say_result(shown_template, "\n".join(lines), as_json=as_json)


@template.command()
@click.argument("name")
@json_option
def delete(name: str, as_json: bool) -> None:
    """Delete a template. Sessions started with it keep their objectives.

    \b
    Example:
      onward template delete bugfix
    """
    with use_backend() as backend:
        deleted_template = backend.templates.delete(name)
    _say_result(deleted_template, f"Deleted template {deleted_template.name}.", as_json=as_json)


def _say_result(template: Template, sentence: str, *, as_json: bool) -> None:
    if as_json:
        say_json(template)
    else:
        say(sentence)
