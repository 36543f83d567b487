"""The evidence for the project of a session. This module imports little, because commands start it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from onward.app.repository import detection
from onward.core.text import paths

if TYPE_CHECKING:
    from onward.settings import Worktrees


class Origin(NamedTuple):
    """The evidence for the project of a session, each part empty if unknown.

    `project_name` comes from a settings file, `root` is the repository's folder, `remote` its address, and `cwd` the folder that the
    session ran in.
    """

    project_name: str = ""
    root: str = ""
    remote: str = ""
    cwd: str = ""

    @property
    def default_name(self) -> str:
        """The name of a new project for this origin, before a number makes it unique."""
        return self.project_name or paths.file_name(self.root) or self.remote.rpartition("/")[2] or "default"


def folder_origin(folder: Path | None, worktrees: Worktrees = "together", project_name: str = "") -> Origin:
    """Return the origin of work in *folder*, with the project's name if the user gave one."""
    if folder is None:
        return Origin(project_name)
    repository = detection.find_repository(str(folder.absolute()), worktrees_apart=worktrees == "apart")
    return Origin(project_name, *repository, detection.real_folder(str(folder)))
