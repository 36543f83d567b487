"""The backend on an open store: the use cases of each noun, bound to the store."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from onward.settings import Settings

if TYPE_CHECKING:
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
    from onward.backend.local.resource import LocalResource
    from onward.backend.local.sessions import LocalSessions
    from onward.backend.local.templates import LocalTemplates
    from onward.store import Store


class LocalStore:
    """All nouns, on one open store. A noun's module is imported when the noun is first used: a command needs one or two of them."""

    projects: LocalProjects
    sessions: LocalSessions
    handoffs: LocalHandoffs
    templates: LocalTemplates
    facts: LocalFacts
    history: LocalHistory
    knowledge: LocalKnowledge
    analytics: LocalAnalytics
    archives: LocalArchives
    imports: LocalImports
    llm: LocalLlm
    accounts: LocalAccounts

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self._settings = settings

    def __getattr__(self, name: str) -> LocalResource:
        """Return the noun *name*, an instance of the class that its annotation names."""
        if name not in NOUNS:
            raise AttributeError(f"a local store has no {name!r}")
        resource_class = getattr(import_module(f"{__name__}.{name}"), NOUNS[name])
        resource = cast("LocalResource", resource_class(self.store, self._settings))
        setattr(self, name, resource)
        return resource


NOUNS: dict[str, str] = LocalStore.__annotations__
"""The class of each noun, by the noun."""
