"""Making all that is derived from a project's completed sessions again: measures, files, errors, knowledge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from onward.app import harvesting
from onward.app.completing import main_path
from onward.app.standing import standing_of
from onward.core.ledger import Ledger, fold
from onward.core.project import Project
from onward.core.steps import Steps
from onward.store import Store, facts, handoffs, sessions
from onward.store.facts import StoredLedger


def derive(store: Store, project: Project, on_progress: Callable[[int, int], None] | None = None) -> int:
    """Derive everything again from the turns and the facts that are kept, session by session in order, and return how many there were. *on_progress* is told (done, of).

    Each session is measured against the ledger as the sessions up to it make it. Nobody waits for all of them: each is kept by itself, and one that changes
    meanwhile is left to whoever completes it.
    """
    with store.read() as connection:
        standing = standing_of(connection, project.id)
        completed = sessions.listed(connection, project.id, status="completed")
    folded = Ledger()
    gone = harvesting.retired(standing.ledger)
    for done, session in enumerate(completed):
        if on_progress:
            on_progress(done, len(completed))
        seen = Steps(session.cwd)
        with store.read() as connection:
            path = main_path(connection, session, seen)
            added = facts.contribution(connection, session.id).facts
            made = handoffs.of_session(connection, session.id)
        folded = fold(folded, added)
        ledger = replace(standing, stored=StoredLedger(0, folded, [])).ledger
        harvest = harvesting.harvested(session, path, seen, ledger, added)
        told = [one for one in harvest.told if one.fact_id not in gone]
        with store.write() as connection:
            if sessions.by_id(connection, session.id) == session:
                preservation = made.preservation if made else None
                harvesting.keep(connection, session, replace(harvest, told=told), preservation, harvesting.retired(ledger))
    return len(completed)
