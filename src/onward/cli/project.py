"""`onward project`: what sessions belong to."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from onward.app.repository.git import find_repository
from onward.app.repository.project_clues import Origin
from onward.cli import archive as archives
from onward.cli.context import json_option, use_backend
from onward.cli.presentation import is_terminal, quantity, say, say_json, say_table
from onward.core.project import ProjectOverview
from onward.core.text.paths import is_windows
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
@json_option
def new(name: str, description: str, folder: Path | None, as_json: bool) -> None:
    """Make a project.

    \b
    Example:
      onward project new kopi-shop --folder ~/code/kopi-shop
    """
    current_folder = Path.cwd()
    folder = folder or (current_folder if (Path(find_repository(current_folder)[0]) / ".git").exists() else None)
    with use_backend() as backend:
        new_project = backend.projects.create(name, description=description, repository=find_repository(folder) if folder else ("", ""))
        line = backend.projects.show(new_project)
    if as_json:
        say_json(project_data(line))
    else:
        say(f"Made the project {new_project.name}." + (f" Sessions run in {new_project.root} belong to it." if new_project.root else ""))


@project.command("list")
@click.option("--archived", is_flag=True, help="Those that were put away.")
@json_option
def list_(archived: bool, as_json: bool) -> None:
    """List the projects and what they hold.

    \b
    Example:
      onward project list
    """
    with use_backend() as backend:
        lines = list(backend.projects.list_projects(archived=archived))
    if as_json:
        say_json([project_data(line) for line in lines])
    elif not lines:
        say("No project is archived." if archived else "There is no project yet. Make one: onward project new NAME, or onward import PATH")
    else:
        heads = ["id", "name", "sessions", "completed", "turns", "last session", "folder"]
        say_table(
            heads, [[line.project.id, line.project.name, *_total_cells(line), line.project.root or line.project.remote] for line in lines]
        )


@project.command()
@click.argument("name", required=False)
@json_option
def show(name: str | None, as_json: bool) -> None:
    """Show one project.

    \b
    Example:
      onward project show kopi-shop
    """
    with use_backend(project=name) as backend:
        line = backend.projects.show(backend.require_project())
    if as_json:
        say_json(project_data(line))
        return
    shown_project, totals = line.project, line.totals
    say(
        shown_project.name
        + (
            f" (archived): {shown_project.description}"
            if shown_project.status == "archived"
            else f": {shown_project.description}"
            if shown_project.description
            else ""
        )
    )
    details = {
        "id": shown_project.id,
        "folder": shown_project.root,
        "remote": shown_project.remote,
        "made": shown_project.created_at.date(),
        "sessions": f"{totals.sessions}, {totals.completed} completed",
        "kept": f"{quantity(totals.turns, 'turn')}, about {totals.tokens:,} tokens",
        "credits used": f"{totals.credits_used:g}" if totals.credits_used else "",
    }
    for key, value in details.items():
        if value:
            say(f"  {key}: {value}")


@project.command()
@click.argument("name")
@click.argument("new_name")
@json_option
def rename(name: str, new_name: str, as_json: bool) -> None:
    """Give a project another name.

    \b
    Example:
      onward project rename kopi-shop kopi
    """
    with use_backend(project=name) as backend:
        renamed_project = backend.projects.rename(backend.require_project(), new_name)
        _say_result(backend.projects.show(renamed_project), f"The project {name} is now called {renamed_project.name}.", as_json=as_json)


@project.command()
@click.argument("name")
@json_option
def archive(name: str, as_json: bool) -> None:
    """Put a project away: kept whole, but not listed.

    \b
    Example:
      onward project archive kopi-shop
    """
    with use_backend(project=name) as backend:
        archived_project = backend.projects.archive(backend.require_project())
        _say_result(
            backend.projects.show(archived_project),
            f"Put {archived_project.name} away. Bring it back: onward project restore {archived_project.name}",
            as_json=as_json,
        )


@project.command()
@click.argument("name")
@json_option
def restore(name: str, as_json: bool) -> None:
    """Bring an archived project back.

    \b
    Example:
      onward project restore kopi-shop
    """
    with use_backend(project=name) as backend:
        restored_project = backend.projects.restore(backend.require_project())
        _say_result(backend.projects.show(restored_project), f"{restored_project.name} is back.", as_json=as_json)


@project.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def delete(name: str, yes: bool, as_json: bool) -> None:
    """Delete a project with all its sessions, for good. To keep it out of sight, archive it.

    \b
    Example:
      onward project delete kopi-shop --yes
    """
    with use_backend(project=name) as backend:
        deleted_project = backend.require_project()
        if not yes:
            _confirm_delete(backend.projects.show(deleted_project))
        totals = backend.projects.delete(deleted_project)
    if as_json:
        say_json({"id": deleted_project.id, "name": deleted_project.name, "sessions": totals.sessions, "turns": totals.turns})
    else:
        say(f"Deleted {deleted_project.name}: {quantity(totals.sessions, 'session')}, {quantity(totals.turns, 'turn')}.")


@project.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option(
    "--session", "numbers", type=click.IntRange(min=1), multiple=True, metavar="N", help="Only this session of FROM; may be said again."
)
@json_option
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
    with use_backend() as backend:
        is_folder = not numbers and ("/" in source or "\\" in source)
        if is_folder:
            # A folder of another system, as its transcripts write it, is not one of this machine.
            folder = source if is_windows(source) else str(Path(source).expanduser().absolute())
            destination = backend.projects.resolve(Origin(target), create=True)
            remap_result = backend.projects.remap_folder(folder, destination)
        else:
            origin = backend.projects.resolve(Origin(source))
            destination = backend.projects.resolve(Origin(target), create=True)
            remap_result = (
                backend.projects.remap_sessions(origin, numbers, destination)
                if numbers
                else backend.projects.remap_project(origin, destination)
            )
        line = backend.projects.show(destination)
    if as_json:
        say_json(
            {
                "project": project_data(line),
                "sessions": [session._asdict() for session in remap_result.sessions],
                "emptied": remap_result.deleted_projects,
            }
        )
        return
    for session in remap_result.sessions:
        outcome = f"session {session.number}" if session.number else "held there already"
        say(
            f"session {session.before} of {session.project}: {outcome} of {destination.name}"
            if session.number
            else f"session {session.before} of {session.project}: {outcome}"
        )
    emptied_note = f" {', '.join(remap_result.deleted_projects)} is gone." if remap_result.deleted_projects else ""
    say(f"{quantity(len(remap_result.sessions), 'session')} went to {destination.name}.{emptied_note}")


project.add_command(archives.export)
project.add_command(archives.import_)


def _confirm_delete(line: ProjectOverview) -> None:
    if not is_terminal(sys.stdin):
        raise BadInput(
            f"This deletes {line.project.name} for good, and nobody is here to ask.", "Say --yes, or keep it: onward project archive"
        )
    contents = f"{quantity(line.totals.sessions, 'session')} and {quantity(line.totals.turns, 'turn')}"
    click.confirm(f"Delete {line.project.name} with {contents}, for good?", abort=True, err=True)


def _say_result(line: ProjectOverview, sentence: str, *, as_json: bool) -> None:
    if as_json:
        say_json(project_data(line))
    else:
        say(sentence)


def _total_cells(line: ProjectOverview) -> list[object]:
    totals = line.totals
    return [totals.sessions, totals.completed, f"{totals.turns:,}", totals.last_at.date() if totals.last_at else "-"]


def project_data(line: ProjectOverview) -> dict[str, object]:
    """Return a project and what it holds as plain data. Its key stays inside."""
    shown_project, totals = line.project, line.totals
    fields = {
        name: getattr(shown_project, name) for name in ("id", "name", "description", "root", "remote", "status", "created_at", "updated_at")
    }
    return {**fields, **{name: getattr(totals, name) for name in totals.__dataclass_fields__}}
