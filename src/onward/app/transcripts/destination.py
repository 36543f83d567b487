"""The project that each imported session goes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from onward.app.projects import projects
from onward.app.repository.origin import Origin
from onward.app.sessions.removal import follow_move
from onward.core.project import Project
from onward.core.transcript.transcript import SessionHead
from onward.errors import BadInput
from onward.settings import Worktrees
from onward.store import Store


@dataclass(frozen=True, slots=True)
class Destination:
    """Where sessions go: all to `project`; without it, each to the project of its own origin, or to what `fallback` returns if nothing is
    known.

    `remote_origins` gives the origins of sessions of another machine, by the folder and address in their transcript: only that machine can
    determine them.
    """

    store: Store
    project: Project | None = None
    fallback: Callable[[], Project] | None = None
    worktrees: Worktrees = "together"
    remote_origins: Mapping[tuple[str, str], Origin] = field(default_factory=dict[tuple[str, str], Origin])

    def project_for(self, head: SessionHead, file: Path | None) -> Project:
        """Return the project for the session of *head*, read from *file*. Raises `BadInput` if nothing shows it."""
        if self.project:
            return self.project
        if origin := self.remote_origins.get((head.cwd, head.remote)):
            return follow_move(self.store, projects.ensure_for_origin(self.store, origin), head)
        project = projects.ensure_for_session(self.store, head, file, worktrees=self.worktrees) or (self.fallback and self.fallback())
        if not project:
            raise BadInput("The transcript does not say which project it belongs to.", "Name one with --project.")
        return follow_move(self.store, project, head)
