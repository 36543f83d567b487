"""The backend of the commands: the store of this machine, or an Onward server. Commands work alike on both.

Each noun is an attribute: `backend.sessions.start(project, …)`. Its methods are the use cases on an open store (`onward.backend.local`), or
the client of a server (`onward.client`). mypy checks each call against both, and a test checks that both have the same methods.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from onward.app.repository.origin import folder_origin
from onward.core.project import Project
from onward.errors import BadInput, NotFound
from onward.message import Message
from onward.settings import Settings

if TYPE_CHECKING:
    from onward.backend.local import LocalStore
    from onward.backend.local.accounts import LocalAccounts
    from onward.backend.local.analytics import LocalAnalytics
    from onward.backend.local.archives import LocalArchives
    from onward.backend.local.facts import LocalFacts
    from onward.backend.local.handoffs import LocalHandoffs
    from onward.backend.local.history import LocalHistory
    from onward.backend.local.imports import LocalImports
    from onward.backend.local.knowledge import LocalKnowledge
    from onward.backend.local.llm import LocalLlm
    from onward.backend.local.projects import LocalProjects
    from onward.backend.local.sessions import LocalSessions
    from onward.backend.local.templates import LocalTemplates
    from onward.client import Client
    from onward.client.accounts import RemoteAccounts
    from onward.client.analytics import RemoteAnalytics
    from onward.client.archives import RemoteArchives
    from onward.client.facts import RemoteFacts
    from onward.client.handoffs import RemoteHandoffs
    from onward.client.history import RemoteHistory
    from onward.client.imports import RemoteImports
    from onward.client.knowledge import RemoteKnowledge
    from onward.client.llm import RemoteLlm
    from onward.client.projects import RemoteProjects
    from onward.client.sessions import RemoteSessions
    from onward.client.templates import RemoteTemplates
    from onward.store import Store

__all__ = ["Backend", "open_backend", "require_local"]


class Backend:
    """One attribute for each noun, and the settings."""

    projects: LocalProjects | RemoteProjects
    sessions: LocalSessions | RemoteSessions
    handoffs: LocalHandoffs | RemoteHandoffs
    templates: LocalTemplates | RemoteTemplates
    facts: LocalFacts | RemoteFacts
    history: LocalHistory | RemoteHistory
    knowledge: LocalKnowledge | RemoteKnowledge
    analytics: LocalAnalytics | RemoteAnalytics
    archives: LocalArchives | RemoteArchives
    imports: LocalImports | RemoteImports
    llm: LocalLlm | RemoteLlm
    accounts: LocalAccounts | RemoteAccounts

    def __init__(self, backend: LocalStore | Client, settings: Settings) -> None:
        self._backend = backend
        self.settings = settings

    def __getattr__(self, name: str) -> object:
        """Return the noun *name* of the store or the server."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._backend, name)

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

        with Client(settings.server, settings.token, home=settings.home) as client:
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
