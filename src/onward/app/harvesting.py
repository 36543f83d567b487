"""What is derived from a completed session: its measure, the files it touched, the errors it met, and what it teaches.

Worked out from the session's own turns and the ledger as it stands, never from the history; kept in the transaction that completes it, and made again by a rebuild.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from onward.app.reading import MainPath
from onward.core.facts import GIT_STATE, Fact, Kind
from onward.core.knowledge import Gathered, gathered
from onward.core.ledger import Ledger
from onward.core.preservation import Preservation
from onward.core.reuse import used_again
from onward.core.rework import Met, effort, errors_met, known_before, stood_before
from onward.core.session import Session
from onward.core.steps import Steps
from onward.core.touched import Touched, touched
from onward.store import analytics, facts, knowledge, sessions
from onward.store import touched as stored_files
from onward.store.analytics import Measure

_PROSE: frozenset[Kind] = frozenset(("decision", "lesson", "dead_end"))
"""What is wrong once it is replaced. An error that was met again is still an error that was solved."""


@dataclass(frozen=True, slots=True)
class Harvest:
    """What one session gives. `used` are the ids of the earlier facts that it used again."""

    measure: Measure
    files: Sequence[Touched]
    errors: Sequence[Met]
    told: Sequence[Gathered]
    used: Sequence[str]


def harvested(session: Session, path: MainPath, seen: Steps, ledger: Ledger, added: Sequence[Fact]) -> Harvest:
    """Return what a session gives that adds the facts *added*; *ledger* is the project's with them in it, as the person corrected it."""
    earlier = stood_before(ledger, session.number)
    before = known_before(earlier)
    used = used_again(earlier, seen.steps, path.turns)
    shown = sum(fact.kind == "done" and fact.evidence == "verified" and fact.subject != GIT_STATE for fact in added)
    measure = Measure(effort(seen, before), len(used), len(session.accomplishments) or shown)
    return Harvest(measure, touched(seen.steps, session.cwd, before.files), errors_met(seen.steps), told_by(ledger, added), used)


def told_by(ledger: Ledger, added: Iterable[Fact]) -> list[Gathered]:
    """Return what the facts *added* teach, in the words of the ledger; nothing that was retracted, or said and replaced."""
    now = {fact.id: fact for fact in ledger.facts}
    gone = retired(ledger)
    return gathered(now.get(fact.id, fact) for fact in added if fact.id not in gone)


def retired(ledger: Ledger) -> frozenset[str]:
    """Return the ids of the facts that teach nothing any more."""
    return frozenset(fact.id for fact in ledger.facts if fact.state == "retracted" or (fact.state == "superseded" and fact.kind in _PROSE))


def keep(
    connection: Connection, session: Session, harvest: Harvest, made: Preservation | None, newly_retired: Collection[str] = ()
) -> None:
    """Keep what a session gives, instead of what it gave before. *made* is the measure of the handoff that completing it made.

    The first time, what it used again is counted; what its facts retired of earlier ones is taken out of the knowledge base.
    """
    if not analytics.is_measured(connection, session.id) and harvest.used:
        knowledge.note_used(connection, knowledge.told_by(connection, session.project_id, harvest.used))
    measure = harvest.measure
    if made:
        kept_of = sum(group.total for group in made.groups)
        measure = measure._replace(kept_ratio=made.recall_ratio, handoff_tokens=made.document_tokens, kept_of=kept_of)
    analytics.keep(connection, session.id, measure)
    stored_files.keep(connection, session.id, harvest.files, harvest.errors)
    knowledge.withdraw(connection, session.project_id, newly_retired)
    knowledge.keep(connection, session.id, harvest.told)


def heed(connection: Connection, project_id: int, ledger: Ledger, fact: Fact) -> None:
    """Let the knowledge base say of the session of *fact* what the ledger says now that a person corrected it."""
    session = sessions.by_number(connection, project_id, fact.session) if fact.session else None
    if session is not None:
        knowledge.keep(connection, session.id, told_by(ledger, facts.contribution(connection, session.id).facts))
