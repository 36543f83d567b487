"""Rebuilding a ledger: facts are extracted again from stored turns, for example after an upgrade."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from onward.app.handoffs.distillation import distill_session
from onward.app.handoffs.project_state import read_project_state
from onward.app.sessions.rederivation import rederive
from onward.app.sessions.stored_completion import create_contribution
from onward.app.turns.main_path import main_path
from onward.core.facts.ledger import Ledger, fold
from onward.core.handoff.versions import RebuildResult
from onward.core.preservation.reference import fold_references
from onward.core.project import Project
from onward.errors import Conflict
from onward.store import Store, facts, handoffs, projects, sessions, turns
from onward.store.facts import Contribution, StoredLedger


def rebuild(store: Store, project: Project, on_progress: Callable[[int, int], None] | None = None) -> RebuildResult:
    """Extract the facts of all completed sessions again, and recreate the handoff and all derived data. Edits by users stay.
    *on_progress* receives (done, total).

    Raises `Conflict` if a session was completed in the meantime; nothing is changed then.
    """
    with store.read() as connection:
        state = read_project_state(connection, project.id)
        newest_handoff = handoffs.find_newest(connection, project.id)
        completed_sessions = sessions.list_sessions(connection, project.id, status="completed")
    contributions: dict[int, Contribution] = {}
    for done, session in enumerate(completed_sessions):
        if on_progress:
            on_progress(done, len(completed_sessions))
        with store.read() as connection:
            path = main_path(connection, session)
        contributions[session.id] = create_contribution(distill_session(path), session)
    ledger = fold(Ledger(), (fact for added_contribution in contributions.values() for fact in added_contribution.facts))
    references = fold_references(
        [], [reference for added_contribution in contributions.values() for reference in added_contribution.references]
    )
    new_state = replace(state, stored_ledger=StoredLedger(state.stored_ledger.version + 1, ledger, references))
    document = new_state.master(store, newest_handoff.budget_tokens if newest_handoff else None) if completed_sessions else None
    with store.write() as connection:
        projects.lock_project(connection, project.id)
        if not facts.replace_ledger(connection, project.id, state.stored_ledger, new_state.stored_ledger):
            raise Conflict("Nothing was changed, because a session was completed in the meantime.", "Run it again.")
        facts.delete_contributions(connection, project.id)
        for session_id, added_contribution in contributions.items():
            facts.save_contribution(connection, session_id, added_contribution)
        handoff = handoffs.create(connection, project.id, None, new_state.stored_ledger.version, document) if document else None
    rederive(store, project)
    return RebuildResult(len(completed_sessions), len(new_state.stored_ledger.ledger.facts), handoff)


def refold(store: Store, project: Project, damaged_session_ids: set[int]) -> bool:
    """Fold the ledger again from what its sessions contributed, whatever it contains; the sessions in *damaged_session_ids* contribute
    again from their turns. Return False and change nothing if the ledger changed in the meantime.
    """
    with store.read() as connection:
        version = facts.ledger_version(connection, project.id)
        contributions = {
            session.id: create_contribution(distill_session(main_path(connection, session)), session)
            if session.id in damaged_session_ids
            else facts.read_contribution(connection, session.id)
            for session in sessions.list_sessions(connection, project.id)
        }
    ledger = fold(Ledger(), (fact for contribution in contributions.values() for fact in contribution.facts))
    references = fold_references([], [reference for contribution in contributions.values() for reference in contribution.references])
    with store.write() as connection:
        projects.lock_project(connection, project.id)
        if facts.ledger_version(connection, project.id) != version:
            return False
        facts.delete_facts(connection, project.id)
        facts.replace_ledger(connection, project.id, StoredLedger(version, Ledger(), []), StoredLedger(version + 1, ledger, references))
        for session_id in damaged_session_ids & contributions.keys():
            facts.save_contribution(connection, session_id, contributions[session_id])
    return True


def recompose_handoff(store: Store, handoff_id: int) -> bool:
    """Compose a damaged handoff again from what the sessions up to its own contributed. Return False if it does not exist."""
    with store.read() as connection:
        basis = handoffs.find_basis(connection, handoff_id)
        if basis is None:
            return False
        state = read_project_state(connection, basis.project_id)
        contribution = facts.merge_contributions(connection, basis.project_id, upto=basis.session_number)
    master = state.master_as_of(store, basis.session_number, contribution, basis.budget_tokens)
    with store.write() as connection:
        handoffs.rewrite(connection, handoff_id, master)
    return True


def rebuild_index(store: Store) -> int:
    """Rebuild the search index from the stored turns. Return the number of turns."""
    with store.write() as connection:
        return turns.reindex(connection)
