"""Catching up: what the agents of this machine wrote of a project since its last session was completed, imported now and not when a person thinks of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path

from onward.app import projects, sessions
from onward.app.belonging import Belonging, standing_in
from onward.app.discovery import agent_folders
from onward.app.imports import import_paths
from onward.app.left import left
from onward.app.repository import place_of
from onward.core.imported import ImportedFile
from onward.core.project import Project
from onward.core.session import Session
from onward.settings import Machine, Worktrees
from onward.store import Store

MOST_LOOKED_AT = 200
"""Of so many files, the ones that changed last, it is asked whose they are."""
MOST_IMPORTED = 20


def catch_up(store: Store, machine: Machine, here: Path, project: Project | None, worktrees: Worktrees = "together") -> list[ImportedFile]:
    """Import the transcripts of *project* that were written since, in order of time, and return what became of each.

    *here* is the folder that a person works in; without *project*, that of this place is meant, and made where it is missing.
    """
    wanted = written_since(
        machine,
        here,
        project,
        worktrees,
        found=partial(projects.found, store),
        completed=lambda ours: sessions.listed(store, ours, status="completed"),
    )
    return import_paths(store, wanted, worktrees=worktrees).files if wanted else []


def written_since(
    machine: Machine,
    here: Path,
    project: Project | None,
    worktrees: Worktrees,
    *,
    found: Callable[[Belonging], Project | None],
    completed: Callable[[Project], Iterable[Session]],
) -> list[Path]:
    """Return the transcripts of *project*, or of the place of *here*, that changed since its last session was completed; where none was, the newest one alone.

    The store may be anywhere: *found* answers the project of what a session told, *completed* a project's completed sessions. A file that also holds sessions of other
    projects is left to `import`: nobody asked for those.
    """
    found = cache(found)
    project = project or found(standing_in(here, worktrees))
    since = max((one.completed_at for one in completed(project) if one.completed_at), default=None) if project else None
    changed = [file for file in left(agent_folders(machine, here)) if since is None or file.changed_at >= since]
    wanted: list[Path] = []
    for file in sorted(changed, key=lambda file: (file.changed_at, file.path), reverse=True)[:MOST_LOOKED_AT]:
        told = file.belongings(worktrees)
        if told and all(one is not None and _belongs(one, here, project, worktrees, found) for one in told):
            wanted.append(file.path)
            if since is None or len(wanted) == MOST_IMPORTED:
                break
    return wanted


def _belongs(
    told: Belonging, here: Path, project: Project | None, worktrees: Worktrees, found: Callable[[Belonging], Project | None]
) -> bool:
    if project:
        there = found(told)
        return there is not None and there.id == project.id
    root, remote = place_of(here, worktrees_apart=worktrees == "apart")
    return (told.root, told.remote) == (root, remote) or bool(remote and told.remote == remote)
