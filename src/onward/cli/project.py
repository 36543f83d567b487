"""`onward project`: what sessions belong to."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from onward.app.belonging import Belonging
from onward.app.repository import place_of
from onward.cli import archive as archives
from onward.cli.desk import as_json, desk
from onward.cli.present import counted, is_terminal, say, say_json, table
from onward.core.paths import is_windows
from onward.core.project import ProjectLine
from onward.errors import BadInput


@click.group()
def project() -> None:
    """Make, list and put away projects.

    A project is what you work on over many sessions; it has one master handoff. Sessions find their project by the repository they ran in.
    """


@project.command()
@click.argument("name")
@click.option("--description", default="", help="What it is about, for you.")
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The repository whose sessions belong to it. Default: the one you are in.",
)
@as_json
def new(name: str, description: str, folder: Path | None, as_json: bool) -> None:
    """Make a project.

    \b
    Example:
      onward project new kopi-shop --folder ~/code/kopi-shop
    """
    here = Path.cwd()
    folder = folder or (here if (Path(place_of(here)[0]) / ".git").exists() else None)
    with desk() as at:
        made = at.projects.new(name, description=description, place=place_of(folder) if folder else ("", ""))
        line = at.projects.show(made)
    if as_json:
        say_json(as_data(line))
    else:
        say(f"Made the project {made.name}." + (f" Sessions run in {made.root} belong to it." if made.root else ""))


@project.command("list")
@click.option("--archived", is_flag=True, help="Those that were put away.")
@as_json
def list_(archived: bool, as_json: bool) -> None:
    """List the projects and what they hold.

    \b
    Example:
      onward project list
    """
    with desk() as at:
        lines = list(at.projects.listed(archived=archived))
    if as_json:
        say_json([as_data(line) for line in lines])
    elif not lines:
        say("No project is archived." if archived else "There is no project yet. Make one: onward project new NAME, or onward import PATH")
    else:
        heads = ["id", "name", "sessions", "completed", "turns", "last session", "folder"]
        table(heads, [[line.project.id, line.project.name, *_figures(line), line.project.root or line.project.remote] for line in lines])


@project.command()
@click.argument("name", required=False)
@as_json
def show(name: str | None, as_json: bool) -> None:
    """Show one project.

    \b
    Example:
      onward project show kopi-shop
    """
    with desk(project=name) as at:
        line = at.projects.show(at.project())
    if as_json:
        say_json(as_data(line))
        return
    one, totals = line.project, line.totals
    say(one.name + (f" (archived): {one.description}" if one.status == "archived" else f": {one.description}" if one.description else ""))
    about = {
        "id": one.id,
        "folder": one.root,
        "remote": one.remote,
        "made": one.created_at.date(),
        "sessions": f"{totals.sessions}, {totals.completed} completed",
        "kept": f"{counted(totals.turns, 'turn')}, about {totals.tokens:,} tokens",
        "credits used": f"{totals.credits_used:g}" if totals.credits_used else "",
    }
    for key, value in about.items():
        if value:
            say(f"  {key}: {value}")


@project.command()
@click.argument("name")
@click.argument("new_name")
@as_json
def rename(name: str, new_name: str, as_json: bool) -> None:
    """Give a project another name.

    \b
    Example:
      onward project rename kopi-shop kopi
    """
    with desk(project=name) as at:
        renamed = at.projects.rename(at.project(), new_name)
        _answer(at.projects.show(renamed), f"The project {name} is now called {renamed.name}.", as_json=as_json)


@project.command()
@click.argument("name")
@as_json
def archive(name: str, as_json: bool) -> None:
    """Put a project away: kept whole, but not listed.

    \b
    Example:
      onward project archive kopi-shop
    """
    with desk(project=name) as at:
        put_away = at.projects.archive(at.project())
        _answer(
            at.projects.show(put_away),
            f"Put {put_away.name} away. Bring it back: onward project restore {put_away.name}",
            as_json=as_json,
        )


@project.command()
@click.argument("name")
@as_json
def restore(name: str, as_json: bool) -> None:
    """Bring an archived project back.

    \b
    Example:
      onward project restore kopi-shop
    """
    with desk(project=name) as at:
        back = at.projects.restore(at.project())
        _answer(at.projects.show(back), f"{back.name} is back.", as_json=as_json)


@project.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
def delete(name: str, yes: bool, as_json: bool) -> None:
    """Delete a project with all its sessions, for good. To keep it out of sight, archive it.

    \b
    Example:
      onward project delete kopi-shop --yes
    """
    with desk(project=name) as at:
        doomed = at.project()
        if not yes:
            _ask(at.projects.show(doomed))
        held = at.projects.delete(doomed)
    if as_json:
        say_json({"id": doomed.id, "name": doomed.name, "sessions": held.sessions, "turns": held.turns})
    else:
        say(f"Deleted {doomed.name}: {counted(held.sessions, 'session')}, {counted(held.turns, 'turn')}.")


@project.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option(
    "--session", "numbers", type=click.IntRange(min=1), multiple=True, metavar="N", help="Only this session of FROM; may be said again."
)
@as_json
def remap(source: str, target: str, numbers: tuple[int, ...], as_json: bool) -> None:
    """Give sessions to another project, and those to come.

    FROM is a project, which goes into TO whole and is gone then, or a folder: every session that ran there or below goes to TO. TO is made where it is
    missing. The sessions get the next numbers of TO, in order of time, and what is known of both projects is put together anew.

    \b
    Examples:
      onward project remap kopi-shop-2 kopi-shop
      onward project remap ~/code/big/packages/api api
      onward project remap scratch kopi-shop --session 3 --session 4
    """
    with desk() as at:
        is_folder = not numbers and ("/" in source or "\\" in source)
        if is_folder:
            # A folder of another system, as its transcripts write it, is not one of this machine.
            folder = source if is_windows(source) else str(Path(source).expanduser().absolute())
            to = at.projects.meant(Belonging(target), create=True)
            done = at.projects.remap_folder(folder, to)
        else:
            origin = at.projects.meant(Belonging(source))
            to = at.projects.meant(Belonging(target), create=True)
            done = at.projects.remap_sessions(origin, numbers, to) if numbers else at.projects.remap_project(origin, to)
        line = at.projects.show(to)
    if as_json:
        say_json({"project": as_data(line), "sessions": [one._asdict() for one in done.sessions], "emptied": done.emptied})
        return
    for one in done.sessions:
        now = f"session {one.number}" if one.number else "held there already"
        say(f"session {one.before} of {one.project}: {now} of {to.name}" if one.number else f"session {one.before} of {one.project}: {now}")
    gone = f" {', '.join(done.emptied)} is gone." if done.emptied else ""
    say(f"{counted(len(done.sessions), 'session')} went to {to.name}.{gone}")


project.add_command(archives.export)
project.add_command(archives.import_)


def _ask(line: ProjectLine) -> None:
    if not is_terminal(sys.stdin):
        raise BadInput(
            f"This deletes {line.project.name} for good, and nobody is here to ask.", "Say --yes, or keep it: onward project archive"
        )
    held = f"{counted(line.totals.sessions, 'session')} and {counted(line.totals.turns, 'turn')}"
    click.confirm(f"Delete {line.project.name} with {held}, for good?", abort=True, err=True)


def _answer(line: ProjectLine, sentence: str, *, as_json: bool) -> None:
    if as_json:
        say_json(as_data(line))
    else:
        say(sentence)


def _figures(line: ProjectLine) -> list[object]:
    totals = line.totals
    return [totals.sessions, totals.completed, f"{totals.turns:,}", totals.last_at.date() if totals.last_at else "-"]


def as_data(line: ProjectLine) -> dict[str, object]:
    """Return a project and what it holds as plain data. Its key stays inside."""
    one, totals = line.project, line.totals
    told = {name: getattr(one, name) for name in ("id", "name", "description", "root", "remote", "status", "created_at", "updated_at")}
    return {**told, **{name: getattr(totals, name) for name in totals.__dataclass_fields__}}
