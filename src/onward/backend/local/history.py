"""The stored turns: searched, shown by handle, and the files that sessions touched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from onward.adapters import build_embedding_model
from onward.backend.local.resource import LocalResource, UseCases, bind_store
from onward.core.project import Project
from onward.core.search_result import DEFAULT_BUDGET_TOKENS, SearchKind, SearchResult

if TYPE_CHECKING:
    from onward.app.admin import ledger_rebuild
    from onward.app.projects import project_files
    from onward.app.search import search_results
    from onward.app.turns import sources
else:
    ledger_rebuild = UseCases("onward.app.admin.ledger_rebuild")
    project_files = UseCases("onward.app.projects.project_files")
    search_results = UseCases("onward.app.search.search_results")
    sources = UseCases("onward.app.turns.sources")


class LocalHistory(LocalResource):
    """The stored turns: searched, shown by handle, and the files that sessions touched."""

    def search(
        self, query: str, *, project: Project | None = None, kinds: Sequence[SearchKind] = (), budget_tokens: int = DEFAULT_BUDGET_TOKENS
    ) -> SearchResult:
        """Return the passages that match *query* best, of *project* or of all projects, within a budget."""
        model = build_embedding_model(self._settings)
        return search_results.search(self._store, query, project=project, kinds=kinds, budget_tokens=budget_tokens, embedding_model=model)

    read_source = bind_store(sources.read_source)
    list_files = bind_store(project_files.list_files)
    reindex = bind_store(ledger_rebuild.rebuild_index)
