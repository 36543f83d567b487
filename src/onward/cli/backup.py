"""`onward backup` and `onward restore`: the whole store, copied and put back."""

from __future__ import annotations

from pathlib import Path

import click

from onward.app import backups
from onward.app.backups import Held
from onward.cli.desk import as_json, own_settings
from onward.cli.present import Progress, counted, say, say_json
from onward.errors import BadInput


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Write over FILE where it is there already.")
@as_json
def backup(file: Path, force: bool, as_json: bool) -> None:
    """Copy the whole store to FILE, while it is in use, and read the copy to its end.

    It holds everything of every project, on SQLite; PostgreSQL has tools of its own. To take one project elsewhere, export it.

    \b
    Example:
      onward backup ~/backups/onward-2026-11-24.db
    """
    if file.exists() and not force:
        raise BadInput(f"{file} is there already.", "Say --force to write over it, or name another file.")
    with Progress("copying") as progress:
        made = backups.backup(own_settings(), file, progress.at)
    _answer(made, f"Copied {_held(made)} to {made.path} ({made.size_bytes / 1e6:.1f} MB).", as_json=as_json)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Put it in the place of the store that is there; that one is kept beside it.")
@as_json
def restore(file: Path, force: bool, as_json: bool) -> None:
    """Put a copy that `onward backup` wrote in the place of the store.

    The copy is read to its end first, and nothing changes where it is not whole. Programs that use the store wait a moment, and go on with the copy.

    \b
    Example:
      onward restore ~/backups/onward-2026-11-24.db
    """
    with Progress("restoring") as progress:
        made = backups.restore(own_settings(), file, over=force, on_progress=progress.at)
    kept = f" What was there is in {made.kept}." if made.kept else ""
    _answer(made, f"Put back {_held(made)}.{kept}", as_json=as_json)


def _answer(made: Held, sentence: str, *, as_json: bool) -> None:
    if as_json:
        counts = {"projects": made.projects, "sessions": made.sessions, "turns": made.turns}
        say_json({"file": str(made.path), "bytes": made.size_bytes, **counts, "kept": str(made.kept) if made.kept else None})
    else:
        say(sentence)


def _held(made: Held) -> str:
    return f"{counted(made.projects, 'project')}, {counted(made.sessions, 'session')}, {counted(made.turns, 'turn')}"
