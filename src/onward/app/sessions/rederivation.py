"""Computing all derived data of a project's completed sessions again: measures, files, errors, knowledge entries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from onward.app.handoffs.project_state import read_project_state
from onward.app.sessions import derivation
from onward.app.turns.main_path import main_path
from onward.core.effort.steps import SessionSteps
from onward.core.facts.ledger import Ledger, fold
from onward.core.project import Project
from onward.store import Store, facts, handoffs, sessions
from onward.store.facts import StoredLedger


def rederive(store: Store, project: Project, on_progress: Callable[[int, int], None] | None = None) -> int:
    """Derive everything again from the stored turns and facts, session by session, and return the number of sessions. *on_progress* is
    called with (done, total).

    Each session is measured against the ledger of the sessions up to it. Each is stored in its own transaction; a session that changes
    meanwhile is skipped, since completing it derives it again.
    """
    with store.read() as connection:
        state = read_project_state(connection, project.id)
        completed_sessions = sessions.list_sessions(connection, project.id, status="completed")
    folded = Ledger()
    retired_ids = derivation.retired_fact_ids(state.ledger)
    for index, session in enumerate(completed_sessions):
        if on_progress:
            on_progress(index, len(completed_sessions))
        steps = SessionSteps(session.cwd)
        with store.read() as connection:
            path = main_path(connection, session, steps)
            session_facts = facts.read_contribution(connection, session.id).facts
            handoff = handoffs.find_by_session(connection, session.id)
        folded = fold(folded, session_facts)
        ledger = replace(state, stored_ledger=StoredLedger(0, folded, [])).ledger
        derived_data = derivation.derive_session(session, path, steps, ledger, session_facts)
        entries = [entry for entry in derived_data.entries if entry.fact_id not in retired_ids]
        with store.write() as connection:
            if sessions.find(connection, session.id) == session:
                preservation = handoff.preservation if handoff else None
                derivation.save_derived(
                    connection, session, replace(derived_data, entries=entries), preservation, derivation.retired_fact_ids(ledger)
                )
    return len(completed_sessions)
