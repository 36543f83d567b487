"""`onward project export` and `onward project import`: a project as one file."""

from __future__ import annotations

from pathlib import Path

import click

from onward.cli.desk import as_json, desk
from onward.cli.present import Progress, counted, say, say_json
from onward.core.arrival import Arrived, Exported
from onward.errors import BadInput


@click.command("export")
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--training", is_flag=True, help="Put the sessions in as chats to train on, too: one JSON object a line.")
@click.option("--force", is_flag=True, help="Write over FILE where it is there already.")
@as_json
def export(name: str, file: Path | None, training: bool, force: bool, as_json: bool) -> None:
    """Write a whole project to one file, for another machine or for you to read.

    FILE is a zip, NAME.onward.zip by default: sessions, turns, facts, corrections and handoffs as JSON, every handoff and transcript as Markdown, and the
    sum of each. It holds the project's key: give it only to whom you would give the project.

    \b
    Examples:
      onward project export kopi-shop
      onward project export kopi-shop ~/kopi.zip --training
    """
    with desk(project=name) as at, Progress("exporting") as progress:
        ours = at.project()
        target = file or Path(f"{ours.name.replace('/', '-')}.onward.zip")
        if target.exists() and not force:
            raise BadInput(f"{target} is there already.", "Say --force to write over it, or name another file.")
        made = at.archives.export(ours, target, training=training, on_progress=progress.at)
    if as_json:
        say_json({"project": ours.name, "file": str(made.path), "bytes": made.size_bytes, **_counts(made)})
        return
    say(f"{ours.name}: {_held(made)}, {made.size_bytes / 1e6:.1f} MB in {made.path}")


@click.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--name", default="", metavar="NAME", help="What the project is called here. Default: its own name.")
@as_json
def import_(file: Path, name: str, as_json: bool) -> None:
    """Bring in a project that was exported, whole or not at all.

    Every handoff is what it was, to the byte. Importing again changes nothing. An archive that is damaged, or was changed since it was written, is refused.

    \b
    Example:
      onward project import kopi-shop.onward.zip
    """
    with desk() as at, Progress("importing") as progress:
        made = at.archives.bring_in(file, name=name, on_progress=progress.at)
    if as_json:
        say_json({"project": made.project.name, "project_id": made.project.id, "again": made.again, **_counts(made)})
    else:
        say(f"{made.project.name} is here already, with all of it." if made.again else f"{made.project.name}: {_held(made)}.")


def _counts(made: Exported | Arrived) -> dict[str, int]:
    return {"sessions": made.sessions, "turns": made.turns, "handoffs": made.handoffs}


def _held(made: Exported | Arrived) -> str:
    return f"{counted(made.sessions, 'session')}, {counted(made.turns, 'turn')}, {counted(made.handoffs, 'handoff')}"
