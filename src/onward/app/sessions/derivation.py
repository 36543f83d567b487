"""What is derived from a completed session: measures, touched files, errors, and knowledge entries.

It is computed from the session's own turns and the current ledger, stored in the transaction that completes the session, and computed again
by a rebuild.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onward.app.turns.reader import MainPath
from onward.core.effort.reuse import reused_fact_ids
from onward.core.effort.rework import SessionError, facts_before, list_errors, measure_effort, prior_knowledge
from onward.core.effort.steps import SessionSteps
from onward.core.effort.touched_files import TouchedFile, list_touched_files
from onward.core.facts.fact import GIT_STATE, Fact, FactKind
from onward.core.facts.ledger import Ledger
from onward.core.knowledge.entry import HarvestedEntry
from onward.core.knowledge.knowledge import harvest_knowledge
from onward.core.knowledge.pairs import harvest_pairs, join_pairs
from onward.core.preservation.scores import Preservation
from onward.core.session import Session
from onward.store import analytics, facts, knowledge, sessions
from onward.store import project_files as stored_files
from onward.store.analytics import Measure

if TYPE_CHECKING:
    from sqlalchemy import Connection

_REPLACEABLE_KINDS: frozenset[FactKind] = frozenset(("decision", "lesson", "dead_end"))
"""The kinds whose facts are wrong once they are superseded. An error that occurred again was still solved before."""


@dataclass(frozen=True, slots=True)
class DerivedData:
    """What is derived from one session. `used_ids` are the earlier facts that the session used again."""

    measure: Measure
    files: Sequence[TouchedFile]
    errors: Sequence[SessionError]
    entries: Sequence[HarvestedEntry]
    used_ids: Sequence[str]


def derive_session(session: Session, path: MainPath, steps: SessionSteps, ledger: Ledger, new_facts: Sequence[Fact]) -> DerivedData:
    """Return what is derived from a session that adds *new_facts*. *ledger* is the project's ledger with these facts and the user's
    corrections.
    """
    earlier_facts = facts_before(ledger, session.number)
    prior = prior_knowledge(earlier_facts)
    used_ids = reused_fact_ids(earlier_facts, steps.steps, path.turns)
    verified_count = sum(fact.kind == "done" and fact.evidence == "verified" and fact.subject != GIT_STATE for fact in new_facts)
    measure = Measure(
        effort=measure_effort(steps, prior), facts_used_again=len(used_ids), accomplished=len(session.accomplishments) or verified_count
    )
    return DerivedData(
        measure=measure,
        files=list_touched_files(steps.steps, session.cwd, prior.files),
        errors=list_errors(steps.steps),
        entries=join_pairs(knowledge_entries(ledger, new_facts), harvest_pairs(path.turns)),
        used_ids=used_ids,
    )


def knowledge_entries(ledger: Ledger, new_facts: Iterable[Fact]) -> list[HarvestedEntry]:
    """Return the knowledge entries from *new_facts*, worded as in the ledger, without retracted and superseded facts."""
    facts_by_id = {fact.id: fact for fact in ledger.facts}
    retired_ids = retired_fact_ids(ledger)
    return harvest_knowledge(facts_by_id.get(fact.id, fact) for fact in new_facts if fact.id not in retired_ids)


def retired_fact_ids(ledger: Ledger) -> frozenset[str]:
    """Return the ids of the facts that no longer count as knowledge."""
    return frozenset(
        fact.id for fact in ledger.facts if fact.state == "retracted" or (fact.state == "superseded" and fact.kind in _REPLACEABLE_KINDS)
    )


def save_derived(
    connection: Connection,
    session: Session,
    derived_data: DerivedData,
    preservation: Preservation | None,
    newly_retired: Collection[str] = (),
) -> None:
    """Store what is derived from a session, replacing earlier data. *preservation* is that of the handoff that completing the session
    created.

    The first time, facts that the session used again are counted. Entries of facts that this session retired (*newly_retired*) are removed
    from the knowledge base.
    """
    if not analytics.is_measured(connection, session.id) and derived_data.used_ids:
        knowledge.record_used(connection, knowledge.find_by_facts(connection, session.project_id, derived_data.used_ids))
    measure = derived_data.measure
    if preservation:
        kept_of = sum(group.total for group in preservation.groups)
        measure = measure._replace(
            preservation_ratio=preservation.preservation_ratio, handoff_tokens=preservation.document_tokens, kept_of=kept_of
        )
    analytics.save(connection, session.id, measure)
    stored_files.save(connection, session.id, derived_data.files, derived_data.errors)
    knowledge.withdraw_facts(connection, session.project_id, newly_retired)
    knowledge.save_session_entries(connection, session.id, derived_data.entries)


def update_knowledge(connection: Connection, project_id: int, ledger: Ledger, fact: Fact) -> None:
    """Update the knowledge entries of the session of *fact* after a user corrected the fact."""
    session = sessions.find_by_number(connection, project_id, fact.session) if fact.session else None
    if session is not None:
        knowledge.save_session_entries(
            connection, session.id, knowledge_entries(ledger, facts.read_contribution(connection, session.id).facts), has_pairs=False
        )
