"""Sources: the exact turns behind a line of a handoff."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from onward.app.lookup import require_numbered_session
from onward.app.turns.reader import TranscriptReader
from onward.core.facts.fact import Fact, Handle
from onward.core.project import Project
from onward.core.session import Session
from onward.core.transcript.span import CitedTurns, Span, parse
from onward.core.transcript.transcript import SessionHead, Turn
from onward.errors import NotFound
from onward.message import Message
from onward.store import Store, facts, turns


def read_source(store: Store, project: Project, handle: str) -> CitedTurns:
    """Return the turns that *handle* refers to in a project. Raises `NotFound` if there are none."""
    span = parse(handle)
    with store.read() as connection:
        session = require_numbered_session(connection, project, span.session)
        cited_turns = [
            (stored_turn.ordinal, stored_turn.turn)
            for stored_turn in turns.read_session(connection, session.id, first=span.first, last=span.last)
        ]
        noted_facts = facts.read_edits(connection, project.id)[0] if span.first == 0 else []
    if span.first == 0 and (completion_turn := _completion_turn(session, noted_facts)):
        cited_turns.insert(0, (0, completion_turn))
    return _require_source(span, session.head(), cited_turns, session.turns)


def read_from_files(files: Sequence[Path | BinaryIO], handle: str) -> CitedTurns:
    """Return the turns that *handle* refers to in transcript files, numbered as `distill` numbers them. Raises `NotFound`."""
    span = parse(handle)
    reader = TranscriptReader(full=True)
    for file in files:
        reader.read(file)
    path = next((path for path in reader.paths if path.number == span.session), None)
    if path is None:
        raise NotFound(
            Message("There is no session {session} in these files; they contain {count}.", session=span.session, count=len(reader.paths)),
            "Give all files that the handoff was made from, in order.",
        )
    return _require_source(span, path.head, [item for item in path.turns if span.first <= item[0] <= span.last], path.last_ordinal)


def _require_source(span: Span, head: SessionHead, cited_turns: list[tuple[int, Turn]], last_ordinal: int) -> CitedTurns:
    if not cited_turns:
        raise NotFound(
            Message("There is no turn {span}.", span=span),
            Message("Session {session} has turns 1 to {last_ordinal}.", session=span.session, last_ordinal=last_ordinal),
        )
    return CitedTurns(span, head, cited_turns)


def _completion_turn(session: Session, noted_facts: Sequence[Fact]) -> Turn | None:
    """Return the completion notes of a session, and what its agent noted during it, as a turn."""
    parts = [("Done", session.accomplishments), ("Blocked", session.blockers)]
    lines = [f"{name}: {statement}" for name, statements in parts for statement in statements]
    lines += [f"{fact.kind}: {fact.text}" for fact in noted_facts if fact.sources[:1] == (Handle(session.number, 0),)]
    return Turn(role="user", text="\n".join(lines), at=session.completed_at) if lines else None
