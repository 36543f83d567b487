"""The facts of a project's ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onward.backend.local.resource import LocalResource, UseCases, bind_store

if TYPE_CHECKING:
    from onward.app.projects import facts
else:
    facts = UseCases("onward.app.projects.facts")


class LocalFacts(LocalResource):
    """The facts of a project's ledger."""

    list_facts = bind_store(facts.list_facts)
    add = bind_store(facts.add)
    change = bind_store(facts.change)
    promote = bind_store(facts.promote)
    list_suggestions = bind_store(facts.list_suggestions)
