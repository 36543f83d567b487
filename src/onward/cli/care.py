"""`onward rebuild` and `onward doctor`: what keeps the store in good order."""

from __future__ import annotations

import click

from onward.agents.checkup import at_home, kept_for
from onward.app.doctor import Status, examine
from onward.cli.desk import as_json, desk, in_project, own_settings
from onward.cli.present import Progress, counted, paint, say, say_json
from onward.settings import read_machine
from onward.wiring import open_store

STYLE_OF: dict[Status, str] = {"ok": "green", "warning": "yellow", "problem": "red"}


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


@click.command()
@as_json
def doctor(as_json: bool) -> int:
    """Say what is wrong, or soon will be, and how to mend it.

    Looks at the disk, the store, the search index, sessions left open, and transcripts that their agent is about to delete; and at the agents: whether Onward is at
    home there, when its hooks ran last, and what went wrong. Exit code 1 when something is broken.

    \b
    Example:
      onward doctor
    """
    settings, machine = own_settings(), read_machine()
    findings = [*examine(settings, open_store, kept_for(settings, machine)), *at_home(settings, machine)]
    if as_json:
        say_json(findings)
    else:
        for one in findings:
            say(f"{paint(f'{one.status:8}', STYLE_OF[one.status])} {one.check}: {one.message}")
            if one.hint:
                say(f"{'':8} {one.hint}")
    return int(any(one.status == "problem" for one in findings))
