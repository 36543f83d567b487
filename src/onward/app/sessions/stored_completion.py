"""Completing a stored session: its facts go into the ledger, and the next handoff is created.

The slow work (reading turns, extracting, folding, composing, measuring) happens outside any transaction. A short transaction then stores
the result if the session and the ledger have not changed in the meantime; otherwise the work is repeated. So nothing is lost, and nothing
is stored twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from onward.app.accounts import usage
from onward.app.accounts.charges import charge
from onward.app.edits import merge_statements
from onward.app.handoffs.distillation import DistilledSession, distill_session
from onward.app.handoffs.project_state import ProjectState, read_project_state
from onward.app.lookup import require_project, require_session
from onward.app.sessions import derivation
from onward.app.sessions.derivation import DerivedData, derive_session
from onward.app.turns.main_path import main_path
from onward.app.turns.reader import MainPath
from onward.core.edit_version import WordChoice
from onward.core.effort.steps import SessionSteps
from onward.core.facts.fact import Handle
from onward.core.facts.ledger import Ledger, fold
from onward.core.handoff.master import completion_facts
from onward.core.preservation.reference import fold_references
from onward.core.preservation.statements import stated_references
from onward.core.session import Session
from onward.core.session_results import SessionCompletion
from onward.core.text.empty_answer import is_empty_answer
from onward.redact import Redactor
from onward.store import Store, events, facts, handoffs, projects, sessions
from onward.store.facts import Contribution, StoredLedger

if TYPE_CHECKING:
    from sqlalchemy import Connection


def complete_stored(
    store: Store,
    session: Session,
    *,
    accomplishments: Sequence[str] | None = None,
    blockers: Sequence[str] | None = None,
    credits_used: float | None = None,
    budget_tokens: int | None = None,
    version: str = "",
    words: WordChoice | None = None,
) -> SessionCompletion:
    """Complete a session with the turns that are stored: extract, fold and compose without a lock and store the result; repeat if anything
    changed in the meantime.
    """
    usage.count(store, session.id)
    path: MainPath | None = None
    steps = SessionSteps()
    while True:
        with store.read() as connection:
            stored_session = require_session(connection, session.id)
            updated = _apply_statements(connection, stored_session, accomplishments, blockers, credits_used, version, words)
            existing = (
                handoffs.find_by_session(connection, stored_session.id)
                if stored_session.status == "completed" and updated == stored_session
                else None
            )
            if existing is not None:
                return SessionCompletion(stored_session, existing, is_unchanged=True)
            state = read_project_state(connection, stored_session.project_id)
            if path is None or path.tokens != stored_session.tokens:
                steps = SessionSteps(stored_session.cwd)
                path = main_path(connection, stored_session, steps)
            other_contributions = None
            if facts.has_contributed(connection, stored_session.id):
                other_contributions = facts.merge_contributions(connection, stored_session.project_id, without=stored_session.number)
        updated = replace(updated, ended_at=path.ended_at)
        distilled_session = distill_session(path)
        additions = create_contribution(distilled_session, updated)
        lines = sorted(
            (*(line for line in state.session_lines if line.number != updated.number), distilled_session.line), key=lambda line: line.number
        )
        updated_state = replace(state, stored_ledger=_fold_in(state.stored_ledger, other_contributions, additions), session_lines=lines)
        derived_data = derive_session(updated, path, steps, updated_state.ledger, additions.facts)
        completion = _store_completed(store, stored_session, updated, (state, additions, updated_state), derived_data, budget_tokens)
        if completion is not None:
            return completion if other_contributions is None else _with_page(store, completion)


def _with_page(store: Store, completion: SessionCompletion) -> SessionCompletion:
    """Return *completion* with the page that the agent wrote of the session, where it stays."""
    # Imported here: checking a page is only needed where a session is completed again.
    from onward.app.handoffs.agent_page import carry_page

    with store.read() as connection:
        project = require_project(connection, completion.session.project_id)
    page = carry_page(store, project)
    return replace(completion, handoff=page) if page else completion


def _store_completed(
    store: Store,
    stored_session: Session,
    updated: Session,
    states: tuple[ProjectState, Contribution, ProjectState],
    derived_data: DerivedData,
    budget_tokens: int | None,
) -> SessionCompletion | None:
    """Store the completed session, the new ledger, the derived data and the handoff; return None if the session or the ledger changed in
    the meantime.
    """
    state, additions, updated_state = states
    newly_retired = derivation.retired_fact_ids(updated_state.ledger) - derivation.retired_fact_ids(state.ledger)
    master = updated_state.master(store, budget_tokens)
    with store.write() as connection:
        projects.lock_project(connection, updated.project_id)
        if require_session(connection, updated.id) != stored_session:
            return None
        if not facts.replace_ledger(connection, updated.project_id, state.stored_ledger, updated_state.stored_ledger):
            return None
        facts.save_contribution(connection, updated.id, additions)
        sessions.complete(connection, updated)
        charge(connection, updated)
        derivation.save_derived(connection, updated, derived_data, master.preservation, newly_retired)
        handoff = handoffs.create(connection, updated.project_id, updated.id, updated_state.stored_ledger.version, master)
        payload = {"session_id": updated.id, "session_number": updated.number, "handoff_version": handoff.version}
        events.record(connection, "completed", project_id=updated.project_id, data=payload)
        return SessionCompletion(require_session(connection, updated.id), handoff)


def create_contribution(distilled_session: DistilledSession, session: Session) -> Contribution:
    """Return what a session adds to the ledger: the facts extracted from it, and what the user said on completing it. A session
    without turns is measured against these words.
    """
    statements = completion_facts(session.number, session.ended_at, session.accomplishments, session.blockers)
    references = distilled_session.references
    if not session.turns:
        source = Handle(session.number, 0)
        references = [
            *stated_references(source, "outcomes", session.accomplishments),
            *stated_references(source, "open", session.blockers),
        ]
    return Contribution([*distilled_session.facts, *statements], references)


def _fold_in(stored: StoredLedger, other_contributions: Contribution | None, additions: Contribution) -> StoredLedger:
    """Return the next version of the ledger.

    *other_contributions* are the contributions of all other sessions: they are given if this session has already contributed and its old
    facts must be removed.
    """
    if other_contributions is None:
        return StoredLedger(
            stored.version + 1, fold(stored.ledger, additions.facts), fold_references(stored.references, additions.references)
        )
    return StoredLedger(
        stored.version + 1,
        fold(Ledger(), (*other_contributions.facts, *additions.facts)),
        fold_references(other_contributions.references, additions.references),
    )


def _apply_statements(
    connection: Connection,
    session: Session,
    accomplishments: Sequence[str] | None,
    blockers: Sequence[str] | None,
    credits_used: float | None,
    version: str,
    words: WordChoice | None,
) -> Session:
    """Return *session* with the user's statements, redacted. A statement that there is nothing is left out."""
    project = projects.find(connection, session.project_id)
    redact = Redactor(project.key if project else b"").text
    sent = {
        "accomplishments": None if accomplishments is None else _statements(accomplishments, redact),
        "blockers": None if blockers is None else _statements(blockers, redact),
    }
    merged = merge_statements(session, sent, version=version, words=words)
    return replace(
        session,
        accomplishments=merged["accomplishments"],
        blockers=merged["blockers"],
        credits_used=session.credits_used if credits_used is None else credits_used,
    )


def _statements(texts: Sequence[str], redact: Callable[[str], str]) -> tuple[str, ...]:
    return tuple(redact(text) for text in texts if not is_empty_answer(text))
