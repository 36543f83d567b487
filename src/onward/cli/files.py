"""`onward files`: what the sessions touched."""

from __future__ import annotations

import click

from onward.cli.desk import as_json, desk, in_project
from onward.cli.present import counted, note, say_json, table
from onward.core.touched import ProjectFile


@click.command()
@click.argument("text", default="", required=False)
@in_project
@click.option("--session", type=click.IntRange(min=1), metavar="N", help="Only files that this session touched.")
@as_json
def files(text: str, project: str | None, session: int | None, as_json: bool) -> None:
    """List the files that completed sessions touched: how they changed, lines added and removed, by which sessions.

    With TEXT, only files with it in their path. Lines come from the edits in the transcripts; where those do not show them, there is a dash.

    \b
    Examples:
      onward files
      onward files src/cart --session 3
    """
    with desk(project=project) as at:
        found = list(at.kept.files(at.project(), session=session, text=text))
    if as_json:
        say_json(found)
        return
    table(["change", "added", "removed", "sessions", "path"], [_row(one) for one in found])
    note(counted(len(found), "file"))


def _row(one: ProjectFile) -> list[object]:
    numbers = [str(touch.session) for touch in one.sessions]
    shown = ", ".join(numbers if one.session_count <= 6 else [f"{one.session_count} sessions:", "…", *numbers[-3:]])
    return [one.change, _lines(one.added_lines, "+"), _lines(one.removed_lines, "−"), shown, one.path]


def _lines(count: int | None, sign: str) -> str:
    return "-" if count is None else f"{sign}{count}" if count else "0"
