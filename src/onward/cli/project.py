"""`onward project`: create, list and archive projects."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from onward.app.repository.origin import Origin
from onward.cli import archive as archives
from onward.cli.context import json_option, use_backend
from onward.cli.presentation import is_terminal, quantity, say, say_json, say_table
from onward.core.project import ProjectOverview
from onward.core.text.paths import is_windows
from onward.errors import BadInput, NotFound
from onward.message import Message


@click.group()
def project() -> None:
    """Create, list and archive projects.

    A project groups many sessions and has one master handoff. Sessions are assigned to a project by the repository they ran in.
    """


@project.command()
@click.argument("name")
@click.option("--description", default="", help="A description.")
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The repository whose sessions belong to the project. Default: the current repository.",
)
@json_option
def new(name: str, description: str, folder: Path | None, as_json: bool) -> None:
    """Create a project.

    \b
    Example:
      onward project new kopi-shop --folder ~/code/kopi-shop
    """
    # Only a new project needs it: its import takes longer than a list of projects.
    from onward.app.repository.git import find_repository

    current_folder = Path.cwd()
    folder = folder or (current_folder if (Path(find_repository(current_folder)[0]) / ".git").exists() else None)
    with use_backend() as backend:
        new_project = backend.projects.create(name, description=description, repository=find_repository(folder) if folder else ("", ""))
        line = backend.projects.show(new_project)
    if as_json:
        say_json(project_data(line))
    else:
        say(f"Created project {new_project.name}." + (f" It receives sessions from {new_project.root}." if new_project.root else ""))


@project.command("list")
@click.option("--archived", is_flag=True, help="List archived projects.")
@json_option
def list_(archived: bool, as_json: bool) -> None:
    """List the projects and their totals.

    \b
    Example:
      onward project list
    """
    with use_backend() as backend:
        lines = list(backend.projects.list_projects(archived=archived))
    if as_json:
        say_json([project_data(line) for line in lines])
    elif not lines:
        say("No archived projects." if archived else "No projects yet. Create one: onward project new NAME, or onward import PATH")
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
        try:
            handoff = backend.handoffs.current_handoff(line.project)
        except NotFound:
            handoff = None
        growth = backend.analytics.growth(line.project, most_points=2).growth
    if as_json:
        figures = {
            "handoff_version": handoff.version if handoff else None,
            "preservation_ratio": handoff.preservation.preservation_ratio if handoff else None,
            "growth": growth.percent,
        }
        say_json({**project_data(line), **figures})
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
        "created": shown_project.created_at.date(),
        "sessions": f"{totals.sessions}, {totals.completed} completed",
        "stored": f"{quantity(totals.turns, 'turn')}, about {totals.tokens:,} tokens",
        "credits used": f"{totals.credits_used:g}" if totals.credits_used else "",
        "handoff": f"version {handoff.version}, {handoff.preservation.summary()}" if handoff else "",
        "growth": f"{growth.percent:+.1f} %" if growth.window else "",
    }
    for key, value in details.items():
        if value:
            say(f"  {key}: {value}")


@project.command()
@click.argument("name")
@click.argument("new_name")
@json_option
def rename(name: str, new_name: str, as_json: bool) -> None:
    """Rename a project.

    \b
    Example:
      onward project rename kopi-shop kopi
    """
    with use_backend(project=name) as backend:
        renamed_project = backend.projects.rename(backend.require_project(), new_name)
        _say_result(backend.projects.show(renamed_project), f"Renamed project {name} to {renamed_project.name}.", as_json=as_json)


@project.command()
@click.argument("name")
@json_option
def archive(name: str, as_json: bool) -> None:
    """Archive a project: hide it from lists, delete nothing.

    \b
    Example:
      onward project archive kopi-shop
    """
    with use_backend(project=name) as backend:
        archived_project = backend.projects.archive(backend.require_project())
        _say_result(
            backend.projects.show(archived_project),
            f"Archived project {archived_project.name}. To restore it: onward project restore {archived_project.name}",
            as_json=as_json,
        )


@project.command()
@click.argument("name")
@json_option
def restore(name: str, as_json: bool) -> None:
    """Restore an archived project.

    \b
    Example:
      onward project restore kopi-shop
    """
    with use_backend(project=name) as backend:
        restored_project = backend.projects.restore(backend.require_project())
        _say_result(backend.projects.show(restored_project), f"Restored project {restored_project.name}.", as_json=as_json)


@project.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Skip the confirmation.")
@json_option
def delete(name: str, yes: bool, as_json: bool) -> None:
    """Permanently delete a project and all its sessions. To hide it instead, archive it.

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
        say(f"Deleted project {deleted_project.name}: {quantity(totals.sessions, 'session')}, {quantity(totals.turns, 'turn')}.")


@project.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--session", "numbers", type=click.IntRange(min=1), multiple=True, metavar="N", help="Only session N of FROM. Repeatable.")
@json_option
def remap(source: str, target: str, numbers: tuple[int, ...], as_json: bool) -> None:
    """Move sessions to another project, now and for future imports.

    FROM is a project, which is merged into TO and deleted, or a folder: every session that ran there or below moves to TO. TO is
    created if missing. The sessions get the next numbers of TO in chronological order, and the facts of both projects are rebuilt.

    \b
    Examples:
      onward project remap kopi-shop-2 kopi-shop
      onward project remap ~/code/big/packages/api api
      onward project remap . kopi-shop    (its folder moved here)
      onward project remap scratch kopi-shop --session 3 --session 4
    """
    with use_backend() as backend:
        folder = ""
        if not numbers and (source in (".", "..") or "/" in source or "\\" in source):
            # A Windows path from a transcript is not a path of this machine: do not resolve it.
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
                "deleted_projects": remap_result.deleted_projects,
            }
        )
        return
    for session in remap_result.sessions:
        outcome = f"now session {session.number} of {destination.name}" if session.number else f"already in {destination.name}"
        say(f"session {session.before} of {session.project}: {outcome}")
    deleted_note = f" Deleted {', '.join(remap_result.deleted_projects)}." if remap_result.deleted_projects else ""
    folder_note = f" New sessions in {folder} belong to it." if folder else ""
    say(f"Moved {quantity(len(remap_result.sessions), 'session')} to {destination.name}.{deleted_note}{folder_note}")


project.add_command(archives.export)
project.add_command(archives.import_)


def _confirm_delete(line: ProjectOverview) -> None:
    if not is_terminal(sys.stdin):
        raise BadInput(
            Message("Deleting project {name} needs a confirmation.", name=line.project.name),
            "Add --yes to delete it permanently, or archive it: onward project archive",
        )
    contents = f"{quantity(line.totals.sessions, 'session')} and {quantity(line.totals.turns, 'turn')}"
    click.confirm(f"Permanently delete project {line.project.name} with {contents}?", abort=True, err=True)


def _say_result(line: ProjectOverview, sentence: str, *, as_json: bool) -> None:
    if as_json:
        say_json(project_data(line))
    else:
        say(sentence)


def _total_cells(line: ProjectOverview) -> list[object]:
    totals = line.totals
    return [totals.sessions, totals.completed, f"{totals.turns:,}", totals.last_at.date() if totals.last_at else "-"]


def project_data(line: ProjectOverview) -> dict[str, object]:
    """Return a project and its totals as plain data, without its redaction key."""
    shown_project, totals = line.project, line.totals
    fields = {
        name: getattr(shown_project, name) for name in ("id", "name", "description", "root", "remote", "status", "created_at", "updated_at")
    }
    return {**fields, **{name: getattr(totals, name) for name in totals.__dataclass_fields__}}
