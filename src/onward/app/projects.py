"""Projects: making them, finding the one that is meant, putting them away."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePath

from sqlalchemy import Connection

from onward.app.repository import address, place_of
from onward.core.transcript import SessionHead
from onward.errors import BadInput, NotFound
from onward.store import Store, projects, sessions, turns
from onward.store.projects import Project, ProjectTotals

__all__ = [
    "Project",
    "ProjectLine",
    "ProjectTotals",
    "archive",
    "delete",
    "listed",
    "new",
    "of_head",
    "rename",
    "resolve",
    "restore",
    "show",
]


NOWHERE = ("", "")
MOST_NAME_CHARS = 100


@dataclass(frozen=True, slots=True)
class ProjectLine:
    """A project and what it holds."""

    project: Project
    totals: ProjectTotals


def new(store: Store, name: str, *, description: str = "", folder: Path | None = None) -> Project:
    """Store a new project. With *folder*, sessions run in its repository belong to it. Raises `Conflict` when the name is taken."""
    root, remote = place_of(folder) if folder else NOWHERE
    with store.write() as connection:
        return projects.add(connection, _name(name), description, root, remote)


def listed(store: Store, *, archived: bool = False) -> list[ProjectLine]:
    """Return the projects at work, or the archived ones, by name."""
    with store.read() as connection:
        totals = projects.totals(connection)
        return [ProjectLine(project, totals.get(project.id, ProjectTotals())) for project in projects.listed(connection, archived=archived)]


def show(store: Store, project: Project) -> ProjectLine:
    """Return what a project holds."""
    with store.read() as connection:
        return ProjectLine(project, projects.totals(connection).get(project.id, ProjectTotals()))


def resolve(store: Store, named: str = "", *, folder: Path | None = None, create: bool = False) -> Project:
    """Return the project that is meant: the one *named*, by name or id; else the one whose repository holds *folder*; else the only one there is.

    With *create*, one that is not there is made. Raises `NotFound` when nothing tells which.
    """
    place = place_of(folder) if folder else NOWHERE
    with store.write() if create else store.read() as connection:
        if named:
            found = projects.by_name(connection, named)
            if found is None and named.isdecimal() and len(named) < 10:
                found = projects.by_id(connection, int(named))
            if found is None and create:
                return projects.add(connection, _name(named))
            if found is None:
                raise NotFound(f"There is no project {named!r}.", _known(projects.listed(connection)))
            return found
        here = projects.at_place(connection, *place) if any(place) else []
        if here:
            return here[0]
        everything = projects.listed(connection)
        if create and any(place):
            return _added(connection, place)
        if len(everything) == 1:
            return everything[0]
        if create and not everything:
            return projects.add(connection, "default")
        raise NotFound("Nothing tells which project is meant." if everything else "There is no project yet.", _known(everything))


def _known(everything: list[Project]) -> str:
    if not everything:
        return "Make one: onward project new NAME"
    names = ", ".join(project.name for project in everything[:8])
    return f"Name one with --project: {names}{', …' if len(everything) > 8 else ''}."


def of_head(store: Store, head: SessionHead) -> Project | None:
    """Return the project that a session belongs to by the repository it ran in, made where it is missing; None when the transcript names no folder."""
    if not head.cwd and not head.remote:
        return None
    root, remote = place_of(Path(head.cwd)) if head.cwd and Path(head.cwd).is_dir() else (head.cwd, "")
    place = (root, address(head.remote) or remote)
    with store.write() as connection:
        found = projects.at_place(connection, *place)
        return found[0] if found else _added(connection, place)


def rename(store: Store, project: Project, name: str) -> Project:
    """Give a project another name. Raises `Conflict` when that is taken."""
    with store.write() as connection:
        projects.change(connection, project.id, name=_name(name))
        return _again(projects.by_id(connection, project.id))


def archive(store: Store, project: Project) -> Project:
    """Put a project away: kept whole, but not listed."""
    return _set_status(store, project, "archived")


def restore(store: Store, project: Project) -> Project:
    """Bring an archived project back to work."""
    return _set_status(store, project, "active")


def _set_status(store: Store, project: Project, status: str) -> Project:
    with store.write() as connection:
        projects.change(connection, project.id, status=status)
        return _again(projects.by_id(connection, project.id))


def delete(store: Store, project: Project) -> ProjectTotals:
    """Delete a project with its sessions, turns, facts and handoffs, for good; return what it held."""
    with store.write() as connection:
        held = projects.totals(connection).get(project.id, ProjectTotals())
        for session in sessions.listed(connection, project.id):
            turns.remove(connection, session.id)
        projects.remove(connection, project.id)
        return held


def _added(connection: Connection, place: tuple[str, str]) -> Project:
    """Store a project named after its repository; where another has that name, a number tells them apart."""
    name = PurePath(place[0] or place[1]).name or "default"
    taken = {project.name for archived in (False, True) for project in projects.listed(connection, archived=archived)}
    free = next(one for one in (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3))) if one not in taken)
    return projects.add(connection, free, "", *place)


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name or name.isdecimal() or len(name) > MOST_NAME_CHARS:
        raise BadInput(f"{name!r} cannot name a project.", f"Use 1 to {MOST_NAME_CHARS} characters, not digits alone.")
    return name


def _again(project: Project | None) -> Project:
    if project is None:
        raise NotFound("The project is gone: someone deleted it.", "List what there is: onward project list")
    return project
