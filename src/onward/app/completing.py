"""Completing a session: its facts go into the ledger, and the next handoff comes out.

What costs time (reading the turns, extracting, folding, composing, measuring) is done while nobody waits. A short transaction then stores it all,
if the session and the ledger are still as they were when it was made; when another session was faster, it is folded again. So nobody's work is
lost, and nobody's is stored twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from onward.app import harvesting, usage
from onward.app.charging import charge
from onward.app.distilling import Distilled, distil
from onward.app.harvesting import Harvest, harvested
from onward.app.reading import MainPath
from onward.app.standing import Standing, standing_of
from onward.core.ledger import Ledger, fold
from onward.core.master import lightened, stated
from onward.core.preservation import fold_references
from onward.core.session import Completed, Session
from onward.core.steps import Steps
from onward.errors import NotFound
from onward.redact import Redactor
from onward.store import Store, events, facts, handoffs, projects, sessions, turns
from onward.store.facts import Contribution, StoredLedger


def complete(
    store: Store,
    session: Session,
    *,
    accomplishments: Sequence[str] | None = None,
    blockers: Sequence[str] | None = None,
    credits_used: float | None = None,
    budget_tokens: int | None = None,
) -> Completed:
    """Complete a session, with what the person says of it, and make the project's next handoff. What is None stays as it is.

    Completing again without anything new changes nothing.
    """
    usage.count(store, session.id)
    path: MainPath | None = None
    seen = Steps()
    while True:
        with store.read() as connection:
            before = _present(connection, session.id)
            said = _with_words(connection, before, accomplishments, blockers, credits_used)
            made = handoffs.of_session(connection, before.id) if before.status == "completed" and said == before else None
            if made is not None:
                return Completed(before, made, again=True)
            standing = standing_of(connection, before.project_id)
            if path is None or path.tokens != before.tokens:
                seen = Steps(before.cwd)
                path = main_path(connection, before, seen)
            others = None
            if facts.has_contributed(connection, before.id):
                others = facts.contributions(connection, before.project_id, without=before.number)
        said = replace(said, ended_at=path.ended_at)
        distilled = distil(path)
        added = contribution(distilled, said)
        lines = sorted((*(line for line in standing.lines if line.number != said.number), distilled.line), key=lambda line: line.number)
        after = replace(standing, stored=_taken_in(standing.stored, others, added), lines=lines)
        harvest = harvested(said, path, seen, after.ledger, added.facts)
        done = _keep(store, before, said, (standing, added, after), harvest, budget_tokens)
        if done is not None:
            return done


def _keep(
    store: Store,
    before: Session,
    said: Session,
    change: tuple[Standing, Contribution, Standing],
    harvest: Harvest,
    budget_tokens: int | None,
) -> Completed | None:
    """Store the session as completed, the ledger with what it adds, what is derived, and the handoff; None when anything of it changed in the meantime."""
    standing, added, after = change
    newly_retired = harvesting.retired(after.ledger) - harvesting.retired(standing.ledger)
    made = after.master(store, budget_tokens)
    with store.write() as connection:
        projects.hold(connection, said.project_id)
        if _present(connection, said.id) != before:
            return None
        if not facts.replace(connection, said.project_id, standing.stored, after.stored):
            return None
        facts.contribute(connection, said.id, added)
        sessions.complete(connection, said)
        charge(connection, said)
        harvesting.keep(connection, said, harvest, made.preservation, newly_retired)
        handoff = handoffs.add(connection, said.project_id, said.id, after.stored.version, made)
        told = {"session_id": said.id, "session_number": said.number, "handoff_version": handoff.version}
        events.add(connection, "completed", project_id=said.project_id, data=told)
        return Completed(_present(connection, said.id), handoff)


def contribution(distilled: Distilled, said: Session) -> Contribution:
    """Return what a session adds to the ledger: what it establishes, and what was said on completing it."""
    words = stated(said.number, said.ended_at, said.accomplishments, said.blockers)
    return Contribution([*distilled.facts, *words], distilled.references)


def _taken_in(stored: StoredLedger, others: Contribution | None, added: Contribution) -> StoredLedger:
    """Return the next version of the ledger. *others* is what all other sessions add, given when this one is in it already and must be taken out first."""
    if others is None:
        return StoredLedger(stored.version + 1, fold(stored.folded, added.facts), fold_references(stored.references, added.references))
    return StoredLedger(
        stored.version + 1, fold(Ledger(), (*others.facts, *added.facts)), fold_references(others.references, added.references)
    )


def main_path(connection: Connection, session: Session, seen: Steps | None = None) -> MainPath:
    """Return the turns of a stored session that count, made light; *seen* is shown each of them whole."""
    path = MainPath(session.number, session.head(), tokens=session.tokens, reached=session.turns)
    for one in turns.of_session(connection, session.id, main_path=True):
        if seen is not None:
            seen.take(one.ordinal, one.turn)
        path.turns.append((one.ordinal, lightened(one.turn)))
    return path


def _with_words(
    connection: Connection,
    session: Session,
    accomplishments: Sequence[str] | None,
    blockers: Sequence[str] | None,
    credits_used: float | None,
) -> Session:
    """Return *session* with what the person says of it, redacted like everything that is kept."""
    project = projects.by_id(connection, session.project_id)
    redact = Redactor(project.key if project else b"").text
    return replace(
        session,
        accomplishments=session.accomplishments if accomplishments is None else tuple(map(redact, accomplishments)),
        blockers=session.blockers if blockers is None else tuple(map(redact, blockers)),
        credits_used=session.credits_used if credits_used is None else credits_used,
    )


def _present(connection: Connection, session_id: int) -> Session:
    session = sessions.by_id(connection, session_id)
    if session is None:
        raise NotFound("The session is gone: its project was deleted.", "List what there is: onward project list")
    return session
