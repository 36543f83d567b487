"""Projects: create, find, change, archive and delete them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from onward.app.lookup import require_project
from onward.app.repository.detection import find_assigned_project
from onward.app.repository.origin import Origin, folder_origin
from onward.core.project import Project, ProjectOption, ProjectOverview, ProjectStatus, ProjectTotals
from onward.errors import BadInput, Conflict, NotFound
from onward.message import Message
from onward.store import Store, assigned_folders, events, locks, projects, sessions, turns

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from onward.core.transcript.transcript import SessionHead
    from onward.settings import Worktrees

__all__ = [
    "Project",
    "ProjectOverview",
    "ProjectTotals",
    "archive",
    "create",
    "delete",
    "ensure_for_origin",
    "ensure_for_session",
    "find_by_origin",
    "list_known",
    "list_latest",
    "list_latest_with_totals",
    "list_projects",
    "rename",
    "require",
    "require_line",
    "require_only",
    "resolve",
    "resolve_origin",
    "restore",
    "show",
    "update",
]


NO_REPOSITORY = ("", "")
MAX_NAME_CHARS = 100
_NEWEST_SESSIONS = 300
"""The newest sessions, whose projects are the latest."""
MAX_LISTED_NAMES = 8
"""Projects that a hint lists."""


def create(store: Store, name: str, *, description: str = "", repository: tuple[str, str] = NO_REPOSITORY) -> Project:
    """Create a project. Sessions that run in *repository*, a folder and an address (`find_repository`), belong to it. Raises `Conflict`
    if the name is taken.
    """
    root, remote = repository
    with store.write() as connection:
        return projects.create(connection, _safe_name(name), _redact(description), _redact(root), _redact(remote))


def _redact(text: str) -> str:
    from onward.redact import DISTILL_KEY, Redactor

    return Redactor(DISTILL_KEY).text(text)


def _redact_origin(origin: Origin) -> Origin:
    """Return *origin* as it is stored and found again: a folder or an address may contain a secret."""
    return Origin(*map(_redact, origin))


def _safe_name(name: str) -> str:
    return clean_name(_redact(name))


def list_projects(store: Store, *, archived: bool = False, after: str | None = None, limit: int | None = None) -> list[ProjectOverview]:
    """Return the active projects, or the archived ones, by name; those with a name *after* the given one."""
    with store.read() as connection:
        listed_projects = projects.list_projects(connection, archived=archived, after=after, limit=limit)
        totals = projects.totals_by_id(connection, [project.id for project in listed_projects])
        return [ProjectOverview(project, totals.get(project.id, ProjectTotals())) for project in listed_projects]


def list_known(
    store: Store, *, archived: bool = False, limit: int | None = None, only_ids: Sequence[int] | None = None
) -> list[ProjectOption]:
    """Return the active projects, or the archived ones, by name, with their number of sessions: much cheaper than `list_projects`. With
    *only_ids*, those of them that are neither missing nor on the other side, in that order.
    """
    if only_ids is not None and not only_ids:
        return []
    with store.read() as connection:
        if only_ids is None:
            listed_projects = projects.list_projects(connection, archived=archived, limit=limit)
        else:
            status = "archived" if archived else "active"
            listed_projects = [project for project in projects.list_by_ids(connection, only_ids) if project.status == status]
        counts = projects.count_sessions(connection, [project.id for project in listed_projects])
    return [ProjectOption(project, counts.get(project.id, 0)) for project in listed_projects]


def list_latest(store: Store, *, limit: int) -> list[ProjectOption]:
    """Return the active projects with the newest sessions, the one last worked on first, then others by name; at most *limit*."""
    with store.read() as connection:
        latest_ids = projects.list_latest_ids(connection, _NEWEST_SESSIONS)
    latest_projects = list_known(store, only_ids=latest_ids[:limit])
    if len(latest_projects) == limit:
        return latest_projects
    shown_ids = {option.project.id for option in latest_projects}
    others = [option for option in list_known(store, limit=limit) if option.project.id not in shown_ids]
    return [*latest_projects, *others][:limit]


def list_latest_with_totals(store: Store, *, limit: int) -> list[ProjectOverview]:
    """Return the same projects as `list_latest`, with their totals."""
    latest_projects = [option.project for option in list_latest(store, limit=limit)]
    with store.read() as connection:
        totals = projects.totals_by_id(connection, [project.id for project in latest_projects])
    return [ProjectOverview(project, totals.get(project.id, ProjectTotals())) for project in latest_projects]


def show(store: Store, project: Project) -> ProjectOverview:
    """Return a project with its totals."""
    with store.read() as connection:
        return _project_line(connection, project)


def require_line(store: Store, project_id: int) -> ProjectOverview:
    """Return the project with this id and its totals. Raises `NotFound`."""
    with store.read() as connection:
        return _project_line(connection, require_project(connection, project_id))


def require(store: Store, project_id: int) -> Project:
    """Return the project with this id. Raises `NotFound`."""
    with store.read() as connection:
        return require_project(connection, project_id)


def require_only(store: Store) -> Project:
    """Return the only active project. Raises `BadInput` if there are none or several."""
    with store.read() as connection:
        active_projects = projects.list_projects(connection, limit=2)
    if len(active_projects) != 1:
        raise BadInput("It is not clear which project to use.", "Give the project's id.")
    return active_projects[0]


def update(
    store: Store,
    project: Project,
    *,
    name: str | None = None,
    description: str | None = None,
    status: ProjectStatus | None = None,
    version: str = "",
) -> Project:
    """Change the given fields of a project. Raises `Conflict` if a new name is taken, and `EditConflict` if a field changed since
    *version*, by default that of *project*.
    """
    # Only an edit needs them, and their imports take longer than a list of projects. So do the other imports in functions here.
    from onward.app.edits import check_edit, lock_edits
    from onward.core.edit_version import edit_version

    changes = {
        "name": None if name is None else _safe_name(name),
        "description": None if description is None else _redact(description),
        "status": status,
    }
    with store.write() as connection:
        lock_edits(connection)
        check_edit(version or edit_version(project), require_project(connection, project.id), changes)
        projects.update_project(connection, project.id, **{column: value for column, value in changes.items() if value is not None})
        events.record(connection, "changed", project_id=project.id)
        return require_project(connection, project.id)


def _project_line(connection: Connection, project: Project) -> ProjectOverview:
    return ProjectOverview(project, projects.totals_by_id(connection, [project.id]).get(project.id, ProjectTotals()))


def resolve(
    store: Store, name: str = "", *, folder: Path | None = None, create: bool = False, worktrees: Worktrees = "together"
) -> Project:
    """Return the project with this *name* or id, or else the one whose repository contains *folder*, or else the only one there is.

    With *create*, a missing project is created. Raises `NotFound` if the project cannot be determined.
    """
    return resolve_origin(store, folder_origin(folder, worktrees, name), create=create)


def resolve_origin(store: Store, origin: Origin, *, create: bool = False, guess: bool = True) -> Project:
    """Return the project that *origin* identifies, as `resolve` does; its folder may be on another machine. Without *guess*, a single
    existing project is not chosen just because it is the only one.
    """
    origin = _redact_origin(origin)
    with store.write() if create else store.read() as connection:
        if create:
            _lock_creation(connection)
        if origin.project_name:
            return _resolve_name(connection, origin.project_name, create=create)
        has_repository = bool(origin.root or origin.remote)
        project = _find_by_origin(connection, origin) if has_repository else None
        if project:
            return project
        all_projects = projects.list_projects(connection)
        if create and has_repository:
            return _create_for_origin(connection, origin)
        if guess and len(all_projects) == 1:
            return all_projects[0]
        if create and not all_projects:
            return projects.create(connection, "default")
    from onward.app.projects.moved_folders import find_moved_folder

    moved_folder = find_moved_folder(store, origin.root) if origin.root else None
    raise NotFound(
        "It is not clear which project to use." if all_projects else "There is no project yet.",
        moved_folder.hint if moved_folder else _projects_hint(all_projects),
    )


def _resolve_name(connection: Connection, name: str, *, create: bool) -> Project:
    project = projects.find_by_name(connection, name)
    if project is None and name.isdecimal() and len(name) < 10:
        project = projects.find(connection, int(name))
    if project is None and create:
        return projects.create(connection, _safe_name(name))
    if project is None:
        raise NotFound(Message("There is no project {name!r}.", name=name), _projects_hint(projects.list_projects(connection)))
    return project


def _projects_hint(all_projects: list[Project]) -> str | Message:
    if not all_projects:
        return "Create one: onward project new NAME"
    names = [project.name for project in all_projects[:MAX_LISTED_NAMES]] + ["…"] * (len(all_projects) > MAX_LISTED_NAMES)
    return Message("Choose one with --project: {names}", names=", ".join(names))


def ensure_for_session(store: Store, head: SessionHead, file: Path | None = None, *, worktrees: Worktrees = "together") -> Project | None:
    """Return the project of the session with *head*, read from *file*, and create it if it is missing; None if nothing identifies it."""
    from onward.app.repository.project_clues import session_origin

    origin = session_origin(head, file, worktrees)
    return None if origin is None else ensure_for_origin(store, origin)


def ensure_for_origin(store: Store, origin: Origin) -> Project:
    """Return the project that *origin* identifies, and create it if it is missing."""
    origin = _redact_origin(origin)
    with store.read() as connection:
        project = _find_by_origin(connection, origin)
    news = _repository_news(project, origin)
    if project and not news:
        return project
    with store.write() as connection:
        _lock_creation(connection)
        project = _find_by_origin(connection, origin) or _create_for_origin(connection, origin)
        if news:
            projects.update_project(connection, project.id, **news)
        return require_project(connection, project.id)


def _repository_news(project: Project | None, origin: Origin) -> dict[str, str]:
    """Return what *origin* says about the repository that is not stored yet. A project named by a settings file has no repository."""
    if origin.project_name:
        return {}
    news: dict[str, str] = {}
    if origin.remote and not (project and project.remote):
        # A clone elsewhere is then recognised by the address.
        news["remote"] = origin.remote
    is_same_remote = bool(project and project.root and origin.remote and project.remote == origin.remote)
    has_moved = is_same_remote and bool(project and not Path(project.root).is_dir()) and Path(origin.root).is_dir()
    if has_moved:
        news["root"] = origin.root
    if not (project and project.root_commit) and (has_moved or project is None or project.root == origin.root):
        from onward.app.repository.moved_folder import read_root_commit

        commit = read_root_commit(origin.root) if origin.root else ""
        news |= {"root_commit": commit} if commit else {}
    return news


def find_by_origin(store: Store, origin: Origin) -> Project | None:
    """Return the project that *origin* identifies, or None if it does not exist."""
    with store.read() as connection:
        return _find_by_origin(connection, _redact_origin(origin))


def _find_by_origin(connection: Connection, origin: Origin) -> Project | None:
    if origin.project_name:
        return projects.find_by_name(connection, clean_name(origin.project_name))
    assigned_id = _find_assigned(connection, origin)
    return (
        projects.find(connection, assigned_id)
        if assigned_id is not None
        else next(iter(projects.find_by_repository(connection, origin.root, origin.remote)), None)
    )


def _find_assigned(connection: Connection, origin: Origin) -> int | None:
    """Return the project that a user assigned to the folder or repository: the closest folder wins, then the repository."""
    assignments = (
        (assignment.project_id, assignment.root, assignment.remote, assignment.includes_subfolders)
        for assignment in assigned_folders.list_assignments(connection)
    )
    return find_assigned_project(assignments, origin.cwd, origin.root, origin.remote)


def rename(store: Store, project: Project, name: str) -> Project:
    """Rename a project. Raises `Conflict` if the name is taken."""
    return update(store, project, name=name)


def archive(store: Store, project: Project) -> Project:
    """Archive a project: all of it is kept, but it is not listed."""
    return _set_status(store, project, "archived")


def restore(store: Store, project: Project) -> Project:
    """Make an archived project active again."""
    return _set_status(store, project, "active")


def _set_status(store: Store, project: Project, status: str) -> Project:
    with store.write() as connection:
        projects.update_project(connection, project.id, status=status)
        events.record(connection, "changed", project_id=project.id)
        return require_project(connection, project.id)


def delete(store: Store, project: Project, *, only_empty: bool = False) -> ProjectTotals:
    """Delete a project with its sessions, turns, facts and handoffs, and return its totals. Raises `Conflict` if it has sessions and
    *only_empty* is set.
    """
    with store.write() as connection:
        totals = _project_line(connection, project).totals
        if only_empty and totals.sessions:
            raise Conflict(
                Message(
                    "{project} has {sessions} sessions, and deleting it cannot be undone.", project=project.name, sessions=totals.sessions
                ),
                "Archive it instead, or confirm that everything is deleted (cascade=true, and its name).",
            )
        for session in sessions.list_sessions(connection, project.id):
            turns.delete_turns(connection, session.id)
        projects.delete_project(connection, project.id)
        return totals


def _lock_creation(connection: Connection) -> None:
    """Lock the creation of projects until the transaction ends: two simultaneous imports of a new project's sessions would both create
    it.
    """
    locks.lock_transaction(connection, "projects")


def _create_for_origin(connection: Connection, origin: Origin) -> Project:
    """Create a project named after its repository, with a number if the name is taken. A project named by a settings file has no
    repository.
    """
    if origin.project_name:
        return projects.create(connection, clean_name(origin.project_name))
    name = " ".join(origin.default_name.split())[:MAX_NAME_CHARS]
    if name.isdecimal():
        name = f"project-{name}"
    return projects.create(connection, free_name(connection, name), "", origin.root, origin.remote)


def free_name(connection: Connection, name: str) -> str:
    """Return *name*, with a number if another project has it."""
    taken_names = {project.name for archived in (False, True) for project in projects.list_projects(connection, archived=archived)}
    return next(
        candidate
        for candidate in (name, *(f"{name}-{number}" for number in range(2, len(taken_names) + 3)))
        if candidate not in taken_names
    )


def clean_name(name: str) -> str:
    """Return *name* in its stored form. Raises `BadInput` if it is not a valid name."""
    name = " ".join(name.split())
    if not name or name.isdecimal() or len(name) > MAX_NAME_CHARS:
        raise BadInput(
            Message("{name!r} is not a valid project name.", name=name),
            Message("Use 1 to {limit} characters, not only digits.", limit=MAX_NAME_CHARS),
        )
    return name
