"""`onward files`: the files that sessions changed."""

from __future__ import annotations

import click

from onward.cli.context import json_option, project_option, use_backend
from onward.cli.presentation import note, quantity, say_json, say_table
from onward.core.effort.touched_files import ProjectFile


@click.command()
@click.argument("text", default="", required=False)
@project_option
@click.option("--session", type=click.IntRange(min=1), metavar="N", help="Only files that session N changed.")
@json_option
def files(text: str, project: str | None, session: int | None, as_json: bool) -> None:
    """List the files that completed sessions changed: kind of change, lines added and removed, sessions.

    TEXT filters by path. Line counts come from the edits in the transcripts; a dash means unknown.

    \b
    Examples:
      onward files
      onward files src/cart --session 3
    """
    with use_backend(project=project) as backend:
        touched_files = list(backend.history.list_files(backend.require_project(), session=session, text=text))
    if as_json:
        say_json(touched_files)
        return
    say_table(["change", "added", "removed", "sessions", "path"], [_file_row(file) for file in touched_files])
    note(quantity(len(touched_files), "file"))


def _file_row(file: ProjectFile) -> list[object]:
    numbers = [str(touch.session) for touch in file.sessions]
    sessions_text = ", ".join(numbers if file.session_count <= 6 else [f"{file.session_count} sessions:", "…", *numbers[-3:]])
    return [file.change, _line_count(file.added_lines, "+"), _line_count(file.removed_lines, "−"), sessions_text, file.path]


def _line_count(count: int | None, sign: str) -> str:
    return "-" if count is None else f"{sign}{count}" if count else "0"
