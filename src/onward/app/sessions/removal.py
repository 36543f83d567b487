"""Deleting a session, with undo for a day.

Deleting hides a session at once: its rows leave every table, its facts leave the ledger, its lines leave the earlier handoffs, and a new
handoff is made without it. Undo puts everything back as it was. Its number is not given to another session, and its transcript is not
imported again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from onward.app.lookup import require_session
from onward.app.sessions.reassignment import rebuild_ledger, update_handoff
from onward.core.handoff.document import CitedLine, Handoff
from onward.core.preservation.scores import Preservation
from onward.core.project import Project
from onward.core.session import RemovedSession, Session
from onward.core.transcript.transcript import SessionHead
from onward.errors import NotFound
from onward.message import Message
from onward.store import Store, events, facts, handoffs, knowledge, projects, removed_sessions, sessions

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["RemovedSession", "delete", "follow_move", "list_deleted", "purge_due", "undelete"]

_MAX_MOVES = 10
"""Moves of one session that are followed."""


def delete(store: Store, session: Session) -> RemovedSession:
    """Delete a session, and return what can be undone for a day."""
    purge_due(store)
    with store.write() as connection:
        projects.lock_project(connection, session.project_id)
        stored_session = require_session(connection, session.id)
        number, project_id = stored_session.number, stored_session.project_id
        contribution = facts.read_contribution(connection, stored_session.id)
        has_facts = bool(contribution.facts or contribution.references)
        edits = facts.take_session_edits(connection, project_id, number, {fact.id for fact in contribution.facts})
        cited_handoffs = _take_handoffs(connection, stored_session)
        removed_sessions.create(connection, stored_session)
        entries = knowledge.rows_of_session(connection, stored_session.id)
        links = removed_sessions.linked_rows(connection, stored_session.id)
        removed_sessions.take_rows(connection, stored_session, [*cited_handoffs, *edits, *entries, *links])
        knowledge.refresh_entries(connection, [row["id"] for _, row in entries])
        is_changed = has_facts or bool(edits) or bool(cited_handoffs)
        if is_changed:
            rebuild_ledger(connection, project_id)
        events.record(connection, "deleted", project_id=project_id, data={"session_id": stored_session.id, "session_number": number})
        removed_session = removed_sessions.find_by_id(connection, stored_session.id)
        assert removed_session
    if is_changed:
        update_handoff(store, project_id, or_none=True)
    return removed_session


def undelete(store: Store, project: Project, number: int) -> Session:
    """Bring a deleted session back as it was. Raises `NotFound` if it was not deleted, or more than a day ago."""
    purge_due(store)
    with store.write() as connection:
        projects.lock_project(connection, project.id)
        removed_session = removed_sessions.find(connection, project.id, number)
        if removed_session is None or not removed_session.can_return:
            raise NotFound(
                Message("There is no deleted session {number} of {project} that can be restored.", number=number, project=project.name),
                "A deleted session can be restored for a day. List them: onward session list --deleted",
            )
        rows = removed_sessions.read_rows(connection, project.id, removed_session.id)
        removed_sessions.put_back(connection, project.id, removed_session.id, rows)
        removed_sessions.forget(connection, project.id, removed_session.id)
        session = require_session(connection, removed_session.id)
        names = {name for name, _ in rows}
        if names & {"distilled", "fact_edits", "handoffs"}:
            rebuild_ledger(connection, project.id)
            knowledge.index_entries(connection, [row["id"] for name, row in rows if name == "knowledge"])
        events.record(connection, "restored", project_id=project.id, data={"session_id": session.id, "session_number": number})
    if names & {"distilled", "fact_edits", "handoffs"}:
        update_handoff(store, project.id)
    return session


def undelete_by_id(store: Store, session_id: int) -> Session:
    """Bring the deleted session with this id back. Raises `NotFound`."""
    with store.read() as connection:
        removed_session = removed_sessions.find_by_id(connection, session_id)
        project = projects.find(connection, removed_session.project_id) if removed_session else None
    if removed_session is None or project is None:
        raise NotFound(
            Message("There is no deleted session with the id {session_id}.", session_id=session_id),
            "A deleted session can be restored for a day. List them: onward session list --deleted",
        )
    return undelete(store, project, removed_session.number)


def follow_move(store: Store, project: Project, head: SessionHead) -> Project:
    """Return the project that the session of *head* belongs to: *project*, or the one that it moved to from there."""
    with store.read() as connection:
        for _ in range(_MAX_MOVES if head.id else 0):
            removed_session = removed_sessions.find_by_native_ids(connection, project.id, [head.id or ""])
            target = projects.find(connection, removed_session.moved_to) if removed_session and removed_session.moved_to else None
            if target is None:
                break
            project = target
    return project


def list_deleted(store: Store, project: Project) -> list[RemovedSession]:
    """Return the deleted sessions of a project that can be restored, by number."""
    purge_due(store)
    with store.read() as connection:
        return removed_sessions.list_deleted(connection, project.id)


def purge_due(store: Store, at: datetime | None = None) -> int:
    """Delete for good what was deleted more than a day ago, and return how many sessions that were."""
    before = (at or datetime.now(UTC)) - removed_sessions.UNDO_TIME
    with store.read() as connection:
        is_due = removed_sessions.has_due(connection, before)
    if not is_due:
        return 0
    with store.write() as connection:
        return removed_sessions.purge(connection, before)


def _take_handoffs(connection: Connection, session: Session) -> list[tuple[str, Mapping[str, Any]]]:
    """Take the lines of a session out of all handoffs of its project, and return the rows of these handoffs as they were. Without another
    completed session, the project has no handoff any more.
    """
    is_last = all(line.number == session.number for line in sessions.list_completed(connection, session.project_id))
    taken_rows: list[tuple[str, Mapping[str, Any]]] = []
    removed_ids: list[int] = []
    for handoff in handoffs.list_handoffs(connection, session.project_id):
        document = _without(handoff.handoff, session.number)
        preservation = _without_losses(handoff.preservation, handoff.handoff, document, session.number)
        if is_last:
            removed_ids.append(handoff.id)
        elif document == handoff.handoff and preservation == handoff.preservation and handoff.session_id != session.id:
            continue
        taken_rows += removed_sessions.handoff_rows(connection, handoff.id)
        if not is_last:
            handoffs.replace_document(connection, handoff.id, document, preservation)
    handoffs.delete_handoffs(connection, removed_ids)
    return taken_rows


def _without(handoff: Handoff, number: int) -> Handoff:
    """Return a handoff without the lines that cite a session."""

    def keep(lines: Iterable[CitedLine]) -> tuple[CitedLine, ...]:
        return tuple(line for line in lines if not _cites(line, number))

    sections = tuple(replace(section, lines=keep(section.lines)) for section in handoff.sections)
    head = tuple((name, line) for name, line in handoff.head if not _cites(line, number))
    shorter = replace(handoff, head=head, sections=tuple(section for section in sections if section.lines))
    named = "\n".join(line.text for line in _all_lines(shorter))
    # The lines below the rule name what was lost, with its turns.
    closing = tuple(line for line in handoff.closing if f"[s{number}." not in line)
    return replace(shorter, closing=closing, files=tuple(path for path in handoff.files if path in named))


def _cites(line: CitedLine, number: int) -> bool:
    return any(handle.session == number for handle in line.sources)


def _without_losses(preservation: Preservation, before: Handoff, after: Handoff, number: int) -> Preservation:
    """Return the measure of a handoff without its part about a session."""
    gone_texts = {line.text for line in _all_lines(before)} - {line.text for line in _all_lines(after)}

    def stays(text: str) -> bool:
        return not any(gone_text in text for gone_text in gone_texts)

    unsupported = preservation.unsupported
    return preservation._replace(
        lost=tuple(loss for loss in preservation.lost if loss.handle.session != number),
        stale=tuple(filter(stays, preservation.stale)),
        unsupported=None if unsupported is None else tuple(filter(stays, unsupported)),
    )


def _all_lines(handoff: Handoff) -> list[CitedLine]:
    return [*(line for _, line in handoff.head), *(line for section in handoff.sections for line in section.lines)]
