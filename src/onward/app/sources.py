"""Sources: the exact turns behind a line of a handoff."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from onward.app.reading import Reading
from onward.core.facts import Fact, Handle
from onward.core.project import Project
from onward.core.session import Session
from onward.core.span import Source, Span, parse
from onward.core.transcript import SessionHead, Turn
from onward.errors import NotFound
from onward.store import Store, facts, sessions, turns


def source(store: Store, project: Project, handle: str) -> Source:
    """Return the turns behind *handle* in a project. Raises `NotFound` when there are none."""
    span = parse(handle)
    with store.read() as connection:
        session = sessions.by_number(connection, project.id, span.session)
        if session is None:
            raise NotFound(f"There is no session {span.session} in {project.name}.", "List what there is: onward session list")
        found = [(one.ordinal, one.turn) for one in turns.of_session(connection, session.id, first=span.first, last=span.last)]
        noted = facts.edits(connection, project.id)[0] if span.first == 0 else []
    if span.first == 0 and (said := _said(session, noted)):
        found.insert(0, (0, said))
    return _found(span, session.head(), found, session.turns)


def of_files(files: Sequence[Path | BinaryIO], handle: str) -> Source:
    """Return the turns behind *handle* in transcripts that are not in the store, numbered as `distill` numbers them. Raises `NotFound`."""
    span = parse(handle)
    reading = Reading(whole=True)
    for file in files:
        reading.read(file)
    path = next((path for path in reading.paths if path.number == span.session), None)
    if path is None:
        raise NotFound(
            f"There is no session {span.session} in these files: they hold {len(reading.paths)}.",
            "Name all files that the handoff was made from, in order.",
        )
    return _found(span, path.head, [one for one in path.turns if span.first <= one[0] <= span.last], path.reached)


def _found(span: Span, head: SessionHead, found: list[tuple[int, Turn]], most: int) -> Source:
    if not found:
        raise NotFound(f"There is no turn {span}.", f"Session {span.session} has turns 1 to {most}.")
    return Source(span, head, found)


def _said(session: Session, noted: Sequence[Fact]) -> Turn | None:
    """Return what was said on completing a session, and what its agent noted while at work, as a turn of its own."""
    parts = [("Done", session.accomplishments), ("Blocked", session.blockers)]
    lines = [f"{name}: {one}" for name, said in parts for one in said]
    lines += [f"{fact.kind}: {fact.text}" for fact in noted if fact.sources[:1] == (Handle(session.number, 0),)]
    return Turn("user", "\n".join(lines), session.completed_at) if lines else None
