"""The facts of a project's ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onward.backend.local.resource import LocalResource, UseCases, bind_store

if TYPE_CHECKING:
    from onward.app.projects import facts
    from onward.core.facts.fact import Fact, FactKind
    from onward.core.project import Project
else:
    facts = UseCases("onward.app.projects.facts")


class LocalFacts(LocalResource):
    """The facts of a project's ledger."""

    list_facts = bind_store(facts.list_facts)
    list_suggestions = bind_store(facts.list_suggestions)

    def add(self, project: Project, kind: FactKind, text: str) -> Fact:
        """Add a fact that the user states."""
        return self._share_now(facts.add(self._store, project, kind, text))

    def change(self, project: Project, name: str, **changes: Any) -> Fact:
        """Reword, pin, retract or restore a fact."""
        return self._share_now(facts.change(self._store, project, name, **changes))

    def promote(self, project: Project, name: str, *, branch: str = "") -> Fact:
        """Apply a rule to every project, or with *branch* on that branch alone."""
        return self._share_now(facts.promote(self._store, project, name, branch=branch))

    def _share_now(self, fact: Fact) -> Fact:
        """Return *fact*; if it is a rule for every project, bring it into all handoffs first, as a server's worker would."""
        from onward.core.facts.shared_rules import SHARED_RULE

        if fact.kind == SHARED_RULE:
            from onward.app.jobs.jobs import JobContext, run_queued
            from onward.app.jobs.kinds import STEP_FUNCTIONS
            from onward.app.projects.shared_rules import JOB_KIND

            run_queued(JobContext(self._store, self._settings.home), STEP_FUNCTIONS, JOB_KIND)
        return fact
