"""What every tool works with: the open store, the project that is meant, and the session that is."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from onward.app.projects import projects
from onward.app.repository.project_clues import Origin, session_origin
from onward.app.sessions import sessions
from onward.core.project import Project
from onward.core.session import Session, SessionStart
from onward.core.text import paths
from onward.core.transcript.transcript import SessionHead
from onward.errors import BadInput, NotFound
from onward.settings import Machine, Settings

if TYPE_CHECKING:
    from onward.store import Store

MAX_SHOWN = 12


class CallingAgent(NamedTuple):
    """Who asks: what the agent calls itself, and the folder that it says it works in, None where it does not say."""

    name: str = ""
    root: Path | None = None


CALLING_AGENT: ContextVar[CallingAgent] = ContextVar("asking")
"""Who asks for what is being done now."""


@dataclass(slots=True)
class McpContext:
    """An open store and the settings that it was opened by. `folder` is where an agent of this machine started the server, None where agents ask over HTTP.

    A server of one agent knows which session it began in which project (`begun`); one that many ask does not.
    """

    store: Store
    settings: Settings
    folder: Path | None = None
    machine: Machine | None = None
    started_sessions: dict[int, int] = field(default_factory=dict[int, int])

    @property
    def agent_folder(self) -> Path | None:
        """The folder that the agent works in, as far as it is known."""
        return CALLING_AGENT.get(CallingAgent()).root or self.folder

    def require_project(self, name: str, *, create: bool = False) -> Project:
        """Return the project that is *named*, by its name, id or folder; without a name, the one of the folder that the agent works in. Raises `NotFound`."""
        name = name.strip() or self.settings.forced_project
        if _is_folder(name):
            return self._require_folder_project(name, create=create)
        if name:
            try:
                return projects.resolve(self.store, name, create=create)
            except NotFound as error:
                raise NotFound(f"There is no project {name!r}.", self._with_project_names("start_session makes it. ")) from error
        folder = self.agent_folder
        # An agent that was started nowhere in particular works on nothing in particular.
        is_project_folder = folder is not None and folder.parent != folder and not (self.machine and folder == self.machine.home)
        if folder is None or not (is_project_folder or projects.find_by_origin(self.store, self._folder_origin(str(folder)))):
            raise NotFound(
                "Nothing tells which project is meant.",
                self._with_project_names("Pass project: its name, or the absolute path of your working folder. "),
            )
        return self._require_folder_project(str(folder), create=create)

    def require_session(self, project: Project, number: int | None) -> Session:
        """Return the session of that number; without one, the one that this agent began, or the only one that is active. Raises `NotFound`, and `BadInput` where several are."""
        if number is not None:
            return sessions.require(self.store, project, number)
        own_session = self.find_own_session(project)
        active = [own_session] if own_session else sessions.list_sessions(self.store, project, status="active")
        if not active:
            raise NotFound(f"No session of {project.name} is active.", "Begin one with start_session, or pass session: its number.")
        if len(active) > 1:
            numbers = ", ".join(str(session.number) for session in active[-MAX_SHOWN:])
            raise BadInput(
                f"{len(active)} sessions of {project.name} are active: {numbers}.", "Pass session: the number that start_session gave you."
            )
        return active[0]

    def find_own_session(self, project: Project) -> Session | None:
        """Return the session that this agent began, while it is active."""
        if project.id not in self.started_sessions:
            return None
        session = sessions.require_by_id(self.store, self.started_sessions[project.id])
        return session if session.status == "active" else None

    def start_session(self, project: Project, objectives: list[str]) -> SessionStart:
        """Begin a session for the agent that asks."""
        started_session = sessions.start(
            self.store, project, agent=CALLING_AGENT.get(CallingAgent()).name, objectives=objectives, by_agent=True
        )
        if self.folder is not None:
            self.started_sessions[project.id] = started_session.session.id
        return started_session

    def writable_project(self, name: str) -> Project:
        """Return the project that is meant, as `project` does; that of a folder is made where it is missing, one that is called by name is not: that may be a slip."""
        return self.require_project(name, create=not name.strip() or _is_folder(name.strip()))

    def writable_session(self, project: Project, number: int | None) -> Session:
        """Return the session that is meant, as `session` does; one begun now where none is active."""
        try:
            return self.require_session(project, number)
        except NotFound:
            if number is not None:
                raise
        return self.start_session(project, []).session

    def _require_folder_project(self, folder: str, *, create: bool) -> Project:
        origin = self._folder_origin(folder)
        project = projects.find_by_origin(self.store, origin)
        if project is None and create and self._is_local:
            project = projects.ensure_for_session(self.store, SessionHead("", cwd=origin.cwd), worktrees=self.settings.worktrees)
        if project is None:
            raise NotFound(
                f"There is no project for the folder {folder}.",
                self._with_project_names("start_session makes one; or pass project by name. "),
            )
        return project

    def _folder_origin(self, folder: str) -> Origin:
        """Return what a folder belongs to. One that may lie on another machine is told by its path alone: nothing is read there."""
        path = paths.normalise(folder_path(folder))
        origin = session_origin(SessionHead("", cwd=path), None, self.settings.worktrees) if self._is_local else None
        return origin or Origin(root=path, cwd=path)

    @property
    def _is_local(self) -> bool:
        return not self.settings.is_exposed

    def _with_project_names(self, advice: str) -> str:
        names = [line.project.name for line in projects.list_projects(self.store, limit=MAX_SHOWN + 1)]
        if not names:
            return f"{advice}There is no project yet."
        return f"{advice}There are: {', '.join(names[:MAX_SHOWN])}{', …' if len(names) > MAX_SHOWN else ''}."


def folder_path(address: str) -> str:
    """Return the folder that *place* is, where that is written as a file's address; a path as it is."""
    return unquote(address.removeprefix("file://")) if address.startswith("file://") else address


def _is_folder(name: str) -> bool:
    return name.startswith(("/", "file://")) or paths.is_windows(name)
