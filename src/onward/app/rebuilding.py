"""Rebuilding: facts extracted anew from the turns that are kept, as after an upgrade that extracts better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from onward.app.completing import contribution, main_path
from onward.app.deriving import derive
from onward.app.distilling import distil
from onward.app.standing import standing_of
from onward.core.ledger import Ledger, fold
from onward.core.preservation import fold_references
from onward.core.project import Project
from onward.core.stored_handoff import Rebuilt
from onward.errors import Conflict
from onward.store import Store, facts, handoffs, projects, sessions, turns
from onward.store.facts import Contribution, StoredLedger


def rebuild(store: Store, project: Project, on_progress: Callable[[int, int], None] | None = None) -> Rebuilt:
    """Extract the facts of every completed session again and make the handoff anew, and all that is derived; a person's edits stay. *on_progress* is told (done, of).

    Raises `Conflict` when sessions were completed meanwhile; nothing is changed then.
    """
    with store.read() as connection:
        standing = standing_of(connection, project.id)
        newest = handoffs.newest(connection, project.id)
        completed = sessions.listed(connection, project.id, status="completed")
    added: dict[int, Contribution] = {}
    for done, session in enumerate(completed):
        if on_progress:
            on_progress(done, len(completed))
        with store.read() as connection:
            path = main_path(connection, session)
        added[session.id] = contribution(distil(path), session)
    folded = fold(Ledger(), (fact for one in added.values() for fact in one.facts))
    references = fold_references([], [reference for one in added.values() for reference in one.references])
    after = replace(standing, stored=StoredLedger(standing.stored.version + 1, folded, references))
    document = after.master(store, newest.budget_tokens if newest else None) if completed else None
    with store.write() as connection:
        projects.hold(connection, project.id)
        if not facts.replace(connection, project.id, standing.stored, after.stored):
            raise Conflict("Sessions were completed while this ran, so nothing was changed.", "Run it again.")
        facts.forget_contributions(connection, project.id)
        for session_id, one in added.items():
            facts.contribute(connection, session_id, one)
        handoff = handoffs.add(connection, project.id, None, after.stored.version, document) if document else None
    derive(store, project)
    return Rebuilt(len(completed), len(after.stored.folded.facts), handoff)


def reindex(store: Store) -> int:
    """Make the search index anew from the turns that are kept; return how many there are."""
    with store.write() as connection:
        return turns.index_again(connection)
