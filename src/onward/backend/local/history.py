"""The stored turns: searched, shown by handle, and the files that sessions touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onward.backend.local.resource import LocalResource, UseCases, bind_store

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

    search = bind_store(search_results.search)
    read_source = bind_store(sources.read_source)
    list_files = bind_store(project_files.list_files)
    reindex = bind_store(ledger_rebuild.rebuild_index)
