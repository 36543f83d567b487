"""Catching up: importing what the agents of this machine wrote for a project since its last completed session."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path

from onward.app.projects import projects
from onward.app.repository.git import find_repository
from onward.app.repository.origin import Origin, folder_origin
from onward.app.sessions import sessions
from onward.app.transcripts.agent_files import list_agent_files
from onward.app.transcripts.agent_folders import agent_folders
from onward.app.transcripts.imports import import_paths
from onward.app.transcripts.local_agents import LocalAgents
from onward.core.import_result import ImportedFile
from onward.core.project import Project
from onward.core.session import Session
from onward.settings import Worktrees
from onward.store import Store

MAX_CANDIDATES = 200
"""Only this many files, the latest ones, are checked for their project."""
MAX_IMPORTED = 20


def catch_up(store: Store, local_agents: LocalAgents) -> list[ImportedFile]:
    """Import the transcripts that *local_agents* wrote since the last completed session, oldest first, and return the result of each."""
    paths = find_changed_transcripts(
        local_agents,
        find_project=partial(projects.find_by_origin, store),
        completed_sessions=lambda owner: sessions.list_sessions(store, owner, with_empty=True, status="completed"),
    )
    return import_paths(store, paths, worktrees=local_agents.worktrees).files if paths else []


def find_changed_transcripts(
    local_agents: LocalAgents,
    *,
    find_project: Callable[[Origin], Project | None],
    completed_sessions: Callable[[Project], Iterable[Session]],
) -> list[Path]:
    """Return the transcripts of the project that changed since its last completed session; if none is completed, only the newest
    transcript.

    *find_project* returns the project of an origin and *completed_sessions* a project's completed sessions, in whatever store. A file that
    also holds sessions of other projects is left to `onward import`.
    """
    machine, folder, worktrees = local_agents.machine, local_agents.folder, local_agents.worktrees
    find_project = cache(find_project)
    project = local_agents.project or find_project(folder_origin(folder, worktrees))
    since = (
        max((session.completed_at for session in completed_sessions(project) if session.completed_at), default=None) if project else None
    )
    changed_files = [file for file in list_agent_files(agent_folders(machine, folder)) if since is None or file.changed_at >= since]
    paths: list[Path] = []
    for file in sorted(changed_files, key=lambda file: (file.changed_at, file.path), reverse=True)[:MAX_CANDIDATES]:
        origins = file.belongings(worktrees)
        if origins and all(
            origin is not None and _belongs_to_project(origin, folder, project, worktrees, find_project) for origin in origins
        ):
            paths.append(file.path)
            if since is None or len(paths) == MAX_IMPORTED:
                break
    return paths


def _belongs_to_project(
    origin: Origin, folder: Path, project: Project | None, worktrees: Worktrees, find_project: Callable[[Origin], Project | None]
) -> bool:
    if project:
        owner = find_project(origin)
        return owner is not None and owner.id == project.id
    root, remote = find_repository(folder, worktrees_apart=worktrees == "apart")
    return (origin.root, origin.remote) == (root, remote) or bool(remote and origin.remote == remote)
