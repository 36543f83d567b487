"""Handoffs: the master handoff with any budget, earlier versions, and the differences between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from onward.app.lookup import no_handoff_error, require_handoff
from onward.core.handoff.document import Handoff, render
from onward.core.handoff.versions import CurrentHandoff, StoredHandoff
from onward.core.handoff.writer_report import RULES
from onward.core.project import Project
from onward.errors import BadInput, NotFound
from onward.message import Message
from onward.store import Store, events, facts, handoffs, projects, sessions

if TYPE_CHECKING:
    from onward.core.facts.ledger import Ledger
    from onward.core.handoff.differences import HandoffDifference, LedgerDifference

__all__ = [
    "CurrentHandoff",
    "StoredHandoff",
    "compare_versions",
    "current_handoff",
    "diff",
    "list_versions",
    "preservation_ratios",
    "require",
    "restore",
]


def current_handoff(
    store: Store, project: Project, *, budget_tokens: int | None = None, session_number: int | None = None, by_rules: bool = False
) -> CurrentHandoff:
    """Return the project's master handoff, or with *session_number* the handoff that completing that session created. Raises `NotFound` if
    there is none.

    With *by_rules* it is the newest one that no model wrote. For another budget it is composed
    again; for an earlier session, from what the sessions up to it established.
    """
    with store.read() as connection:
        if session_number is None:
            stored = handoffs.find_newest(connection, project.id)
        else:
            session = sessions.find_by_number(connection, project.id, session_number)
            stored = handoffs.find_by_session(connection, session.id) if session else None
        if by_rules and stored is not None and stored.generator != RULES:
            versions = handoffs.list_handoffs(connection, project.id, before=stored.version)
            stored = next((version for version in versions if version.generator == RULES), stored)
        if stored is None:
            raise no_handoff_error(project, session_number)
        if budget_tokens in (None, stored.budget_tokens):
            return CurrentHandoff(
                handoff=stored.handoff,
                markdown=stored.markdown,
                preservation=stored.preservation,
                budget_tokens=stored.budget_tokens,
                version=stored.version,
                id=stored.id,
                created_at=stored.created_at,
                generator=stored.generator,
                refinement=stored.refinement,
            )
        # Imported here and below: reading the newest handoff would wait for what it does not need.
        from onward.app.handoffs.project_state import read_project_state

        state = read_project_state(connection, project.id)
        contribution = None if session_number is None else facts.merge_contributions(connection, project.id, upto=session_number)
    master = (
        state.master(store, budget_tokens)
        if session_number is None or contribution is None
        else state.master_as_of(store, session_number, contribution, budget_tokens)
    )
    return CurrentHandoff(
        handoff=master.handoff, markdown=render(master.handoff), preservation=master.preservation, budget_tokens=master.budget_tokens
    )


def preservation_ratios(store: Store, session_ids: Sequence[int]) -> dict[int, float | None]:
    """Return the share (0..1) of facts that the handoffs of these sessions preserve, by session id. Sessions without a handoff are left
    out.
    """
    with store.read() as connection:
        return {
            session_id: handoff.preservation_ratio for session_id, handoff in handoffs.figures_by_session(connection, session_ids).items()
        }


def list_versions(store: Store, project: Project, *, before: int | None = None, limit: int | None = None) -> list[StoredHandoff]:
    """Return the versions of a project's handoff, newest first, with version numbers *before* that one."""
    with store.read() as connection:
        return handoffs.list_handoffs(connection, project.id, before=before, limit=limit)


def require(store: Store, project: Project, handoff_id: int) -> StoredHandoff:
    """Return the handoff with that id. Raises `NotFound` if the project has none."""
    with store.read() as connection:
        return require_handoff(connection, project, handoff_id)


def restore(store: Store, project: Project, handoff_id: int) -> StoredHandoff:
    """Make an earlier version the master handoff again, as a new version, and return it. The ledger does not change: the next completed
    session uses it.
    """
    with store.write() as connection:
        projects.lock_project(connection, project.id)
        restored = handoffs.restore(
            connection, require_handoff(connection, project, handoff_id), facts.ledger_version(connection, project.id)
        )
        events.record(connection, "changed", project_id=project.id)
        return restored


def diff(store: Store, project: Project, before: int, after: int) -> LedgerDifference:
    """Return what changed from the end of session *before* to the end of session *after*, in the ledger and in the two handoffs.

    Raises `NotFound` if a session has no handoff, `BadInput` if *before* is not the earlier session.
    """
    if before >= after:
        raise BadInput(
            Message("Session {before} does not come before session {after}.", before=before, after=after),
            "Give the earlier session first: onward handoff diff 3 4",
        )
    from onward.core.handoff.changelog import changelog
    from onward.core.handoff.differences import LedgerDifference

    (old, old_handoff), (new, new_handoff) = (_after_session(store, project, number) for number in (before, after))
    return LedgerDifference(before, after, changelog(old, new, old_handoff.fact_ids(), new_handoff.fact_ids()))


def compare_versions(store: Store, project: Project, before: int, after: int) -> HandoffDifference:
    """Return the differences between two versions of a project's handoff. Raises `NotFound` if a version does not exist."""
    from onward.core.handoff.differences import HandoffDifference
    from onward.core.handoff.redline import compare_handoffs

    stored_versions: list[StoredHandoff] = []
    with store.read() as connection:
        for version in (before, after):
            stored = handoffs.find_version(connection, project.id, version)
            if stored is None:
                raise NotFound(
                    Message("{project} has no handoff version {version}.", project=project.name, version=version),
                    "List handoffs: onward handoff list",
                )
            stored_versions.append(stored)
    return HandoffDifference(before, after, compare_handoffs(stored_versions[0].handoff, stored_versions[1].handoff))


def _after_session(store: Store, project: Project, number: int) -> tuple[Ledger, Handoff]:
    """Return the ledger and the handoff at the end of session *number*, before the next session was completed."""
    from onward.app.handoffs.project_state import correct_ledger, read_project_state
    from onward.core.facts.ledger import Ledger, fold

    with store.read() as connection:
        session = sessions.find_by_number(connection, project.id, number)
        if session is None or not facts.has_contributed(connection, session.id):
            raise no_handoff_error(project, number)
        stored = handoffs.find_after_session(connection, project.id, number)
        contribution = facts.merge_contributions(connection, project.id, upto=number)
        stated_facts, edits = facts.read_edits(connection, project.id, until=stored.created_at if stored else None)
        state = read_project_state(connection, project.id)
    ledger = correct_ledger(fold(Ledger(), contribution.facts), stated_facts, edits)
    # A session that was completed after later sessions has no handoff of its own.
    return ledger, stored.handoff if stored else state.master_as_of(store, number, contribution).handoff
