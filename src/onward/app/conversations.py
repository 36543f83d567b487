"""Conversations: the turns of a project's sessions, one session after the other."""

from __future__ import annotations

from onward.core.project import Project
from onward.core.transcript import Role
from onward.store import Store, turns
from onward.store.turns import NumberedTurn

__all__ = ["NumberedTurn", "of_project"]


def of_project(
    store: Store,
    project: Project,
    *,
    session: int | None = None,
    role: Role | None = None,
    beyond: tuple[int, int] | None = None,
    backwards: bool = False,
    limit: int,
) -> list[NumberedTurn]:
    """Return at most *limit* turns of a project, of all sessions or the one of that number, by session and place; *beyond* is the session and place of the last turn that is known.

    With *backwards*, from the last turn to the first.
    """
    with store.read() as connection:
        return turns.of_project(connection, project.id, number=session, role=role, beyond=beyond, backwards=backwards, limit=limit)
