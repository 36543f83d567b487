"""Where the sessions of an import go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from onward.app.projects import projects
from onward.app.repository.project_clues import Origin
from onward.core.project import Project
from onward.core.transcript.transcript import SessionHead
from onward.errors import BadInput
from onward.settings import Worktrees
from onward.store import Store


@dataclass(frozen=True, slots=True)
class Destination:
    """The one `project` for all; without it each session's own (`belonging`), and what `fallback` answers where nothing tells.

    `elsewhere` says what sessions of another machine belong to, by the folder and the address that their transcript names: only that machine can look there.
    """

    store: Store
    project: Project | None = None
    fallback: Callable[[], Project] | None = None
    worktrees: Worktrees = "together"
    remote_origins: Mapping[tuple[str, str], Origin] = field(default_factory=dict[tuple[str, str], Origin])

    def project_for(self, head: SessionHead, file: Path | None) -> Project:
        """Return the project of the session of *head*, read from *file*. Raises `BadInput` where nothing tells it."""
        if self.project:
            return self.project
        if origin := self.remote_origins.get((head.cwd, head.remote)):
            return projects.ensure_for_origin(self.store, origin)
        project = projects.ensure_for_session(self.store, head, file, worktrees=self.worktrees) or (self.fallback and self.fallback())
        if not project:
            raise BadInput("The transcript does not say which project it belongs to.", "Name one with --project.")
        return project
