"""What every tool works with: the open store, and the project and session that a call is about."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from urllib.parse import unquote

from onward.app.projects import projects
from onward.app.repository.origin import Origin
from onward.app.repository.project_clues import session_origin
from onward.app.sessions import sessions
from onward.core.project import Project
from onward.core.session import Session
from onward.core.session_results import SessionStart
from onward.core.text import paths
from onward.core.text.printable import printable
from onward.core.transcript.transcript import SessionHead
from onward.errors import BadInput, NotFound
from onward.message import Message
from onward.settings import Machine, Settings

if TYPE_CHECKING:
    from onward.store import Store

MAX_SHOWN = 12
MAX_TITLE_CHARS = 60


class CallingAgent(NamedTuple):
    """The agent that calls: its name, and the folder it says it works in (None if it does not say)."""

    name: str = ""
    root: Path | None = None


FindRunning: TypeAlias = Callable[[str, Path], SessionHead | None]
"""Returns the head of the session that an agent has open in a folder; None if none is known."""

CALLING_AGENT: ContextVar[CallingAgent] = ContextVar("asking")
"""The agent whose call is being answered."""


@dataclass(slots=True)
class McpContext:
    """An open store and its settings. `folder` is the folder in which an agent of this machine started the server; None if agents call over
    HTTP.

    `find_running` finds the session that the agent has open, None if nothing of this machine is known.
    `started_sessions` holds the id of the session that the agent started, by project id. It stays empty if several agents share the server.
    """

    store: Store
    settings: Settings
    folder: Path | None = None
    machine: Machine | None = None
    find_running: FindRunning | None = None
    started_sessions: dict[int, int] = field(default_factory=dict[int, int])

    @property
    def agent_folder(self) -> Path | None:
        """The folder that the agent works in, None if unknown."""
        return CALLING_AGENT.get(CallingAgent()).root or self.folder

    def require_project(self, name: str, *, create: bool = False) -> Project:
        """Return the project of that *name*, id or folder; without a name, the project of the agent's folder. Raises `NotFound`."""
        name = name.strip() or self.settings.forced_project
        if _is_folder(name):
            return self._require_folder_project(name, create=create)
        if name:
            try:
                return projects.resolve(self.store, name, create=create)
            except NotFound as error:
                raise NotFound(
                    Message("There is no project {name}.", name=repr(name)), self._with_project_names("start_session creates it.")
                ) from error
        folder = self.agent_folder
        # The root or the home folder is no project: an agent started there works on nothing in particular.
        is_project_folder = folder is not None and folder.parent != folder and not (self.machine and folder == self.machine.home)
        if folder is None or not (is_project_folder or projects.find_by_origin(self.store, self._folder_origin(str(folder)))):
            raise NotFound(
                "The project is not known.",
                self._with_project_names("Pass project: its name, or the absolute path of your working folder."),
            )
        return self._require_folder_project(str(folder), create=create)

    def require_session(self, project: Project, number: int | None) -> Session:
        """Return the session of that number; without a number, the session that this agent is in, whatever its status, or started, or else
        the only active one. Raises `NotFound`, and `BadInput` if several are active.
        """
        if number is not None:
            return sessions.require(self.store, project, number)
        if running := self._find_running(project):
            return sessions.find_by_native_id(self.store, project, running.id or "") or sessions.join(self.store, project, running).session
        own_session = self.find_own_session(project)
        active = [own_session] if own_session else sessions.list_sessions(self.store, project, with_empty=True, status="in_progress")
        if not active:
            raise NotFound(
                Message("No session of {project} is active.", project=project.name),
                "Start one with start_session, or pass session: its number.",
            )
        if len(active) > 1:
            numbers = ", ".join(map(name_session, active[-MAX_SHOWN:]))
            raise BadInput(
                Message("{count} sessions of {project} are active: {numbers}.", count=len(active), project=project.name, numbers=numbers),
                "Pass session: the number that start_session returned.",
            )
        return active[0]

    def find_own_session(self, project: Project) -> Session | None:
        """Return the active session that this agent started, None if there is none."""
        session = self._started_session(project)
        return session if session and session.status == "in_progress" else None

    def start_session(self, project: Project, objectives: list[str]) -> SessionStart:
        """Start a session for the calling agent: the one that it has open, if that is known."""
        running = self._find_running(project)
        agent = CALLING_AGENT.get(CallingAgent()).name
        started_session = (
            sessions.join(self.store, project, running, objectives=objectives)
            if running
            else sessions.start(self.store, project, agent=agent, objectives=objectives, by_agent=True)
        )
        if self.folder is not None:
            self.started_sessions[project.id] = started_session.session.id
        return started_session

    def writable_project(self, name: str) -> Project:
        """Return the project for a write, as `require_project` does. A project named by its folder is created if missing; one called by
        name is not, because the name may be misspelt.
        """
        return self.require_project(name, create=not name.strip() or _is_folder(name.strip()))

    def writable_session(self, project: Project, number: int | None) -> Session:
        """Return the session for a write, as `require_session` does: the one that the agent is in becomes active again, and if none is
        active one is started.
        """
        if number is not None:
            return sessions.require(self.store, project, number)
        if running := self._find_running(project):
            return sessions.join(self.store, project, running).session
        try:
            return self.require_session(project, None)
        except NotFound:
            completed = self._started_session(project)
        # The agent that completed its session continues in it.
        return sessions.reopen(self.store, completed) if completed else self.start_session(project, []).session

    def _started_session(self, project: Project) -> Session | None:
        """Return the session that this agent started, whatever its status."""
        if project.id not in self.started_sessions:
            return None
        return sessions.require_by_id(self.store, self.started_sessions[project.id])

    def _find_running(self, project: Project) -> SessionHead | None:
        """Return the head of the session that the agent has open, if it belongs to *project*."""
        agent, folder = CALLING_AGENT.get(CallingAgent()).name, self.agent_folder
        if self.find_running is None or not agent or folder is None:
            return None
        try:
            is_own_project = self.require_project("").id == project.id
        except NotFound:
            return None
        return self.find_running(agent, folder) if is_own_project else None

    def _require_folder_project(self, folder: str, *, create: bool) -> Project:
        origin = self._folder_origin(folder)
        project = projects.find_by_origin(self.store, origin)
        if project is None and create and self._is_local:
            project = projects.ensure_for_session(self.store, SessionHead("", cwd=origin.cwd), worktrees=self.settings.worktrees)
        if project is None:
            raise NotFound(
                Message("There is no project for the folder {folder}.", folder=folder),
                self._with_project_names("start_session makes one; or pass project by name. "),
            )
        return project

    def _folder_origin(self, folder: str) -> Origin:
        """Return the repository that *folder* belongs to. A folder that may be on another machine is known by its path only: nothing is
        read from disk.
        """
        path = paths.normalise(folder_path(folder))
        origin = session_origin(SessionHead("", cwd=path), None, self.settings.worktrees) if self._is_local else None
        return origin or Origin(root=path, cwd=path)

    @property
    def _is_local(self) -> bool:
        return not self.settings.is_exposed

    def _with_project_names(self, advice: str) -> Message:
        names = [line.project.name for line in projects.list_projects(self.store, limit=MAX_SHOWN + 1)]
        if not names:
            return Message("{advice} There is no project yet.", advice=advice)
        return Message(
            "{advice} There are: {names}.", advice=advice, names=", ".join(names[:MAX_SHOWN]) + (", …" if len(names) > MAX_SHOWN else "")
        )


def name_session(session: Session) -> str:
    """Return the number of a session with its title, on one line: an agent knows its own session by what it is about."""
    title = " ".join(printable(session.title).split())
    title = title if len(title) <= MAX_TITLE_CHARS else f"{title[:MAX_TITLE_CHARS].rstrip()}…"
    return f"{session.number} ({title})" if title else str(session.number)


def folder_path(address: str) -> str:
    """Return the path of a `file://` address; a plain path is returned unchanged."""
    return unquote(address.removeprefix("file://")) if address.startswith("file://") else address


def _is_folder(name: str) -> bool:
    return name.startswith(("/", "file://")) or paths.is_windows(name)
