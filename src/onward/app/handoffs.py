"""Handoffs: the master handoff now, at any budget, or as it was; and what changed from one session to another."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from onward.app.standing import corrected, standing_of
from onward.core.changelog import changelog
from onward.core.handoff import Handoff, render
from onward.core.ledger import Ledger, fold
from onward.core.project import Project
from onward.core.redline import redline
from onward.core.stored_handoff import Current, Difference, Redlined, StoredHandoff
from onward.errors import BadInput, NotFound
from onward.store import Store, facts, handoffs, projects, sessions

__all__ = ["Current", "Difference", "Redlined", "StoredHandoff", "current", "diff", "kept_of", "of_id", "redlined", "restore", "versions"]


def current(store: Store, project: Project, *, budget_tokens: int | None = None, session_number: int | None = None) -> Current:
    """Return the project's master handoff; with *session_number*, the one that completing that session made. Raises `NotFound` when there is none.

    At a budget of its own it is composed anew: for an earlier session, from what the sessions up to it established.
    """
    with store.read() as connection:
        if session_number is None:
            stored = handoffs.newest(connection, project.id)
        else:
            session = sessions.by_number(connection, project.id, session_number)
            stored = handoffs.of_session(connection, session.id) if session else None
        if stored is None:
            raise _nothing(project, session_number)
        if budget_tokens in (None, stored.budget_tokens):
            return Current(
                stored.handoff, stored.markdown, stored.preservation, stored.budget_tokens, stored.version, stored.id, stored.created_at,
                stored.generator, stored.refinement,
            )  # fmt: skip
        standing = standing_of(connection, project.id)
        added = None if session_number is None else facts.contributions(connection, project.id, upto=session_number)
    made = (
        standing.master(store, budget_tokens)
        if session_number is None or added is None
        else standing.as_of(store, session_number, added, budget_tokens)
    )
    return Current(made.handoff, render(made.handoff), made.preservation, made.budget_tokens)


def kept_of(store: Store, session_ids: Sequence[int]) -> dict[int, float | None]:
    """Return the share (0..1) that the handoff of each of these sessions keeps, of those that made one."""
    with store.read() as connection:
        return {session_id: one.kept_ratio for session_id, one in handoffs.of_sessions(connection, session_ids).items()}


def versions(store: Store, project: Project, *, before: int | None = None, limit: int | None = None) -> list[StoredHandoff]:
    """Return every handoff that was made of the project, the newest first; those of a version *before* that one."""
    with store.read() as connection:
        return handoffs.listed(connection, project.id, before=before, limit=limit)


def of_id(store: Store, project: Project, handoff_id: int) -> StoredHandoff:
    """Return the handoff of that id. Raises `NotFound` where the project has no such one."""
    with store.read() as connection:
        return _of_id(connection, project, handoff_id)


def restore(store: Store, project: Project, handoff_id: int) -> StoredHandoff:
    """Make an earlier version the master handoff again, as a new version, and return it. The ledger stays: the next session completed makes the handoff from that."""
    with store.write() as connection:
        projects.hold(connection, project.id)
        return handoffs.again(connection, _of_id(connection, project, handoff_id), facts.version(connection, project.id))


def _of_id(connection: Connection, project: Project, handoff_id: int) -> StoredHandoff:
    found = handoffs.by_id(connection, handoff_id)
    if found is None or found.project_id != project.id:
        raise NotFound(f"{project.name} has no handoff with the id {handoff_id}.", "List what there is: onward handoff list")
    return found


def diff(store: Store, project: Project, before: int, after: int) -> Difference:
    """Return what changed from the end of session *before* to the end of session *after*: what stands by the ledger, what is seen by the handoffs of the two.

    Raises `NotFound` for a session that made no handoff, `BadInput` when *before* is not the earlier one.
    """
    if before >= after:
        raise BadInput(f"Session {before} is not before session {after}.", "Give the earlier one first, as in: onward handoff diff 3 4")
    (old, seen_before), (new, seen_after) = (_as_it_was(store, project, number) for number in (before, after))
    return Difference(before, after, changelog(old, new, seen_before.fact_ids(), seen_after.fact_ids()))


def redlined(store: Store, project: Project, before: int, after: int) -> Redlined:
    """Return what version *after* of a project's handoff says differently from version *before*. Raises `NotFound` where there is no such version."""
    found: list[StoredHandoff] = []
    with store.read() as connection:
        for version in (before, after):
            stored = handoffs.by_version(connection, project.id, version)
            if stored is None:
                raise NotFound(f"{project.name} has no version {version} of its handoff.", "List what there is: onward handoff list")
            found.append(stored)
    return Redlined(before, after, redline(found[0].handoff, found[1].handoff))


def _as_it_was(store: Store, project: Project, number: int) -> tuple[Ledger, Handoff]:
    """Return the ledger and the handoff at the end of session *number*, before the next was completed."""
    with store.read() as connection:
        session = sessions.by_number(connection, project.id, number)
        if session is None or not facts.has_contributed(connection, session.id):
            raise _nothing(project, number)
        stored = handoffs.after_session(connection, project.id, number)
        added = facts.contributions(connection, project.id, upto=number)
        said, edits = facts.edits(connection, project.id, until=stored.created_at if stored else None)
        standing = standing_of(connection, project.id)
    ledger = corrected(fold(Ledger(), added.facts), said, edits)
    # A session that was completed after later ones never had a handoff to itself.
    return ledger, stored.handoff if stored else standing.as_of(store, number, added).handoff


def _nothing(project: Project, session_number: int | None) -> NotFound:
    if session_number is None:
        return NotFound(f"{project.name} has no handoff yet: no session of it was completed.", "Complete one: onward session complete")
    return NotFound(f"Session {session_number} of {project.name} made no handoff.", "List the sessions: onward session list")
