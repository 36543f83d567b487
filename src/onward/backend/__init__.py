"""Where commands work: on the store of this machine, or on that of a server. They cannot tell which, and need not.

Each noun is a part of the desk: `at.sessions.start(project, …)`. It is either the use cases on an open store (`desk.here`), or the client of a server
(`onward.client`): mypy holds what is called to both, and a test holds both to the same words.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from onward.app.repository.project_clues import folder_origin
from onward.core.project import Project
from onward.errors import BadInput, NotFound
from onward.settings import Settings

if TYPE_CHECKING:
    from onward.backend.local import LocalStore
    from onward.client import Client
    from onward.store import Store

__all__ = ["Backend", "open_backend", "require_local"]


class Backend:
    """A part for each noun, and the settings that it was opened by."""

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
        """The store of this machine, for what is about it alone. Raises `BadInput` where a server is meant."""
        require_local(self.settings)
        store: Store = self._backend.store  # type: ignore[union-attr]
        return store

    def require_project(self, *, create: bool = False) -> Project:
        """Return the project that is meant by flag, setting or folder; made where it is missing, with *create*. Raises `NotFound`."""
        return self.projects.resolve(folder_origin(Path.cwd(), self.settings.worktrees, self.settings.project), create=create)

    def find_project(self) -> Project | None:
        """Return the project that is meant; None where nothing tells and nobody named one."""
        try:
            return self.require_project()
        except NotFound:
            if self.settings.project:
                raise
            return None


@contextmanager
def open_backend(settings: Settings) -> Iterator[Backend]:
    """Open what *settings* name: the server, or the store of this machine."""
    if settings.server:
        # Each imported here: whoever works on the one pays nothing for the other.
        from onward.client import Client

        with Client(settings.server, settings.token) as client:
            yield Backend(client, settings)
    else:
        from onward.adapters import open_store
        from onward.backend.local import LocalStore

        with open_store(settings) as store:
            yield Backend(LocalStore(store, settings), settings)


def require_local(settings: Settings) -> None:
    """Raise `BadInput` where a server is meant, and what is asked can be done on the store of this machine only."""
    if settings.server:
        raise BadInput(
            f"This works on the store of this machine, and ONWARD_SERVER names {settings.server}.",
            'For this machine\'s store, say --server "" before the command (onward --server "" …). For the server\'s, run it there.',
        )
