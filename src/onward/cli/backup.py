"""`onward backup` and `onward restore`: backups of the store."""

from __future__ import annotations

from pathlib import Path

import click

from onward.app.admin import backups
from onward.app.admin.backups import StoreCopy
from onward.cli.context import json_option, local_settings
from onward.cli.presentation import ProgressBar, quantity, say, say_json
from onward.errors import BadInput
from onward.message import Message


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@json_option
def backup(file: Path, force: bool, as_json: bool) -> None:
    """Back up the store to FILE while it is in use, and verify the backup.

    Works on SQLite; on PostgreSQL use pg_dump. To move a single project, export it.

    \b
    Example:
      onward backup ~/backups/onward-2026-11-24.db
    """
    if file.exists() and not force:
        raise BadInput(Message("{file} already exists.", file=file), "Add --force to overwrite it, or name another file.")
    with ProgressBar("backing up") as progress:
        snapshot = backups.backup(local_settings(), file, progress.update)
    sentence = f"Backed up {_contents_text(snapshot)} to {snapshot.path} ({snapshot.size_bytes / 1e6:.1f} MB)."
    _say_result(snapshot, sentence, as_json=as_json)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace the current store; it is saved beside the new one.")
@json_option
def restore(file: Path, force: bool, as_json: bool) -> None:
    """Restore the store from a backup.

    The backup is verified first; a damaged one changes nothing. Running programs wait a moment and continue with the restored store.

    \b
    Example:
      onward restore ~/backups/onward-2026-11-24.db
    """
    with ProgressBar("restoring") as progress:
        snapshot = backups.restore(local_settings(), file, overwrite=force, on_progress=progress.update)
    previous_note = f" The previous store is saved in {snapshot.previous_path}." if snapshot.previous_path else ""
    _say_result(snapshot, f"Restored {_contents_text(snapshot)}.{previous_note}", as_json=as_json)


def _say_result(snapshot: StoreCopy, sentence: str, *, as_json: bool) -> None:
    if as_json:
        counts = {"projects": snapshot.projects, "sessions": snapshot.sessions, "turns": snapshot.turns}
        say_json(
            {
                "file": str(snapshot.path),
                "size_bytes": snapshot.size_bytes,
                **counts,
                "previous_store": str(snapshot.previous_path) if snapshot.previous_path else None,
            }
        )
    else:
        say(sentence)


def _contents_text(snapshot: StoreCopy) -> str:
    return f"{quantity(snapshot.projects, 'project')}, {quantity(snapshot.sessions, 'session')}, {quantity(snapshot.turns, 'turn')}"
