"""Measures of completed sessions: one row per session, written when it is completed and read by every chart."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, Select, bindparam, delete, func, insert, select

from onward.core.effort.rework import Effort
from onward.store.clock import to_datetime_or_none
from onward.store.schema import projects, session_measures, sessions


class Measure(NamedTuple):
    """What one session cost and achieved.

    `accomplished` counts the facts that the ledger took from it as done. The last three fields describe the handoff that completing it
    produced: the share of facts it preserves, its length, and the number of facts that the share refers to.
    """

    effort: Effort
    facts_used_again: int
    accomplished: int
    preservation_ratio: float | None = None
    handoff_tokens: int | None = None
    kept_of: int | None = None


class MeasuredSession(NamedTuple):
    """A completed session with its measure. `credits_used` is None if it was not entered."""

    project: str
    session: int
    ended_at: datetime | None
    credits_used: float | None
    measure: Measure


_EFFORT_FIELDS = (
    "tokens",
    "recovery_tokens",
    "reread_tokens",
    "repeated_tokens",
    "explained_tokens",
    "edits",
    "commands",
    "failures",
    "first_edit_ms",
)
_OUTCOME_FIELDS = ("facts_used_again", "accomplished", "preservation_ratio", "handoff_tokens", "kept_of")
_ENDED_AT = func.coalesce(sessions.c.ended_at, sessions.c.completed_at, sessions.c.created_at)


def _measured_query() -> Select[Any]:
    columns = [session_measures.c[name] for name in (*_EFFORT_FIELDS, *_OUTCOME_FIELDS)]
    return select(projects.c.name, sessions.c.number, sessions.c.ended_at, sessions.c.credits_used, *columns).select_from(
        session_measures.join(sessions).join(projects, projects.c.id == sessions.c.project_id)
    )


# Every list of projects runs these. Building a statement costs more than running it, so they are built once.
_IN_PROJECTS = sessions.c.project_id.in_(bindparam("ids", expanding=True))


def _first_and_last_query() -> Select[Any]:
    rank = func.row_number().over(partition_by=sessions.c.project_id, order_by=sessions.c.number)
    count = func.count().over(partition_by=sessions.c.project_id)
    ranked_sessions = (
        select(sessions.c.id, sessions.c.project_id, rank.label("place"), count.label("among"))
        .select_from(session_measures.join(sessions))
        .where(sessions.c.status == "completed", session_measures.c.recovery_tokens.is_not(None), _IN_PROJECTS)
        .subquery()
    )
    window = bindparam("window", type_=BigInteger)
    return (
        _measured_query()
        .add_columns(ranked_sessions.c.project_id, ranked_sessions.c.place, ranked_sessions.c.among)
        .join(ranked_sessions, ranked_sessions.c.id == sessions.c.id)
        .where((ranked_sessions.c.place <= window) | (ranked_sessions.c.place > ranked_sessions.c.among - window))
        .order_by(ranked_sessions.c.project_id, ranked_sessions.c.place)
    )


_FIRST_AND_LAST = _first_and_last_query()


def save(connection: Connection, session_id: int, measure: Measure) -> None:
    """Store the measure of a session, replacing an earlier one."""
    values = {name: getattr(measure.effort, name) for name in _EFFORT_FIELDS} | {name: getattr(measure, name) for name in _OUTCOME_FIELDS}
    connection.execute(delete(session_measures).where(session_measures.c.session_id == session_id))
    connection.execute(insert(session_measures).values(session_id=session_id, **values))


def is_measured(connection: Connection, session_id: int) -> bool:
    """Return whether a session has a measure."""
    return connection.execute(select(session_measures.c.session_id).where(session_measures.c.session_id == session_id)).first() is not None


def list_measured(connection: Connection, project_id: int | None = None) -> list[MeasuredSession]:
    """Return all completed sessions with a measure: of one project by number, or of all projects in order of time."""
    query = _measured_query().where(sessions.c.status == "completed")
    if project_id is None:
        query = query.order_by(_ENDED_AT, sessions.c.id)
    else:
        query = query.where(sessions.c.project_id == project_id).order_by(sessions.c.number)
    return [_from_row(row) for row in connection.execute(query)]


def list_numbers(connection: Connection, project_id: int) -> list[int]:
    """Return the numbers of a project's completed sessions with a measure, in order."""
    query = select(sessions.c.number).select_from(session_measures.join(sessions))
    return list(
        connection.scalars(query.where(sessions.c.project_id == project_id, sessions.c.status == "completed").order_by(sessions.c.number))
    )


def list_by_numbers(connection: Connection, project_id: int, numbers: Collection[int]) -> list[MeasuredSession]:
    """Return the measured sessions with these numbers, in order."""
    query = _measured_query().where(sessions.c.project_id == project_id, sessions.c.number.in_(numbers)).order_by(sessions.c.number)
    return [_from_row(row) for row in connection.execute(query)]


def first_and_last(
    connection: Connection, project_ids: Collection[int], window: int
) -> dict[int, tuple[list[MeasuredSession], list[MeasuredSession], int]]:
    """Return for each project its first *window* measured and productive sessions, its last, and how many there are."""
    ends_by_project: dict[int, tuple[list[MeasuredSession], list[MeasuredSession], int]] = {}
    for row in connection.execute(_FIRST_AND_LAST, {"window": window, "ids": sorted(project_ids)}):
        first, last, total = ends_by_project.setdefault(row.project_id, ([], [], row.among))
        if row.place <= window:
            first.append(_from_row(row))
        if row.place > total - window:
            last.append(_from_row(row))
    return ends_by_project


def _from_row(row: Any) -> MeasuredSession:
    return MeasuredSession(
        project=row.name,
        session=row.number,
        ended_at=to_datetime_or_none(row.ended_at),
        credits_used=row.credits_used,
        measure=Measure(
            effort=Effort(**{name: getattr(row, name) for name in _EFFORT_FIELDS}),
            **{name: getattr(row, name) for name in _OUTCOME_FIELDS},
        ),
    )
