"""Catching up: what the agents of this machine wrote of a project since its last session was completed, imported now and not when a person thinks of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from onward.app import projects, sessions
from onward.app.belonging import Belonging, standing_in
from onward.app.discovery import agent_folders
from onward.app.imports import import_paths
from onward.app.left import left
from onward.app.repository import place_of
from onward.core.imported import ImportedFile
from onward.core.project import Project
from onward.settings import Machine, Worktrees
from onward.store import Store

MOST_LOOKED_AT = 200
"""Of so many files, the ones that changed last, it is asked whose they are."""
MOST_IMPORTED = 20


def catch_up(store: Store, machine: Machine, here: Path, project: Project | None, worktrees: Worktrees = "together") -> list[ImportedFile]:
    """Import the transcripts of *project* that changed since its last session was completed, in order of time; where none was, the newest one alone. Return what became of each.

    *here* is the folder that a person works in; without *project*, that of this place is meant, and made where it is missing. A file that also holds sessions of other
    projects is left to `import`: nobody asked for those.
    """
    project = project or projects.found(store, standing_in(here, worktrees))
    since = _last_completed_at(store, project)
    changed = [file for file in left(agent_folders(machine, here)) if since is None or file.changed_at >= since]
    wanted: list[Path] = []
    for file in sorted(changed, key=lambda file: (file.changed_at, file.path), reverse=True)[:MOST_LOOKED_AT]:
        if _is_of(store, file.belongings(worktrees), here, project, worktrees):
            wanted.append(file.path)
            if since is None or len(wanted) == MOST_IMPORTED:
                break
    return import_paths(store, wanted, worktrees=worktrees).files if wanted else []


def _last_completed_at(store: Store, project: Project | None) -> datetime | None:
    done = sessions.listed(store, project, status="completed") if project else []
    return max((one.completed_at for one in done if one.completed_at), default=None)


def _is_of(store: Store, found: list[Belonging | None], here: Path, project: Project | None, worktrees: Worktrees) -> bool:
    """Whether all that was found is of *project*, or of the place of *here*."""
    return bool(found) and all(told is not None and _belongs(store, told, here, project, worktrees) for told in found)


def _belongs(store: Store, told: Belonging, here: Path, project: Project | None, worktrees: Worktrees) -> bool:
    there = projects.found(store, told)
    if project:
        return there is not None and there.id == project.id
    root, remote = place_of(here, worktrees_apart=worktrees == "apart")
    return (told.root, told.remote) == (root, remote) or bool(remote and told.remote == remote)
