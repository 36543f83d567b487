"""`onward project export` and `onward project import`: a project as one file."""

from __future__ import annotations

from pathlib import Path

import click

from onward.cli.context import json_option, use_backend
from onward.cli.presentation import ProgressBar, quantity, say, say_json
from onward.core.archive_result import ExportedArchive, ImportedArchive
from onward.errors import BadInput


@click.command("export")
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--training", is_flag=True, help="Put the sessions in as chats to train on, too: one JSON object a line.")
@click.option("--force", is_flag=True, help="Write over FILE where it is there already.")
@json_option
def export(name: str, file: Path | None, training: bool, force: bool, as_json: bool) -> None:
    """Write a whole project to one file, for another machine or for you to read.

    FILE is a zip, NAME.onward.zip by default: sessions, turns, facts, corrections and handoffs as JSON, every handoff and transcript as Markdown, and the
    sum of each. It holds the project's key: give it only to whom you would give the project.

    \b
    Examples:
      onward project export kopi-shop
      onward project export kopi-shop ~/kopi.zip --training
    """
    with use_backend(project=name) as backend, ProgressBar("exporting") as progress:
        current_project = backend.require_project()
        target = file or Path(f"{current_project.name.replace('/', '-')}.onward.zip")
        if target.exists() and not force:
            raise BadInput(f"{target} is there already.", "Say --force to write over it, or name another file.")
        archive = backend.archives.export(current_project, target, training=training, on_progress=progress.update)
    if as_json:
        say_json({"project": current_project.name, "file": str(archive.path), "bytes": archive.size_bytes, **_count_data(archive)})
        return
    say(f"{current_project.name}: {_contents_text(archive)}, {archive.size_bytes / 1e6:.1f} MB in {archive.path}")


@click.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--name", default="", metavar="NAME", help="What the project is called here. Default: its own name.")
@json_option
def import_(file: Path, name: str, as_json: bool) -> None:
    """Bring in a project that was exported, whole or not at all.

    Every handoff is what it was, to the byte. Importing again changes nothing. An archive that is damaged, or was changed since it was written, is refused.

    \b
    Example:
      onward project import kopi-shop.onward.zip
    """
    with use_backend() as backend, ProgressBar("importing") as progress:
        arrival = backend.archives.import_archive(file, name=name, on_progress=progress.update)
    if as_json:
        say_json({"project": arrival.project.name, "project_id": arrival.project.id, "again": arrival.is_unchanged, **_count_data(arrival)})
    else:
        say(
            f"{arrival.project.name} is here already, with all of it."
            if arrival.is_unchanged
            else f"{arrival.project.name}: {_contents_text(arrival)}."
        )


def _count_data(archive: ExportedArchive | ImportedArchive) -> dict[str, int]:
    return {"sessions": archive.sessions, "turns": archive.turns, "handoffs": archive.handoffs}


def _contents_text(archive: ExportedArchive | ImportedArchive) -> str:
    return f"{quantity(archive.sessions, 'session')}, {quantity(archive.turns, 'turn')}, {quantity(archive.handoffs, 'handoff')}"
