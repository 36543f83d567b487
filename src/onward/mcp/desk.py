"""What every tool works with: the open store, the project that is meant, and the session that is."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from onward.app import projects, sessions
from onward.app.belonging import Belonging, belonging
from onward.core import paths
from onward.core.project import Project
from onward.core.session import Session, Started
from onward.core.transcript import SessionHead
from onward.errors import BadInput, NotFound
from onward.settings import Machine, Settings

if TYPE_CHECKING:
    from onward.store import Store

_SHOWN = 12


class Agent(NamedTuple):
    """Who asks: what the agent calls itself, and the folder that it says it works in, None where it does not say."""

    name: str = ""
    root: Path | None = None


ASKING: ContextVar[Agent] = ContextVar("asking")
"""Who asks for what is being done now."""


@dataclass(slots=True)
class Desk:
    """An open store and the settings that it was opened by. `folder` is where an agent of this machine started the server, None where agents ask over HTTP.

    A server of one agent knows which session it began in which project (`begun`); one that many ask does not.
    """

    store: Store
    settings: Settings
    folder: Path | None = None
    machine: Machine | None = None
    begun: dict[int, int] = field(default_factory=dict[int, int])

    @property
    def here(self) -> Path | None:
        """The folder that the agent works in, as far as it is known."""
        return ASKING.get(Agent()).root or self.folder

    def project(self, named: str, *, create: bool = False) -> Project:
        """Return the project that is *named*, by its name, id or folder; without a name, the one of the folder that the agent works in. Raises `NotFound`."""
        named = named.strip() or self.settings.project_for_all
        if _is_folder(named):
            return self._of_folder(named, create=create)
        if named:
            try:
                return projects.resolve(self.store, named, create=create)
            except NotFound as error:
                raise NotFound(f"There is no project {named!r}.", self._known("start_session makes it. ")) from error
        here = self.here
        # An agent that was started nowhere in particular works on nothing in particular.
        is_somewhere = here is not None and here.parent != here and not (self.machine and here == self.machine.home)
        if here is None or not (is_somewhere or projects.found(self.store, self._told(str(here)))):
            raise NotFound(
                "Nothing tells which project is meant.",
                self._known("Pass project: its name, or the absolute path of your working folder. "),
            )
        return self._of_folder(str(here), create=create)

    def session(self, project: Project, number: int | None) -> Session:
        """Return the session of that number; without one, the one that this agent began, or the only one that is active. Raises `NotFound`, and `BadInput` where several are."""
        if number is not None:
            return sessions.find(self.store, project, number)
        own = self.open_session(project)
        active = [own] if own else sessions.listed(self.store, project, status="active")
        if not active:
            raise NotFound(f"No session of {project.name} is active.", "Begin one with start_session, or pass session: its number.")
        if len(active) > 1:
            shown = ", ".join(str(one.number) for one in active[-_SHOWN:])
            raise BadInput(
                f"{len(active)} sessions of {project.name} are active: {shown}.", "Pass session: the number that start_session gave you."
            )
        return active[0]

    def open_session(self, project: Project) -> Session | None:
        """Return the session that this agent began, while it is active."""
        if project.id not in self.begun:
            return None
        own = sessions.of_id(self.store, self.begun[project.id])
        return own if own.status == "active" else None

    def begin(self, project: Project, objectives: list[str]) -> Started:
        """Begin a session for the agent that asks."""
        began = sessions.start(self.store, project, agent=ASKING.get(Agent()).name, objectives=objectives, by_agent=True)
        if self.folder is not None:
            self.begun[project.id] = began.session.id
        return began

    def project_to_add_to(self, named: str) -> Project:
        """Return the project that is meant, as `project` does; that of a folder is made where it is missing, one that is called by name is not: that may be a slip."""
        return self.project(named, create=not named.strip() or _is_folder(named.strip()))

    def session_to_add_to(self, project: Project, number: int | None) -> Session:
        """Return the session that is meant, as `session` does; one begun now where none is active."""
        try:
            return self.session(project, number)
        except NotFound:
            if number is not None:
                raise
        return self.begin(project, []).session

    def _of_folder(self, folder: str, *, create: bool) -> Project:
        told = self._told(folder)
        found = projects.found(self.store, told)
        if found is None and create and self._is_ours:
            found = projects.of_session(self.store, SessionHead("", cwd=told.cwd), worktrees=self.settings.worktrees)
        if found is None:
            raise NotFound(
                f"There is no project for the folder {folder}.", self._known("start_session makes one; or pass project by name. ")
            )
        return found

    def _told(self, folder: str) -> Belonging:
        """Return what a folder belongs to. One that may lie on another machine is told by its path alone: nothing is read there."""
        path = paths.plain(folder_of(folder))
        told = belonging(SessionHead("", cwd=path), None, self.settings.worktrees) if self._is_ours else None
        return told or Belonging(root=path, cwd=path)

    @property
    def _is_ours(self) -> bool:
        return not self.settings.is_open

    def _known(self, advice: str) -> str:
        names = [line.project.name for line in projects.listed(self.store, limit=_SHOWN + 1)]
        if not names:
            return f"{advice}There is no project yet."
        return f"{advice}There are: {', '.join(names[:_SHOWN])}{', …' if len(names) > _SHOWN else ''}."


def folder_of(place: str) -> str:
    """Return the folder that *place* is, where that is written as a file's address; a path as it is."""
    return unquote(place.removeprefix("file://")) if place.startswith("file://") else place


def _is_folder(named: str) -> bool:
    return named.startswith(("/", "file://")) or paths.is_windows(named)
