"""Giving sessions to another project: those of a whole project, some of them, or all that ran in a folder.

One transaction moves everything. Turns keep what they say, and are known by what they would be known by had they been imported there; the sessions are
numbered after those that are there, in order of time, because a handle that was once given keeps its meaning. Both ledgers are folded anew.

A session that both projects hold whole is kept once. Where they hold but a part of it in common, both parts stand: a handle that was given to a turn is
worth more than a count, in which such a turn counts twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Connection

from onward.app.completing import contribution, main_path
from onward.app.distilling import distil
from onward.app.identity import FIRST_TURNS, Recognised, Recogniser, first_turns
from onward.app.standing import standing_of
from onward.core import paths
from onward.core.facts import Fact, Handle, fact_id
from onward.core.knowledge import gathered
from onward.core.ledger import Ledger, fold
from onward.core.preservation import fold_references
from onward.core.project import MovedSession, Project, Remapped
from onward.core.session import DIGEST, Session
from onward.errors import BadInput, NotFound
from onward.store import Store, facts, handoffs, knowledge, places, projects, provenance, sessions, turns
from onward.store.facts import Contribution, StoredLedger
from onward.store.places import GivenPlace

_NO_TIME = datetime.max.replace(tzinfo=UTC)


class _Chosen(NamedTuple):
    """What is to move: sessions in order of time; the project that goes there `whole`, or the folder whose future sessions are meant too."""

    sessions: list[Session]
    whole: Project | None = None
    folder: str = ""


def remap_project(store: Store, source: Project, target: Project) -> Remapped:
    """Give everything of *source* to *target*, its place too, and delete what is left of it."""
    if source.id == target.id:
        raise BadInput(f"{source.name} is {target.name} already.", "Name two projects.")

    def chosen(connection: Connection) -> _Chosen:
        return _Chosen(_in_time(sessions.listed(connection, source.id)), whole=source)

    return _remap(store, chosen, target)


def remap_sessions(store: Store, source: Project, numbers: Sequence[int], target: Project) -> Remapped:
    """Give some sessions of *source* to *target*. Raises `NotFound` where one is not there."""
    if source.id == target.id:
        raise BadInput(f"{source.name} is {target.name} already.", "Name two projects.")

    def chosen(connection: Connection) -> _Chosen:
        found = sessions.by_numbers(connection, source.id, set(numbers))
        if missing := sorted(set(numbers) - {session.number for session in found}):
            raise NotFound(f"{source.name} has no session {missing[0]}.", "List the sessions: onward session list")
        return _Chosen(_in_time(found))

    return _remap(store, chosen, target)


def remap_folder(store: Store, folder: str, target: Project) -> Remapped:
    """Give every session that ran in *folder*, or below it, to *target*, and those that will."""

    def chosen(connection: Connection) -> _Chosen:
        everything = [one for archived in (False, True) for one in projects.listed(connection, archived=archived) if one.id != target.id]
        ran = [one for project in everything for one in sessions.listed(connection, project.id) if paths.is_within(one.cwd, folder)]
        return _Chosen(_in_time(ran), folder=paths.plain(folder))

    return _remap(store, chosen, target)


def _in_time(chosen: Sequence[Session]) -> list[Session]:
    return sorted(chosen, key=lambda session: (session.started_at or session.ended_at or _NO_TIME, session.project_id, session.number))


class _Move(NamedTuple):
    """What becomes of one session. `number` is None where the target holds all its turns; `renamed` maps the ids of its facts to their new ones, `noted` those that its agent
    stated while at work to what these are then.
    """

    session: Session
    number: int | None
    native_id: str | None
    identities: dict[int, bytes]
    added: Contribution | None
    renamed: dict[str, str]
    noted: dict[str, Fact]


def _remap(store: Store, choose: Callable[[Connection], _Chosen], target: Project) -> Remapped:
    """Plan while nobody waits, then move in a short transaction if all is still as it was; plan again where it is not."""
    while True:
        with store.read() as connection:
            before, there = choose(connection), sessions.listed(connection, target.id)
            names = {one.id: one.name for archived in (False, True) for one in projects.listed(connection, archived=archived)}
            moves = _planned(connection, before.sessions, target, there)
        with store.write() as connection:
            for project_id in sorted({target.id, *(one.project_id for one in before.sessions)}):
                projects.hold(connection, project_id)
            if choose(connection) != before or sessions.listed(connection, target.id) != there:
                continue
            left = _moved(connection, before, moves, target)
        for project_id in (target.id, *left):
            _hand_over(store, project_id)
        told = [MovedSession(names[one.session.project_id], one.session.number, one.number) for one in moves]
        return Remapped(target, told, [before.whole.name] if before.whole else [])


def _planned(connection: Connection, chosen: Sequence[Session], target: Project, there: Sequence[Session]) -> list[_Move]:
    last = max((session.number for session in there), default=0)
    twins = {name: session for session in there if (name := _called(connection, session, target))}
    taken: set[bytes] = set()
    moves: list[_Move] = []
    for session in chosen:
        recognised = _recognised(connection, session, target)
        native_id = _native_id(session, list(recognised.values()))
        twin = twins.get(native_id) if native_id else None
        if twin is not None and _holds(connection, target, twin, recognised.values(), taken):
            moves.append(_Move(session, None, None, {}, None, {}, _noted(connection, session, twin.number)))
            continue
        last += 1
        # A turn that the target has already stays in both sessions: in this one it is known by its place there.
        known = _known(connection, target, [one.identity(last) for one in recognised.values()], taken)
        identities = {
            ordinal: (Recognised(one.mark, everywhere=False) if is_known else one).identity(last)
            for (ordinal, one), is_known in zip(recognised.items(), known, strict=True)
        }
        taken.update(identities.values())
        native_id = None if twin is not None else native_id
        if native_id:
            twins[native_id] = replace(session, number=last)
        added, renamed = _added(connection, session, last)
        moves.append(_Move(session, last, native_id, identities, added, renamed, _noted(connection, session, last)))
    return moves


def _recognised(connection: Connection, session: Session, target: Project, *, last: int = turns.MOST_ORDINAL) -> dict[int, Recognised]:
    """Return what the turns of a session, until the *last*, are known by in *target*, by ordinal. What their secrets were is not known any more."""
    recognise = Recogniser(target.key).recognise
    return {one.ordinal: recognise(one.turn, one.turn).without_secrets() for one in turns.of_session(connection, session.id, last=last)}


def _called(connection: Connection, session: Session, target: Project) -> str | None:
    """Return what a session of *target* would be called if it had come from elsewhere."""
    if session.native_id is None or not session.native_id.startswith(DIGEST):
        return session.native_id
    return _native_id(session, list(_recognised(connection, session, target, last=FIRST_TURNS).values()))


def _holds(connection: Connection, target: Project, twin: Session, recognised: Iterable[Recognised], taken: set[bytes]) -> bool:
    """Say whether *target* has all turns of the session that goes by the same name as *twin*, which is there or will be."""
    identities = [one.identity(twin.number) for one in recognised]
    missing = [one for one, is_known in zip(identities, _known(connection, target, identities, taken), strict=True) if not is_known]
    return not missing or {one.identity(twin.number) for one in _recognised(connection, twin, target).values()}.issuperset(missing)


def _known(connection: Connection, target: Project, identities: Sequence[bytes], taken: set[bytes]) -> list[bool]:
    """Say of each identity whether the target has it, or will."""
    there = turns.known(connection, target.id, identities)
    return [identity in there or identity in taken for identity in identities]


def _native_id(session: Session, recognised: Sequence[Recognised]) -> str | None:
    """Return what the session is called in the target: a digest of its first turns is made under that project's key."""
    if session.native_id is None or not session.native_id.startswith(DIGEST):
        return session.native_id
    count = int(session.native_id.removeprefix(DIGEST).partition(":")[0])
    names = first_turns(recognised[:count])
    return DIGEST + names[0] if names else None


def _added(connection: Connection, session: Session, number: int) -> tuple[Contribution | None, dict[str, str]]:
    """Return what the session adds to a ledger under its new number, and the new ids of the facts that it added before."""
    before = facts.contribution(connection, session.id)
    if not before.facts and not before.references:
        return None, {}
    there = replace(session, number=number)
    added = contribution(distil(main_path(connection, there)), there)
    named = {_said(fact): fact.id for fact in added.facts}
    return added, {fact.id: named[_said(fact)] for fact in before.facts if _said(fact) in named}


def _noted(connection: Connection, session: Session, number: int) -> dict[str, Fact]:
    """Return the facts that the session's agent stated while at work, by their ids, as they are under its new number."""
    stated, _ = facts.edits(connection, session.project_id)
    place = Handle(number, 0)
    return {
        fact.id: fact._replace(id=fact_id(fact.kind, fact.subject, fact.text, place), sources=(place,))
        for fact in stated
        if fact.author == "agent" and fact.session == session.number
    }


def _said(fact: Fact) -> tuple[str, str, str, int, int]:
    return (fact.kind, fact.subject, fact.text, fact.turn, fact.place)


def _moved(connection: Connection, chosen: _Chosen, moves: Sequence[_Move], target: Project) -> list[int]:
    """Move everything, and return the projects that something was taken from and that are still there."""
    origins = sorted({one.session.project_id for one in moves})
    for one in moves:
        if one.number is None:
            knowledge.keep(connection, one.session.id, [])
            turns.remove(connection, one.session.id)
            sessions.remove(connection, one.session.id)
            continue
        sessions.move(connection, one.session.id, target.id, one.native_id)
        turns.move(connection, target.id, one.session.id, one.identities)
        if one.added is not None:
            facts.contribute(connection, one.session.id, one.added)
            knowledge.keep(connection, one.session.id, gathered(one.added.facts))
    for origin in {*origins, *([chosen.whole.id] if chosen.whole else [])}:
        renamed = {old: new for one in moves if one.session.project_id == origin for old, new in one.renamed.items()}
        noted = {old: new for one in moves if one.session.project_id == origin for old, new in one.noted.items()}
        facts.move_edits(connection, origin, target.id, renamed, noted, everything=chosen.whole is not None)
    if chosen.whole:
        _merge(connection, chosen.whole, target)
    if chosen.folder:
        places.give(connection, GivenPlace(target.id, chosen.folder, "", below=True))
    left = [] if chosen.whole else origins
    for project_id in (target.id, *left):
        _fold_anew(connection, project_id)
    return left


def _merge(connection: Connection, source: Project, target: Project) -> None:
    """Give what else *source* has to *target*, and let it go."""
    provenance.move(connection, source.id, target.id)
    places.hand_on(connection, source.id, target.id)
    if (source.root or source.remote) and (source.root, source.remote) != (target.root, target.remote):
        places.give(connection, GivenPlace(target.id, source.root, source.remote, below=False))
    projects.remove(connection, source.id)


def _fold_anew(connection: Connection, project_id: int) -> None:
    stored, added = facts.ledger(connection, project_id), facts.contributions(connection, project_id)
    after = StoredLedger(stored.version + 1, fold(Ledger(), added.facts), fold_references([], added.references))
    facts.replace(connection, project_id, stored, after)


def _hand_over(store: Store, project_id: int) -> None:
    """Make the handoff that heeds what came or went, unless someone was faster."""
    with store.read() as connection:
        standing, newest = standing_of(connection, project_id), handoffs.newest(connection, project_id)
    if not standing.lines and newest is None:
        return
    made = standing.master(store, newest.budget_tokens if newest else None)
    with store.write() as connection:
        projects.hold(connection, project_id)
        if facts.ledger(connection, project_id).version == standing.stored.version:
            handoffs.add(connection, project_id, None, standing.stored.version, made)
