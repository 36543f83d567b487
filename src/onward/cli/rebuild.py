"""`onward rebuild`: re-extracts the facts of a project."""

from __future__ import annotations

import click

from onward.cli.context import json_option, project_option, use_backend
from onward.cli.presentation import ProgressBar, quantity, say, say_json


@click.command()
@project_option
@click.option("--index", is_flag=True, help="Also rebuild the search index of the store.")
@json_option
def rebuild(project: str | None, index: bool, as_json: bool) -> None:
    """Re-extract a project's facts from its stored turns and compose its handoff again.

    Useful after an upgrade with better extraction. Your corrections are kept.

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
        f"Rebuilt {current_project.name}: {quantity(outcome.facts, 'fact')} from {quantity(outcome.sessions, 'completed session')}"
        + (f", handoff {version}." if version else ".")
    )
    if indexed_turns is not None:
        say(f"Rebuilt the search index: {quantity(indexed_turns, 'turn')}.")
