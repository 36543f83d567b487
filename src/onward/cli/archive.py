"""`onward project export` and `onward project import`: project archives."""

from __future__ import annotations

from pathlib import Path

import click

from onward.cli.context import json_option, use_backend
from onward.cli.presentation import ProgressBar, quantity, say, say_json
from onward.core.archive_result import ExportedArchive, ImportedArchive
from onward.errors import BadInput
from onward.message import Message


@click.command("export")
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--training", is_flag=True, help="Also include the sessions as chats for training (JSON Lines).")
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@json_option
def export(name: str, file: Path | None, training: bool, force: bool, as_json: bool) -> None:
    """Export a project to one archive file.

    FILE is a zip file (default: NAME.onward.zip) with sessions, turns, facts, corrections and handoffs as JSON, handoffs and
    transcripts as Markdown, and checksums. It contains the project's redaction key: share it only with people who may see the project.

    \b
    Examples:
      onward project export kopi-shop
      onward project export kopi-shop ~/kopi.zip --training
    """
    with use_backend(project=name) as backend, ProgressBar("exporting") as progress:
        current_project = backend.require_project()
        target = file or Path(f"{current_project.name.replace('/', '-')}.onward.zip")
        if target.exists() and not force:
            raise BadInput(Message("{file} already exists.", file=target), "Add --force to overwrite it, or name another file.")
        archive = backend.archives.export(current_project, target, training=training, on_progress=progress.update)
    if as_json:
        say_json({"project": current_project.name, "file": str(archive.path), "size_bytes": archive.size_bytes, **_count_data(archive)})
        return
    say(f"Exported {current_project.name} to {archive.path}: {_contents_text(archive)}, {archive.size_bytes / 1e6:.1f} MB.")


@click.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--name", default="", metavar="NAME", help="Name of the imported project. Default: the name in the archive.")
@json_option
def import_(file: Path, name: str, as_json: bool) -> None:
    """Import an exported project, completely or not at all.

    Handoffs are identical to the exported ones. Importing again changes nothing. A damaged or modified archive is refused.

    \b
    Example:
      onward project import kopi-shop.onward.zip
    """
    with use_backend() as backend, ProgressBar("importing") as progress:
        arrival = backend.archives.import_archive(file, name=name, on_progress=progress.update)
    if as_json:
        say_json(
            {
                "project": arrival.project.name,
                "project_id": arrival.project.id,
                "is_unchanged": arrival.is_unchanged,
                **_count_data(arrival),
            }
        )
    else:
        say(
            f"No changes: {arrival.project.name} is already complete."
            if arrival.is_unchanged
            else f"Imported {arrival.project.name}: {_contents_text(arrival)}."
        )


def _count_data(archive: ExportedArchive | ImportedArchive) -> dict[str, int]:
    return {"sessions": archive.sessions, "turns": archive.turns, "handoffs": archive.handoffs}


def _contents_text(archive: ExportedArchive | ImportedArchive) -> str:
    return f"{quantity(archive.sessions, 'session')}, {quantity(archive.turns, 'turn')}, {quantity(archive.handoffs, 'handoff')}"
