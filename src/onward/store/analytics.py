"""What completed sessions spent and gave: one row a session, written once when it is completed, read by every chart."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, Select, bindparam, delete, func, insert, select

from onward.core.rework import Effort
from onward.store.clock import told
from onward.store.prepared import Prepared
from onward.store.schema import projects, session_measures, sessions


class Measure(NamedTuple):
    """What one session spent and gave. `accomplished` counts what the ledger took from it as done; the last three are of the handoff that it made, which keeps its share of `kept_of` facts."""

    effort: Effort
    facts_used_again: int
    accomplished: int
    kept_ratio: float | None = None
    handoff_tokens: int | None = None
    kept_of: int | None = None


class Point(NamedTuple):
    """A completed session with its measure. `credits_used` is None where nobody told."""

    project: str
    session: int
    ended_at: datetime | None
    credits_used: float | None
    measure: Measure


_EFFORT = ("tokens", "recovery_tokens", "reread_tokens", "repeated_tokens", "explained_tokens", "edits", "commands", "failures", "first_edit_ms")  # fmt: skip
_REST = ("facts_used_again", "accomplished", "kept_ratio", "handoff_tokens", "kept_of")
_WHEN = func.coalesce(sessions.c.ended_at, sessions.c.completed_at, sessions.c.created_at)


def _points() -> Select[Any]:
    measured = [session_measures.c[name] for name in (*_EFFORT, *_REST)]
    return select(projects.c.name, sessions.c.number, sessions.c.ended_at, sessions.c.credits_used, *measured).select_from(
        session_measures.join(sessions).join(projects, projects.c.id == sessions.c.project_id)
    )


# Every list of projects asks these: they are made once, because making one costs five times what running it does.
_AMONG = sessions.c.project_id.in_(bindparam("ids", expanding=True))


def _ends() -> Select[Any]:
    place = func.row_number().over(partition_by=sessions.c.project_id, order_by=sessions.c.number)
    count = func.count().over(partition_by=sessions.c.project_id)
    chosen = (
        select(sessions.c.id, sessions.c.project_id, place.label("place"), count.label("among"))
        .select_from(session_measures.join(sessions))
        .where(sessions.c.status == "completed", session_measures.c.recovery_tokens.is_not(None), _AMONG)
        .subquery()
    )
    window = bindparam("window", type_=BigInteger)
    return (
        _points()
        .add_columns(chosen.c.project_id, chosen.c.place, chosen.c.among)
        .join(chosen, chosen.c.id == sessions.c.id)
        .where((chosen.c.place <= window) | (chosen.c.place > chosen.c.among - window))
        .order_by(chosen.c.project_id, chosen.c.place)
    )


_ENDS = Prepared(_ends())
_ANY_KEPT = (
    select(sessions.c.project_id, func.avg(session_measures.c.kept_ratio))
    .select_from(session_measures.join(sessions))
    .where(sessions.c.status == "completed")
    .group_by(sessions.c.project_id)
)
_KEPT, _KEPT_AMONG = Prepared(_ANY_KEPT), Prepared(_ANY_KEPT.where(_AMONG))


def keep(connection: Connection, session_id: int, measure: Measure) -> None:
    """Keep the measure of a session, instead of what was kept of it before."""
    values = {name: getattr(measure.effort, name) for name in _EFFORT} | {name: getattr(measure, name) for name in _REST}
    connection.execute(delete(session_measures).where(session_measures.c.session_id == session_id))
    connection.execute(insert(session_measures).values(session_id=session_id, **values))


def is_measured(connection: Connection, session_id: int) -> bool:
    """Say whether there is a measure of a session."""
    return connection.execute(select(session_measures.c.session_id).where(session_measures.c.session_id == session_id)).first() is not None


def points(connection: Connection, project_id: int | None = None) -> list[Point]:
    """Return every measured session that is completed, of one project by number or of all in order of time."""
    query = _points().where(sessions.c.status == "completed")
    if project_id is None:
        query = query.order_by(_WHEN, sessions.c.id)
    else:
        query = query.where(sessions.c.project_id == project_id).order_by(sessions.c.number)
    return [_point(row) for row in connection.execute(query)]


def measured_numbers(connection: Connection, project_id: int) -> list[int]:
    """Return the numbers of a project's sessions that are measured and completed, in order."""
    query = select(sessions.c.number).select_from(session_measures.join(sessions))
    return list(
        connection.scalars(query.where(sessions.c.project_id == project_id, sessions.c.status == "completed").order_by(sessions.c.number))
    )


def points_of(connection: Connection, project_id: int, numbers: Collection[int]) -> list[Point]:
    """Return the measured sessions of these numbers, in order."""
    query = _points().where(sessions.c.project_id == project_id, sessions.c.number.in_(numbers)).order_by(sessions.c.number)
    return [_point(row) for row in connection.execute(query)]


def ends(connection: Connection, project_ids: Collection[int], window: int) -> dict[int, tuple[list[Point], list[Point], int]]:
    """Return by project its first *window* sessions that are measured and productive, its last, and how many there are in all."""
    found: dict[int, tuple[list[Point], list[Point], int]] = {}
    for row in _ENDS.all(connection, window=window, ids=sorted(project_ids)):
        first, last, among = found.setdefault(row.project_id, ([], [], row.among))
        if row.place <= window:
            first.append(_point(row))
        if row.place > among - window:
            last.append(_point(row))
    return found


def ends_of_all(connection: Connection, window: int) -> tuple[list[Point], list[Point], int]:
    """Return the first *window* measured and productive sessions of all projects in order of time, the last, and how many there are in all."""
    which = (sessions.c.status == "completed") & session_measures.c.recovery_tokens.is_not(None)
    among = connection.execute(select(func.count()).select_from(session_measures.join(sessions)).where(which)).scalar_one()
    first = connection.execute(_points().where(which).order_by(_WHEN, sessions.c.id).limit(window))
    last = connection.execute(_points().where(which).order_by(_WHEN.desc(), sessions.c.id.desc()).limit(window))
    return [_point(row) for row in first], [_point(row) for row in last][::-1], among


def kept_ratios(connection: Connection, project_ids: Collection[int] | None = None) -> dict[int, float]:
    """Return by project the mean share that the handoffs of its completed sessions keep; only projects where one is known."""
    query, given = (_KEPT, {}) if project_ids is None else (_KEPT_AMONG, {"ids": sorted(project_ids)})
    return {project_id: float(mean) for project_id, mean in query.all(connection, **given) if mean is not None}


def _point(row: Any) -> Point:
    effort, rest = row[4 : 4 + len(_EFFORT)], row[4 + len(_EFFORT) : 4 + len(_EFFORT) + len(_REST)]
    return Point(row[0], row[1], told(row[2]), row[3], Measure(Effort(*effort), *rest))
