"""Analytics: what sessions were predicted to give and what they gave, and what recurs over many of them. docs/analytics.md defines every figure."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from io import StringIO

from sqlalchemy import Connection

from onward.core.facts import Fact, Handle
from onward.core.growth import (
    ASYMPTOTE_RATIO,
    USUAL_CREDITS,
    Growth,
    Output,
    Prediction,
    Reach,
    efficiency_ratio,
    grown,
    knowledge_factor,
    predicted,
    sessions_to,
    window,
)
from onward.core.ledger import Edit, Ledger, apply_edits
from onward.store import Store, analytics, facts, projects, sessions, touched
from onward.store.analytics import Measure, Point
from onward.store.projects import Project
from onward.store.touched import OftenMet, OftenTouched

__all__ = [
    "Actual", "Blocker", "Growth", "GrowthPoint", "GrowthReport", "Growths", "OftenMet", "OftenTouched", "Patterns", "Prediction", "Reach",
    "growth", "growth_csv", "growths", "patterns", "patterns_csv",
]  # fmt: skip

MOST_POINTS = 500
"""Sessions that a report shows one by one; of more, as many evenly chosen ones. Its totals are of all."""

NOTHING_GROWN = Growth(0.0, 0)


@dataclass(frozen=True, slots=True)
class Actual:
    """What one session gave, measured. What cannot be measured is None: efficiency without a productive step, output without credits."""

    efficiency_ratio: float | None
    knowledge_factor: float
    output: float | None
    output_per_credit: float | None
    tokens: int
    recovery_tokens: int | None
    rework_tokens: int
    reread_tokens: int
    repeated_tokens: int
    explained_tokens: int
    first_edit_minutes: float | None
    facts_used_again: int
    accomplished: int
    credits_used: float | None
    credits_per_accomplishment: float | None
    kept_ratio: float | None
    handoff_tokens: int | None


@dataclass(frozen=True, slots=True)
class GrowthPoint:
    """One completed session: what the formulae said of it, and what it gave. `place` is its place among all that are told of, from 1."""

    place: int
    project: str
    session: int
    ended_at: datetime | None
    predicted: Prediction
    actual: Actual


@dataclass(frozen=True, slots=True)
class GrowthReport:
    """The curves of a project, or of all together, and their totals. `not_measured` counts sessions without a productive step, which no mean holds."""

    points: list[GrowthPoint]
    sessions: int
    not_measured: int
    growth: Growth
    efficiency_ratio: float | None
    recovery_ratio: float | None
    rework_ratio: float | None
    first_edit_minutes: float | None
    credits_per_accomplishment: float | None
    kept_ratio: float | None
    reach: Reach


@dataclass(frozen=True, slots=True)
class Blocker:
    """A blocker that stands since session `handle.session` and outlived `outlived` completed sessions."""

    project: str
    text: str
    handle: Handle
    outlived: int


@dataclass(frozen=True, slots=True)
class Patterns:
    """What recurs over sessions: errors met again, files touched again and again, blockers that outlive their session."""

    errors: list[OftenMet]
    files: list[OftenTouched]
    blockers: list[Blocker]


@dataclass(frozen=True, slots=True)
class Growths:
    """For lists and totals: how much each project grew and the mean share that its handoffs keep, by id; and how much all grew together."""

    of_project: dict[int, Growth]
    kept_ratio: dict[int, float]
    overall: Growth


def growth(store: Store, project: Project | None = None, *, most_points: int = MOST_POINTS) -> GrowthReport:
    """Return the curves of *project*, or of all projects in order of time, at most *most_points* of them."""
    with store.read() as connection:
        points = analytics.points(connection, project.id if project else None)
    everything = [_told(place, one, by_number=project is not None) for place, one in enumerate(points, start=1)]
    actual = [one.actual for one in everything]
    measured = [one for one in actual if one.efficiency_ratio is not None]
    tokens = sum(one.tokens for one in measured)
    credited = [one for one in actual if one.credits_used is not None and one.accomplished]
    return GrowthReport(
        points=_thinned(everything, most_points),
        sessions=len(points),
        not_measured=len(points) - len(measured),
        growth=_grown(points),
        efficiency_ratio=_mean(one.efficiency_ratio for one in measured),
        recovery_ratio=sum(one.recovery_tokens or 0 for one in measured) / tokens if tokens else None,
        rework_ratio=sum(one.rework_tokens for one in measured) / tokens if tokens else None,
        first_edit_minutes=_mean(one.first_edit_minutes for one in actual),
        credits_per_accomplishment=(
            sum(one.credits_used or 0.0 for one in credited) / sum(one.accomplished for one in credited) if credited else None
        ),
        kept_ratio=_mean(one.kept_ratio for one in actual),
        reach=sessions_to(ASYMPTOTE_RATIO),
    )


def growths(store: Store, only: Iterable[Project] | None = None) -> Growths:
    """Return how much projects grew, and all together. Looks at the sessions at either end of each, not at all in between."""
    ids = None if only is None else [one.id for one in only]
    with store.read() as connection:
        ends = analytics.ends(connection, ids, window(10**9))
        overall = analytics.ends_of_all(connection, window(10**9)) if only is None else ([], [], 0)
        kept = analytics.kept_ratios(connection, ids)
    return Growths({project_id: _between(*found) for project_id, found in ends.items()}, kept, _between(*overall))


def _between(first: Sequence[Point], last: Sequence[Point], among: int) -> Growth:
    size = window(among)
    return grown([_output(one) for one in first[:size]], [_output(one) for one in last[len(last) - size :]]) if size else NOTHING_GROWN


def _grown(points: Sequence[Point]) -> Growth:
    measured = [one for one in points if one.measure.effort.recovery_tokens is not None]
    return _between(measured, measured, len(measured))


def _output(point: Point) -> Output:
    efficiency = _efficiency(point.measure)
    per_credit = None if efficiency is None else efficiency * knowledge_factor(point.measure.facts_used_again)
    return Output(per_credit, point.credits_used)


def _efficiency(measure: Measure) -> float | None:
    effort = measure.effort
    return efficiency_ratio(effort.tokens, effort.recovery_tokens, effort.rework_tokens)


def _told(place: int, point: Point, *, by_number: bool) -> GrowthPoint:
    measure, effort, output = point.measure, point.measure.effort, _output(point)
    credits, done = point.credits_used, measure.accomplished
    actual = Actual(
        _efficiency(measure), knowledge_factor(measure.facts_used_again), output.whole, output.per_credit,
        effort.tokens, effort.recovery_tokens, effort.rework_tokens, effort.reread_tokens, effort.repeated_tokens, effort.explained_tokens,
        None if effort.first_edit_ms is None else round(effort.first_edit_ms / 60_000, 2),
        measure.facts_used_again, done, credits, credits / done if credits is not None and done else None,
        measure.kept_ratio, measure.handoff_tokens,
    )  # fmt: skip
    nth = point.session if by_number else place
    return GrowthPoint(
        place, point.project, point.session, point.ended_at, predicted(nth, USUAL_CREDITS if credits is None else credits), actual
    )


def _thinned(points: list[GrowthPoint], most: int) -> list[GrowthPoint]:
    """Return at most *most* of *points*, evenly chosen, the first and the last among them."""
    if len(points) <= most:
        return points
    step = (len(points) - 1) / max(1, most - 1)
    return [points[round(step * i)] for i in range(most)]


def _mean(values: Iterable[float | None]) -> float | None:
    told = [one for one in values if one is not None]
    return sum(told) / len(told) if told else None


def patterns(store: Store, project: Project | None = None, *, limit: int = 20) -> Patterns:
    """Return what recurs over the sessions of *project*, or of every project, at most *limit* of each."""
    with store.read() as connection:
        of_project = project.id if project else None
        among = [project] if project else projects.listed(connection)
        blockers = [one for ours in among for one in _blockers(connection, ours)]
        blockers.sort(key=lambda one: (-one.outlived, one.project, one.handle))
        return Patterns(
            touched.often_met(connection, of_project, limit), touched.most_touched(connection, of_project, limit), blockers[:limit]
        )


def _blockers(connection: Connection, project: Project) -> list[Blocker]:
    standing = facts.of_kind(connection, project.id, "blocker")
    if not standing:
        return []
    completed = [line.number for line in sessions.completed_lines(connection, project.id)]
    _, edits = facts.edits(connection, project.id)
    live = _corrected(standing, edits)
    outlived = [(one, sum(number > one.session for number in completed)) for one in live if one.session]
    return [Blocker(project.name, one.text, Handle(one.session, one.turn), count) for one, count in outlived if count]


def _corrected(standing: Sequence[Fact], edits: Sequence[Edit]) -> tuple[Fact, ...]:
    return apply_edits(Ledger(tuple(standing)), edits).live()


GROWTH_COLUMNS = (
    "place", "project", "session", "ended_at", "predicted_efficiency", "predicted_knowledge", "predicted_output",
    *(field.name for field in fields(Actual)),
)  # fmt: skip


def growth_csv(report: GrowthReport) -> str:
    """Return the points of a report as CSV, with heads; what is not known is empty."""
    rows = [
        (
            one.place, one.project, one.session, one.ended_at.isoformat() if one.ended_at else None,
            one.predicted.efficiency_ratio, one.predicted.knowledge_factor, one.predicted.output,
            *(getattr(one.actual, field.name) for field in fields(Actual)),
        )
        for one in report.points
    ]  # fmt: skip
    return _csv(GROWTH_COLUMNS, rows)


def patterns_csv(found: Patterns) -> str:
    """Return what recurs as CSV: one table for all, `what` says which kind a row is."""
    rows: list[tuple[object, ...]] = [
        ("error", one.project, one.text, one.sessions, one.times, f"s{one.last_session}.{one.turn}") for one in found.errors
    ]
    rows += [("file", one.project, one.path, one.sessions, one.times, f"s{one.last_session}") for one in found.files]
    rows += [("blocker", one.project, one.text, one.outlived, None, str(one.handle)) for one in found.blockers]
    return _csv(("what", "project", "text", "sessions", "times", "last_seen"), rows)


def _csv(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = StringIO()
    write = csv.writer(out, lineterminator="\n").writerow
    write(heads)
    for row in rows:
        write([_cell(value) for value in row])
    return out.getvalue()


def _cell(value: object) -> object:
    """Return a value as a cell. A text that a spreadsheet would take for a formula is marked as text."""
    if isinstance(value, float):
        return round(value, 4)
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
