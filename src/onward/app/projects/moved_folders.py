"""Projects whose folder was moved: recognised by the first commit of their repository, and updated by `onward project remap`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from onward.app.repository.detection import find_repository
from onward.app.repository.moved_folder import KnownRepository, find_moved, remap_command
from onward.message import Message
from onward.store import Store, projects


class MovedFolder(NamedTuple):
    """A project whose folder is gone from `old_root`; its repository is in `folder`."""

    project: str
    old_root: str
    folder: str

    @property
    def command(self) -> str:
        """The command that brings the project to its folder."""
        return remap_command(self.folder, self.project)

    @property
    def hint(self) -> Message:
        """What the person reads."""
        return Message(
            "{folder} looks like the project {project}, which was at {old_root}. To update its folder: {command}",
            folder=self.folder,
            project=self.project,
            old_root=self.old_root,
            command=self.command,
        )


def find_moved_folder(store: Store, folder: str) -> MovedFolder | None:
    """Return the project that the absolute *folder* belongs to if it was moved there."""
    return next(iter(list_moved_folders(store, [folder], with_projects=False)), None)


def list_moved_folders(store: Store, folders: Sequence[str] = (), *, with_projects: bool = True) -> list[MovedFolder]:
    """Return the projects that were moved to one of *folders*, or to the folder of another project, which a session there created."""
    with store.read() as connection:
        known_projects = projects.list_projects(connection)
    repositories = [
        KnownRepository(project.name, project.root, project.remote, project.root_commit)
        for project in known_projects
        if project.root_commit and not Path(project.root).is_dir()
    ]
    candidates = [*folders, *(project.root for project in known_projects if with_projects)] if repositories else []
    moved_folders: dict[str, MovedFolder] = {}
    for folder in candidates:
        if not folder or not Path(folder).is_dir():
            continue
        root, remote = find_repository(folder)
        if repository := find_moved(repositories, root, remote):
            moved_folders.setdefault(repository.project, MovedFolder(repository.project, repository.root, root))
    return list(moved_folders.values())
