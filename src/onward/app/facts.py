"""Facts: the ledger as a person sees and corrects it. What a person says of a fact wins over what is extracted, now and after every import and rebuild."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from onward.app.harvesting import heed
from onward.app.standing import Standing, standing_of
from onward.core.extract.reversals import retired_by
from onward.core.facts import KINDS, Fact, Handle, Kind, State, fact_id
from onward.core.ledger import Edit
from onward.core.project import Project
from onward.core.session import Session
from onward.errors import BadInput, NotFound
from onward.redact import Redactor
from onward.store import Store, facts, handoffs, projects

__all__ = [
    "Fact",
    "Place",
    "add",
    "change",
    "find",
    "listed",
    "note",
    "pin",
    "place",
    "project_of",
    "restore",
    "retract",
    "reword",
    "unpin",
]

Place: TypeAlias = tuple[int, int, int, int, int, str]
"""Where a fact stands in the order of a ledger: those that a person stated come last; else by time, session, turn, place in the turn, and id."""


def listed(
    store: Store,
    project: Project,
    *,
    kind: Kind | None = None,
    state: State | None = "live",
    file: str = "",
    text: str = "",
    session: int | None = None,
    after: Place | None = None,
) -> list[Fact]:
    """Return a project's facts in order, filtered by what is given. *file* is any part of a path that a fact names, *text* any part of what it says, in
    capitals or not; *state* None is every state; *after* leaves out those up to a place.
    """
    wanted = text.casefold()
    with store.read() as connection:
        everything = standing_of(connection, project.id).ledger.facts
    found = [
        fact
        for fact in everything
        if kind in (None, fact.kind)
        and state in (None, fact.state)
        and session in (None, fact.session)
        and (not file or file in fact.subject or file in fact.text)
        and (not wanted or wanted in fact.text.casefold())
    ]
    return found if after is None else [fact for fact in found if place(fact) > after]


def place(fact: Fact) -> Place:
    """Return where a fact stands in the order of a ledger."""
    said_at = 0 if fact.at is None else max(0, int(fact.at.timestamp() * 1_000_000))
    return (0 if fact.sources else 1, said_at, fact.session, fact.turn, fact.place, fact.id)


def find(store: Store, project: Project, name: str) -> Fact:
    """Return the fact of that id, or of the only id that begins so. Raises `NotFound`."""
    with store.read() as connection:
        return _find(standing_of(connection, project.id), name)


def note(store: Store, project: Project, session: Session, kind: Kind, text: str) -> Fact:
    """Note a fact that the agent of *session* states while at work. Saying it again in that session changes nothing."""
    source, said = Handle(session.number, 0), _worded(project, text)
    kind = _kind(kind)
    name = fact_id(kind, "", said, source)
    with store.read() as connection:
        there = next((one for one in standing_of(connection, project.id).ledger.facts if one.id == name), None)
    if there:
        return there
    return _say(store, project, Fact(name, kind, "", said, (source,), datetime.now(UTC), weight=0.95, retires=retired_by(said)))


def add(store: Store, project: Project, kind: Kind, text: str) -> Fact:
    """State a fact by hand."""
    kind = _kind(kind)
    at, said = datetime.now(UTC), _worded(project, text)
    name = fact_id(kind, at.isoformat(), said, Handle(0, 0))
    return _say(store, project, Fact(name, kind, "", said, (), at, weight=1.0, evidence="claimed", author="person"))


def reword(store: Store, project: Project, name: str, text: str) -> Fact:
    """Say better what a fact says; it stands from now on."""
    return _say(store, project, Edit(name, "reword", _worded(project, text)))


def pin(store: Store, project: Project, name: str) -> Fact:
    """Show a fact in every handoff, before others."""
    return _say(store, project, Edit(name, "pin"))


def unpin(store: Store, project: Project, name: str) -> Fact:
    """Let a fact compete for its place again."""
    return _say(store, project, Edit(name, "unpin"))


def retract(store: Store, project: Project, name: str) -> Fact:
    """Take a fact out of every handoff: it is wrong, or of no use."""
    return _say(store, project, Edit(name, "retract"))


def restore(store: Store, project: Project, name: str) -> Fact:
    """Let a fact stand that was retracted, or that extraction took for superseded."""
    return _say(store, project, Edit(name, "restore"))


def change(
    store: Store,
    project: Project,
    name: str,
    *,
    text: str | None = None,
    pinned: bool | None = None,
    state: Literal["live", "retracted"] | None = None,
) -> Fact:
    """Say several things of a fact at once; what is None stays as it is."""
    edits: list[Edit] = []
    if text is not None:
        edits.append(Edit(name, "reword", _worded(project, text)))
    if pinned is not None:
        edits.append(Edit(name, "pin" if pinned else "unpin"))
    if state is not None:
        edits.append(Edit(name, "restore" if state == "live" else "retract"))
    return _say(store, project, *edits) if edits else find(store, project, name)


def project_of(store: Store, name: str) -> Project:
    """Return the only project that has the fact of that id. Raises `NotFound`, and `BadInput` where several have it."""
    with store.read() as connection:
        found = [projects.by_id(connection, one) for one in facts.projects_of(connection, name)]
    if len(found) > 1:
        raise BadInput(f"Several projects have a fact {name!r}.", "Name the project, too.")
    project = next(iter(found), None)
    if project is None:
        raise NotFound(f"There is no fact {name!r}.", "List what there is: onward fact list")
    return project


def _say(store: Store, project: Project, *said: Fact | Edit) -> Fact:
    """Keep what a person said of one fact, make the handoff that heeds it, and return the fact as it stands. A fact may be named by the beginning of its id."""
    while True:
        with store.read() as connection:
            standing = standing_of(connection, project.id)
            newest = handoffs.newest(connection, project.id)
        said = tuple(one._replace(fact_id=_find(standing, one.fact_id).id) if isinstance(one, Edit) else one for one in said)
        edits, added = [one for one in said if isinstance(one, Edit)], [one for one in said if isinstance(one, Fact)]
        after = replace(standing, added=(*standing.added, *added), edits=(*standing.edits, *edits))
        made = after.master(store, newest.budget_tokens) if newest else None
        with store.write() as connection:
            projects.hold(connection, project.id)
            if not facts.advance(connection, project.id, standing.stored.version):
                continue
            for one in said:
                facts.note(connection, project.id, one)
            name = edits[0].fact_id if edits else added[0].id
            stands = next(fact for fact in after.ledger.facts if fact.id == name)
            heed(connection, project.id, after.ledger, stands)
            if made:
                handoffs.add(connection, project.id, None, standing.stored.version + 1, made)
        return stands


def _find(standing: Standing, name: str) -> Fact:
    found = [fact for fact in standing.ledger.facts if fact.id == name] or [
        fact for fact in standing.ledger.facts if fact.id.startswith(name)
    ]
    if not found:
        raise NotFound(f"There is no fact {name!r}.", "List what there is: onward fact list")
    if len(found) > 1:
        raise BadInput(f"{len(found)} facts have ids that begin with {name!r}.", "Give more of the id.")
    return found[0]


def _kind(kind: str) -> Kind:
    for one in KINDS:
        if one == kind:
            return one
    raise BadInput(f"{kind!r} is no kind of fact.", f"Use one of: {', '.join(KINDS)}.")


def _worded(project: Project, text: str) -> str:
    said = Redactor(project.key).text(" ".join(text.split()))
    if not said:
        raise BadInput("A fact says something.", "Give its text.")
    return said
