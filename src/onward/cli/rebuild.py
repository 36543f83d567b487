"""`onward rebuild`: facts extracted anew."""

from __future__ import annotations

import click

from onward.cli.context import json_option, project_option, use_backend
from onward.cli.presentation import ProgressBar, quantity, say, say_json


@click.command()
@project_option
@click.option("--index", is_flag=True, help="Make the search index of the whole store anew, too.")
@json_option
def rebuild(project: str | None, index: bool, as_json: bool) -> None:
    """Extract a project's facts anew from the turns that are kept, and make its handoff anew.

    For after an upgrade that extracts better. What you said of facts stays as you said it.

    \b
    Example:
      onward rebuild --project kopi-shop
    """
    with use_backend(project=project) as backend, ProgressBar("rebuilding") as progress:
        current_project = backend.require_project()
        outcome = backend.projects.rebuild(current_project, progress.update)
        indexed_turns = backend.history.reindex() if index else None
    version = outcome.handoff.version if outcome.handoff else None
    if as_json:
        say_json(
            {
                "project": current_project.name,
                "sessions": outcome.sessions,
                "facts": outcome.facts,
                "handoff_version": version,
                "indexed_turns": indexed_turns,
            }
        )
        return
    say(
        f"{current_project.name}: {quantity(outcome.facts, 'fact')} from {quantity(outcome.sessions, 'completed session')}"
        + (f", handoff {version}." if version else ".")
    )
    if indexed_turns is not None:
        say(f"Search index: {quantity(indexed_turns, 'turn')}.")
