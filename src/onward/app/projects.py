"""Projects: making them, finding the one that is meant, putting them away."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from onward.app.belonging import Belonging, belonging, standing_in
from onward.app.place import given_to
from onward.core.project import KnownProject, Project, ProjectLine, ProjectStatus, ProjectTotals
from onward.core.transcript import SessionHead
from onward.errors import BadInput, Conflict, NotFound
from onward.settings import Worktrees
from onward.store import Store, locks, places, projects, sessions, turns

__all__ = [
    "Project",
    "ProjectLine",
    "ProjectTotals",
    "archive",
    "by_id",
    "change",
    "delete",
    "found",
    "known",
    "listed",
    "meant",
    "new",
    "of_belonging",
    "of_id",
    "of_session",
    "only",
    "rename",
    "resolve",
    "restore",
    "show",
    "there",
]


NOWHERE = ("", "")
MOST_NAME_CHARS = 100


def new(store: Store, name: str, *, description: str = "", place: tuple[str, str] = NOWHERE) -> Project:
    """Store a new project. Sessions run in the repository at *place* (`place_of`) belong to it. Raises `Conflict` when the name is taken."""
    root, remote = place
    with store.write() as connection:
        return projects.add(connection, clean_name(name), description, root, remote)


def listed(store: Store, *, archived: bool = False, after: str | None = None, limit: int | None = None) -> list[ProjectLine]:
    """Return the projects at work, or the archived ones, by name; those whose names come *after* that one."""
    with store.read() as connection:
        found = projects.listed(connection, archived=archived, after=after, limit=limit)
        totals = projects.totals(connection, [project.id for project in found])
        return [ProjectLine(project, totals.get(project.id, ProjectTotals())) for project in found]


def known(store: Store, *, archived: bool = False, limit: int | None = None) -> list[KnownProject]:
    """Return the projects at work, or the archived ones, by name, as `listed` does but at a fraction of its cost."""
    with store.read() as connection:
        found = projects.listed(connection, archived=archived, limit=limit)
        counts = projects.session_counts(connection, [project.id for project in found])
    return [KnownProject(project, counts.get(project.id, 0)) for project in found]


def show(store: Store, project: Project) -> ProjectLine:
    """Return what a project holds."""
    with store.read() as connection:
        return _line(connection, project)


def by_id(store: Store, project_id: int) -> ProjectLine:
    """Return the project of that id and what it holds. Raises `NotFound`."""
    with store.read() as connection:
        return _line(connection, there(connection, project_id))


def of_id(store: Store, project_id: int) -> Project:
    """Return the project of that id. Raises `NotFound`."""
    with store.read() as connection:
        return there(connection, project_id)


def only(store: Store) -> Project:
    """Return the only project at work. Raises `BadInput` where there are several, or none."""
    with store.read() as connection:
        found = projects.listed(connection, limit=2)
    if len(found) != 1:
        raise BadInput("Nothing tells which project is meant.", "Name it by its id.")
    return found[0]


def change(
    store: Store, project: Project, *, name: str | None = None, description: str | None = None, status: ProjectStatus | None = None
) -> Project:
    """Change what is given of a project. Raises `Conflict` when a new name is taken."""
    said = {"name": None if name is None else clean_name(name), "description": description, "status": status}
    with store.write() as connection:
        projects.change(connection, project.id, **{column: value for column, value in said.items() if value is not None})
        return _again(projects.by_id(connection, project.id))


def there(connection: Connection, project_id: int) -> Project:
    """Return the project of that id. Raises `NotFound`."""
    found = projects.by_id(connection, project_id)
    if found is None:
        raise NotFound(f"There is no project {project_id}.", "List what there is: onward project list")
    return found


def _line(connection: Connection, project: Project) -> ProjectLine:
    return ProjectLine(project, projects.totals(connection, [project.id]).get(project.id, ProjectTotals()))


def resolve(
    store: Store, named: str = "", *, folder: Path | None = None, create: bool = False, worktrees: Worktrees = "together"
) -> Project:
    """Return the project that is meant: the one *named*, by name or id; else the one whose repository holds *folder*; else the only one there is.

    With *create*, one that is not there is made. Raises `NotFound` when nothing tells which.
    """
    return meant(store, standing_in(folder, worktrees, named), create=create)


def meant(store: Store, told: Belonging, *, create: bool = False, guess: bool = True) -> Project:
    """Return the project that *told* means, as `resolve` does: the folder may be one of another machine. Without *guess*, the only one there is is not meant by that alone."""
    with store.write() if create else store.read() as connection:
        if create:
            _makes(connection)
        if told.named:
            return _named(connection, told.named, create=create)
        somewhere = bool(told.root or told.remote)
        here = _found(connection, told) if somewhere else None
        if here:
            return here
        everything = projects.listed(connection)
        if create and somewhere:
            return _added(connection, told)
        if guess and len(everything) == 1:
            return everything[0]
        if create and not everything:
            return projects.add(connection, "default")
        raise NotFound("Nothing tells which project is meant." if everything else "There is no project yet.", _known(everything))


def _named(connection: Connection, name: str, *, create: bool) -> Project:
    found = projects.by_name(connection, name)
    if found is None and name.isdecimal() and len(name) < 10:
        found = projects.by_id(connection, int(name))
    if found is None and create:
        return projects.add(connection, clean_name(name))
    if found is None:
        raise NotFound(f"There is no project {name!r}.", _known(projects.listed(connection)))
    return found


def _known(everything: list[Project]) -> str:
    if not everything:
        return "Make one: onward project new NAME"
    names = ", ".join(project.name for project in everything[:8])
    return f"Name one with --project: {names}{', …' if len(everything) > 8 else ''}."


def of_session(store: Store, head: SessionHead, file: Path | None = None, *, worktrees: Worktrees = "together") -> Project | None:
    """Return the project of the session of *head*, read from *file*, made where it is missing; None when nothing tells (`belonging`)."""
    told = belonging(head, file, worktrees)
    return None if told is None else of_belonging(store, told)


def of_belonging(store: Store, told: Belonging) -> Project:
    """Return the project that *told* leads to, made where it is missing."""
    with store.read() as connection:
        there = _found(connection, told)
    if there and (there.remote or not told.remote or told.named):
        return there
    with store.write() as connection:
        _makes(connection)
        there = _found(connection, told)
        if there is None:
            return _added(connection, told)
        if not there.remote and not told.named:
            # A clone elsewhere will be known by the address.
            projects.change(connection, there.id, remote=told.remote)
        return _again(projects.by_id(connection, there.id))


def found(store: Store, told: Belonging) -> Project | None:
    """Return the project that *told* leads to, or None where it would be a new one."""
    with store.read() as connection:
        return _found(connection, told)


def _found(connection: Connection, told: Belonging) -> Project | None:
    if told.named:
        return projects.by_name(connection, clean_name(told.named))
    given = _given(connection, told)
    return (
        projects.by_id(connection, given) if given is not None else next(iter(projects.at_place(connection, told.root, told.remote)), None)
    )


def _given(connection: Connection, told: Belonging) -> int | None:
    """Return the project that a person gave the place to: the closest folder around it, then the repository."""
    given = ((place.project_id, place.root, place.remote, place.below) for place in places.listed(connection))
    return given_to(given, told.cwd, told.root, told.remote)


def rename(store: Store, project: Project, name: str) -> Project:
    """Give a project another name. Raises `Conflict` when that is taken."""
    with store.write() as connection:
        projects.change(connection, project.id, name=clean_name(name))
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


def delete(store: Store, project: Project, *, only_empty: bool = False) -> ProjectTotals:
    """Delete a project with its sessions, turns, facts and handoffs, for good; return what it held. Raises `Conflict` when it holds sessions and *only_empty* is meant."""
    with store.write() as connection:
        held = _line(connection, project).totals
        if only_empty and held.sessions:
            raise Conflict(
                f"{project.name} holds {held.sessions} sessions, and deleting is for good.",
                "Archive it instead; or say that all goes (cascade=true).",
            )
        for session in sessions.listed(connection, project.id):
            turns.remove(connection, session.id)
        projects.remove(connection, project.id)
        return held


def _makes(connection: Connection) -> None:
    """Let nobody else make a project until this transaction ends: two that bring in sessions of a new one at once would both make it."""
    locks.alone(connection, "projects")


def _added(connection: Connection, told: Belonging) -> Project:
    """Store a project named after its repository; where another has that name, a number tells them apart. One that a file names has no place but that file."""
    if told.named:
        return projects.add(connection, clean_name(told.named))
    name = " ".join(told.name.split())[:MOST_NAME_CHARS]
    if name.isdecimal():
        name = f"project-{name}"
    return projects.add(connection, free_name(connection, name), "", told.root, told.remote)


def free_name(connection: Connection, name: str) -> str:
    """Return *name*; where another project has it, with a number that tells them apart."""
    taken = {project.name for archived in (False, True) for project in projects.listed(connection, archived=archived)}
    return next(one for one in (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3))) if one not in taken)


def clean_name(name: str) -> str:
    """Return *name* as a project may have it. Raises `BadInput` where it may not."""
    name = " ".join(name.split())
    if not name or name.isdecimal() or len(name) > MOST_NAME_CHARS:
        raise BadInput(f"{name!r} cannot name a project.", f"Use 1 to {MOST_NAME_CHARS} characters, not digits alone.")
    return name


def _again(project: Project | None) -> Project:
    if project is None:
        raise NotFound("The project is gone: someone deleted it.", "List what there is: onward project list")
    return project
