"""Handoffs: the master handoff now, at any budget, or as it was."""

from __future__ import annotations

from dataclasses import dataclass

from onward.app.standing import standing_of
from onward.core.handoff import Handoff, Section, render, render_line
from onward.core.preservation import Preservation
from onward.errors import NotFound
from onward.store import Store, facts, handoffs, sessions
from onward.store.handoffs import StoredHandoff
from onward.store.projects import Project

__all__ = ["Change", "Current", "Difference", "StoredHandoff", "current", "difference", "versions"]


@dataclass(frozen=True, slots=True)
class Current:
    """A handoff. `version` is None for one that was composed just now, for a budget of its own."""

    handoff: Handoff
    markdown: str
    preservation: Preservation
    budget_tokens: int
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One line that only one of two handoffs has, and the section it stands in."""

    section: str
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What came into a handoff and what went out of it between two versions."""

    before: StoredHandoff
    after: StoredHandoff
    added: list[Change]
    removed: list[Change]


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
            return Current(stored.handoff, stored.markdown, stored.preservation, stored.budget_tokens, stored.version)
        standing = standing_of(connection, project.id)
        added = None if session_number is None else facts.contributions(connection, project.id, upto=session_number)
    made = (
        standing.master(store, budget_tokens)
        if session_number is None or added is None
        else standing.as_of(store, session_number, added, budget_tokens)
    )
    return Current(made.handoff, render(made.handoff), made.preservation, made.budget_tokens)


def versions(store: Store, project: Project, *, offset: int = 0, limit: int | None = None) -> list[StoredHandoff]:
    """Return every handoff that was made of the project, the newest first."""
    with store.read() as connection:
        return handoffs.listed(connection, project.id, offset=offset, limit=limit)


def difference(store: Store, project: Project, before: int, after: int) -> Difference:
    """Return what changed from one version of the handoff to another. Lines are compared by what they say, not by their sources."""
    with store.read() as connection:
        found = [handoffs.by_version(connection, project.id, version) for version in (before, after)]
    for version, one in zip((before, after), found, strict=True):
        if one is None:
            raise NotFound(f"{project.name} has no handoff version {version}.", "List what there is: onward handoff list")
    old, new = (one for one in found if one is not None)
    had, has = _lines(old.handoff), _lines(new.handoff)
    return Difference(old, new, [one for one in has if one not in set(had)], [one for one in had if one not in set(has)])


def _lines(handoff: Handoff) -> list[Change]:
    sections = (*(Section(name, (line,)) for name, line in handoff.head), *handoff.sections)
    return [Change(section.title, render_line(line, sources=False)) for section in sections for line in section.lines]


def _nothing(project: Project, session_number: int | None) -> NotFound:
    if session_number is None:
        return NotFound(f"{project.name} has no handoff yet: no session of it was completed.", "Complete one: onward session complete")
    return NotFound(f"Session {session_number} of {project.name} made no handoff.", "List the sessions: onward session list")
