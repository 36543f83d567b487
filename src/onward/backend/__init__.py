"""The backend of the commands: the store of this machine, or an Onward server. Commands work alike on both.

Each noun is an attribute: `backend.sessions.start(project, …)`. Its methods are the use cases on an open store (`onward.backend.local`), or
the client of a server (`onward.client`). mypy checks each call against both, and a test checks that both have the same methods.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from onward.app.repository.project_clues import folder_origin
from onward.core.project import Project
from onward.errors import BadInput, NotFound
from onward.message import Message
from onward.settings import Settings

if TYPE_CHECKING:
    from onward.backend.local import LocalStore
    from onward.client import Client
    from onward.store import Store

__all__ = ["Backend", "open_backend", "require_local"]


class Backend:
    """One attribute for each noun, and the settings."""

    def __init__(self, backend: LocalStore | Client, settings: Settings) -> None:
        self._backend = backend
        self.settings = settings
        self.projects = backend.projects
        self.sessions = backend.sessions
        self.handoffs = backend.handoffs
        self.templates = backend.templates
        self.facts = backend.facts
        self.history = backend.history
        self.knowledge = backend.knowledge
        self.analytics = backend.analytics
        self.archives = backend.archives
        self.imports = backend.imports
        self.llm = backend.llm
        self.accounts = backend.accounts

    @property
    def store(self) -> Store:
        """The store of this machine, for what only works there. Raises `BadInput` if a server is configured."""
        require_local(self.settings)
        store: Store = self._backend.store  # type: ignore[union-attr]
        return store

    def require_project(self, *, create: bool = False) -> Project:
        """Return the project named by flag, setting or folder; with *create*, one that is missing is created. Raises `NotFound`."""
        return self.projects.resolve(folder_origin(Path.cwd(), self.settings.worktrees, self.settings.project), create=create)

    def find_project(self) -> Project | None:
        """Return the project named by flag, setting or folder; None if nothing names one."""
        try:
            return self.require_project()
        except NotFound:
            if self.settings.project:
                raise
            return None


@contextmanager
def open_backend(settings: Settings) -> Iterator[Backend]:
    """Open the server that *settings* name, or the store of this machine."""
    if settings.server:
        # Imported here: each backend loads only what it needs.
        from onward.client import Client

        with Client(settings.server, settings.token) as client:
            yield Backend(client, settings)
    else:
        from onward.adapters import open_store
        from onward.backend.local import LocalStore

        with open_store(settings) as store:
            yield Backend(LocalStore(store, settings), settings)


def require_local(settings: Settings) -> None:
    """Raise `BadInput` if a server is configured, for commands that only work on the store of this machine."""
    if settings.server:
        raise BadInput(
            Message("This works on the store of this machine only, and ONWARD_SERVER names {server}.", server=settings.server),
            'To use this machine\'s store, add --server "" before the command (onward --server "" …). '
            "To use the server's store, run the command there.",
        )
