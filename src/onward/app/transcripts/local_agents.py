"""The agents of this machine, as the place where more of a session may have been written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from onward.core.project import Project
from onward.settings import Machine, Worktrees


@dataclass(frozen=True, slots=True)
class LocalAgents:
    """Where the agents of this machine may have written more of a session: the user works in `folder`.

    `project` is the project whose transcripts are meant; None is the project of the folder, created if it is missing.
    """

    machine: Machine
    folder: Path
    project: Project | None = None
    worktrees: Worktrees = "together"
