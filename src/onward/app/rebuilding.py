"""Rebuilding: facts extracted anew from the turns that are kept, as after an upgrade that extracts better."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from onward.app import harvesting
from onward.app.completing import contribution, main_path
from onward.app.distilling import distil
from onward.app.harvesting import Harvest
from onward.app.standing import standing_of
from onward.core.ledger import Ledger, fold
from onward.core.preservation import Preservation, fold_references
from onward.core.steps import Steps
from onward.errors import Conflict
from onward.store import Store, facts, handoffs, projects, sessions, turns
from onward.store.facts import Contribution, StoredLedger
from onward.store.handoffs import StoredHandoff
from onward.store.projects import Project
from onward.store.sessions import Session


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What came of it. `handoff` is None where no session is completed."""

    sessions: int
    facts: int
    handoff: StoredHandoff | None


def rebuild(store: Store, project: Project, on_progress: Callable[[int, int], None] | None = None) -> Rebuilt:
    """Extract the facts of every completed session again and make the handoff anew; a person's edits stay. *on_progress* is told (done, of).

    Raises `Conflict` when sessions were completed meanwhile; nothing is changed then.
    """
    with store.read() as connection:
        standing = standing_of(connection, project.id)
        newest = handoffs.newest(connection, project.id)
        completed = sessions.listed(connection, project.id, status="completed")
    added: dict[int, Contribution] = {}
    folded, given, retired = Ledger(), list[_Given](), set[str]()
    for done, session in enumerate(completed):
        if on_progress:
            on_progress(done, len(completed))
        seen = Steps(session.cwd)
        with store.read() as connection:
            path = main_path(connection, session, seen)
            made = handoffs.of_session(connection, session.id)
        added[session.id] = contribution(distil(path), session)
        folded = fold(folded, added[session.id].facts)
        ledger = replace(standing, stored=StoredLedger(0, folded, [])).ledger
        retired |= harvesting.retired(ledger)
        harvest = harvesting.harvested(session, path, seen, ledger, added[session.id].facts)
        given.append(_Given(session, harvest, made.preservation if made else None))
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
    _derive(store, given, retired)
    return Rebuilt(len(completed), len(after.stored.folded.facts), handoff)


class _Given(NamedTuple):
    """What is derived from one session; `made` is the measure of the handoff that it made."""

    session: Session
    harvest: Harvest
    made: Preservation | None


def _derive(store: Store, given: Iterable[_Given], retired: Collection[str]) -> None:
    """Keep what is derived, each session by itself: nobody waits for all of them. One that changed meanwhile was completed anew, and has its own."""
    for session, harvest, made in given:
        told = [one for one in harvest.told if one.fact_id not in retired]
        with store.write() as connection:
            if sessions.by_id(connection, session.id) == session:
                harvesting.keep(connection, session, replace(harvest, told=told), made)


def reindex(store: Store) -> int:
    """Make the search index anew from the turns that are kept; return how many there are."""
    with store.write() as connection:
        return turns.index_again(connection)
