"""`onward rebuild`: facts extracted anew."""

from __future__ import annotations

import click

from onward.cli.desk import as_json, desk, in_project
from onward.cli.present import Progress, counted, say, say_json


@click.command()
@in_project
@click.option("--index", is_flag=True, help="Make the search index of the whole store anew, too.")
@as_json
def rebuild(project: str | None, index: bool, as_json: bool) -> None:
    """Extract a project's facts anew from the turns that are kept, and make its handoff anew.

    For after an upgrade that extracts better. What you said of facts stays as you said it.

    \b
    Example:
      onward rebuild --project kopi-shop
    """
    with desk(project=project) as at, Progress("rebuilding") as progress:
        ours = at.project()
        made = at.projects.rebuild(ours, progress.at)
        indexed = at.kept.reindex() if index else None
    version = made.handoff.version if made.handoff else None
    if as_json:
        say_json(
            {"project": ours.name, "sessions": made.sessions, "facts": made.facts, "handoff_version": version, "indexed_turns": indexed}
        )
        return
    say(
        f"{ours.name}: {counted(made.facts, 'fact')} from {counted(made.sessions, 'completed session')}"
        + (f", handoff {version}." if version else ".")
    )
    if indexed is not None:
        say(f"Search index: {counted(indexed, 'turn')}.")
