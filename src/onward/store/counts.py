"""Counts of everything in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, get_args

from onward.core.job import JobState
from onward.store import schema
from onward.store.lazy_module import sa

if TYPE_CHECKING:
    from sqlalchemy import Connection


class StoreCounts(NamedTuple):
    """How much a store holds. `credits_used` is the sum of what people entered for their sessions."""

    projects: int
    archived: int
    sessions: int
    active: int
    completed: int
    handoffs: int
    turns: int
    tokens: int
    credits_used: float


def count_everything(connection: Connection) -> StoreCounts:
    """Return the counts of the store."""
    projects_by_status = {
        row[0]: row[1]
        for row in connection.execute(sa.select(schema.projects.c.status, sa.func.count()).group_by(schema.projects.c.status))
    }
    sums = [
        sa.func.coalesce(sa.func.sum(column), 0)
        for column in (schema.sessions.c.turns, schema.sessions.c.tokens, schema.sessions.c.credits_used)
    ]
    rows = connection.execute(sa.select(schema.sessions.c.status, sa.func.count(), *sums).group_by(schema.sessions.c.status)).all()
    sessions_by_status = {row[0]: row[1] for row in rows}
    handoff_count = connection.execute(sa.select(sa.func.count()).select_from(schema.handoffs)).scalar_one()
    turns, tokens, credits_used = (sum(row[index] for row in rows) for index in (2, 3, 4))
    return StoreCounts(
        projects=sum(projects_by_status.values()),
        archived=projects_by_status.get("archived", 0),
        sessions=sum(sessions_by_status.values()),
        active=sessions_by_status.get("in_progress", 0),
        completed=sessions_by_status.get("completed", 0),
        handoffs=handoff_count,
        turns=int(turns),
        tokens=int(tokens),
        credits_used=float(credits_used),
    )


def count_jobs_by_state(connection: Connection) -> dict[str, int]:
    """Return the number of jobs in each state, including states without jobs."""
    counts_by_state = {
        row[0]: row[1] for row in connection.execute(sa.select(schema.jobs.c.state, sa.func.count()).group_by(schema.jobs.c.state))
    }
    return {state: counts_by_state.get(state, 0) for state in get_args(JobState)}
