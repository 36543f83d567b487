"""Catching up: what the agents of this machine wrote of a project since its last session was completed, imported now and not when a person thinks of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from onward.app import discovery, projects, sessions
from onward.app.belonging import Belonging, standing_in
from onward.app.imports import import_paths
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
    changed = sorted(_changed(discovery.files_in(discovery.agent_folders(machine, here)), since), reverse=True)
    wanted: list[Path] = []
    for _, path in changed[:MOST_LOOKED_AT]:
        if _is_of(store, path, here, project, worktrees):
            wanted.append(path)
            if since is None or len(wanted) == MOST_IMPORTED:
                break
    return import_paths(store, wanted, worktrees=worktrees).files if wanted else []


def _last_completed_at(store: Store, project: Project | None) -> datetime | None:
    done = sessions.listed(store, project, status="completed") if project else []
    return max((one.completed_at for one in done if one.completed_at), default=None)


def _changed(paths: Sequence[Path], since: datetime | None) -> Iterator[tuple[float, Path]]:
    for path in paths:
        try:
            changed = path.stat().st_mtime
        except OSError:
            continue
        if since is None or changed >= since.timestamp():
            yield changed, path


def _is_of(store: Store, path: Path, here: Path, project: Project | None, worktrees: Worktrees) -> bool:
    """Whether every session of a file is of *project*, or of the place of *here*."""
    found = [one.belonging for file in discovery.survey_paths([path], worktrees) for one in file.sessions]
    return bool(found) and all(told is not None and _belongs(store, told, here, project, worktrees) for told in found)


def _belongs(store: Store, told: Belonging, here: Path, project: Project | None, worktrees: Worktrees) -> bool:
    there = projects.found(store, told)
    if project:
        return there is not None and there.id == project.id
    root, remote = place_of(here, worktrees_apart=worktrees == "apart")
    return (told.root, told.remote) == (root, remote) or bool(remote and told.remote == remote)
