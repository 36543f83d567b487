"""Where commands work: on the store of this machine, or on that of a server. They cannot tell which, and need not.

Each noun is a part of the desk: `at.sessions.start(project, …)`. It is either the use cases on an open store (`desk.here`), or the client of a server
(`onward.client`): mypy holds what is called to both, and a test holds both to the same words.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from onward.app.belonging import standing_in
from onward.core.project import Project
from onward.errors import BadInput, NotFound
from onward.settings import Settings

if TYPE_CHECKING:
    from onward.client import Client
    from onward.desk.here import Here
    from onward.store import Store

__all__ = ["Desk", "here_only", "open_desk"]


class Desk:
    """A part for each noun, and the settings that it was opened by."""

    def __init__(self, parts: Here | Client, settings: Settings) -> None:
        self._parts = parts
        self.settings = settings
        self.projects = parts.projects
        self.sessions = parts.sessions
        self.handoffs = parts.handoffs
        self.templates = parts.templates
        self.facts = parts.facts
        self.kept = parts.kept
        self.knowledge = parts.knowledge
        self.analytics = parts.analytics
        self.archives = parts.archives
        self.imports = parts.imports
        self.llm = parts.llm
        self.accounts = parts.accounts

    @property
    def store(self) -> Store:
        """The store of this machine, for what is about it alone. Raises `BadInput` where a server is meant."""
        here_only(self.settings)
        store: Store = self._parts.store  # type: ignore[union-attr]
        return store

    def project(self, *, create: bool = False) -> Project:
        """Return the project that is meant by flag, setting or folder; made where it is missing, with *create*. Raises `NotFound`."""
        return self.projects.meant(standing_in(Path.cwd(), self.settings.worktrees, self.settings.project), create=create)

    def project_or_none(self) -> Project | None:
        """Return the project that is meant; None where nothing tells and nobody named one."""
        try:
            return self.project()
        except NotFound:
            if self.settings.project:
                raise
            return None


@contextmanager
def open_desk(settings: Settings) -> Iterator[Desk]:
    """Open what *settings* name: the server, or the store of this machine."""
    if settings.server:
        # Each imported here: whoever works on the one pays nothing for the other.
        from onward.client import Client

        with Client(settings.server, settings.token) as client:
            yield Desk(client, settings)
    else:
        from onward.desk.here import Here
        from onward.wiring import open_store

        with open_store(settings) as store:
            yield Desk(Here(store, settings), settings)


def here_only(settings: Settings) -> None:
    """Raise `BadInput` where a server is meant, and what is asked can be done on the store of this machine only."""
    if settings.server:
        raise BadInput(
            f"This works on the store of this machine, and ONWARD_SERVER names {settings.server}.",
            'For this machine\'s store, say --server "" before the command (onward --server "" …). For the server\'s, run it there.',
        )
