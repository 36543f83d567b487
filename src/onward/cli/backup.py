"""`onward backup` and `onward restore`: the whole store, copied and put back."""

from __future__ import annotations

from pathlib import Path

import click

from onward.app.admin import backups
from onward.app.admin.backups import StoreCopy
from onward.cli.context import json_option, local_settings
from onward.cli.presentation import ProgressBar, quantity, say, say_json
from onward.errors import BadInput


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Write over FILE where it is there already.")
@json_option
def backup(file: Path, force: bool, as_json: bool) -> None:
    """Copy the whole store to FILE, while it is in use, and read the copy to its end.

    It holds everything of every project, on SQLite; PostgreSQL has tools of its own. To take one project elsewhere, export it.

    \b
    Example:
      onward backup ~/backups/onward-2026-11-24.db
    """
    if file.exists() and not force:
        raise BadInput(f"{file} is there already.", "Say --force to write over it, or name another file.")
    with ProgressBar("copying") as progress:
        snapshot = backups.backup(local_settings(), file, progress.update)
    _say_result(snapshot, f"Copied {_contents_text(snapshot)} to {snapshot.path} ({snapshot.size_bytes / 1e6:.1f} MB).", as_json=as_json)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Put it in the place of the store that is there; that one is kept beside it.")
@json_option
def restore(file: Path, force: bool, as_json: bool) -> None:
    """Put a copy that `onward backup` wrote in the place of the store.

    The copy is read to its end first, and nothing changes where it is not whole. Programs that use the store wait a moment, and go on with the copy.

    \b
    Example:
      onward restore ~/backups/onward-2026-11-24.db
    """
    with ProgressBar("restoring") as progress:
        snapshot = backups.restore(local_settings(), file, overwrite=force, on_progress=progress.update)
    previous_note = f" What was there is in {snapshot.previous_path}." if snapshot.previous_path else ""
    _say_result(snapshot, f"Put back {_contents_text(snapshot)}.{previous_note}", as_json=as_json)


def _say_result(snapshot: StoreCopy, sentence: str, *, as_json: bool) -> None:
    if as_json:
        counts = {"projects": snapshot.projects, "sessions": snapshot.sessions, "turns": snapshot.turns}
        say_json(
            {
                "file": str(snapshot.path),
                "bytes": snapshot.size_bytes,
                **counts,
                "kept": str(snapshot.previous_path) if snapshot.previous_path else None,
            }
        )
    else:
        say(sentence)


def _contents_text(snapshot: StoreCopy) -> str:
    return f"{quantity(snapshot.projects, 'project')}, {quantity(snapshot.sessions, 'session')}, {quantity(snapshot.turns, 'turn')}"
