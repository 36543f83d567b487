"""Analytics: what sessions were predicted to give and what they gave, and what recurs over many of them. docs/analytics.md defines every figure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

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
from onward.core.growth_report import (
    MOST_POINTS,
    Actual,
    Blocker,
    GrowthPoint,
    GrowthReport,
    OftenMet,
    OftenTouched,
    Patterns,
    growth_csv,
    patterns_csv,
)
from onward.core.intervals import of_mean, wilson
from onward.core.ledger import Edit, Ledger, apply_edits
from onward.core.project import Project
from onward.core.retention import MOST_SESSIONS, Retention, RetentionPoint, Shown
from onward.core.retention import retention as retained
from onward.store import Store, analytics, facts, handoffs, projects, sessions, touched
from onward.store.analytics import Measure, Point

__all__ = [
    "Actual", "Blocker", "Growth", "GrowthPoint", "GrowthReport", "Growths", "OftenMet", "OftenTouched", "Patterns", "Prediction", "Reach",
    "Retention", "RetentionPoint", "growth", "growth_csv", "growths", "kept_ratios", "overall_growth", "patterns", "patterns_csv", "retention", "steps",
]  # fmt: skip


NOTHING_GROWN = Growth(0.0, 0)

Each = TypeVar("Each")


@dataclass(frozen=True, slots=True)
class Growths:
    """For lists: how much each project grew and the mean share that its handoffs keep, by id."""

    of_project: dict[int, Growth]
    kept_ratio: dict[int, float]


def growth(store: Store, project: Project | None = None, *, most_points: int = MOST_POINTS) -> GrowthReport:
    """Return the curves of *project*, or of all projects in order of time, at most *most_points* of them."""
    with store.read() as connection:
        points = analytics.points(connection, project.id if project else None)
    measures = [one.measure for one in points]
    efficiencies = _known(map(_efficiency, measures))
    measured = [one.effort for one in measures if one.effort.recovery_tokens is not None and one.effort.tokens > 0]
    tokens = sum(one.tokens for one in measured)
    credited = [one for one in points if one.credits_used is not None and one.measure.accomplished]
    kept = _known(one.kept_ratio for one in measures)
    return GrowthReport(
        points=[_told(place, one, by_number=project is not None) for place, one in _thinned(list(enumerate(points, start=1)), most_points)],
        sessions=len(points),
        not_measured=len(points) - len(efficiencies),
        growth=_grown(points),
        efficiency_ratio=_mean(efficiencies),
        recovery_ratio=sum(one.recovery_tokens or 0 for one in measured) / tokens if tokens else None,
        rework_ratio=sum(one.rework_tokens for one in measured) / tokens if tokens else None,
        first_edit_minutes=_mean(one.first_edit_ms / 60_000 for one in (each.effort for each in measures) if one.first_edit_ms is not None),
        credits_per_accomplishment=(
            sum(one.credits_used or 0.0 for one in credited) / sum(one.measure.accomplished for one in credited) if credited else None
        ),
        kept_ratio=_mean(kept),
        reach=sessions_to(ASYMPTOTE_RATIO),
        efficiency_interval=of_mean(efficiencies),
        kept_interval=of_mean(kept),
    )


def steps(store: Store, project: Project, most: int) -> list[GrowthPoint]:
    """Return at most *most* of a project's completed sessions, evenly chosen, the first and the last among them. Only these are looked at, however many there are."""
    with store.read() as connection:
        chosen = _thinned(analytics.measured_numbers(connection, project.id), most)
        points = analytics.points_of(connection, project.id, chosen)
    return [_told(place, one, by_number=True) for place, one in enumerate(points, start=1)]


def growths(store: Store, of: Iterable[Project]) -> Growths:
    """Return how much projects grew. Looks at the sessions at either end of each, not at all in between."""
    ids = [one.id for one in of]
    with store.read() as connection:
        ends = analytics.ends(connection, ids, window(10**9))
        kept = analytics.kept_ratios(connection, ids)
    return Growths({project_id: _between(*found) for project_id, found in ends.items()}, kept)


def overall_growth(store: Store) -> Growth:
    """Return how much all projects grew together."""
    with store.read() as connection:
        return _between(*analytics.ends_of_all(connection, window(10**9)))


def kept_ratios(store: Store, of: Iterable[Project] | None = None) -> dict[int, float]:
    """Return the mean share (0..1) that the handoffs of projects keep, of some or of all, by id; only where one is known."""
    with store.read() as connection:
        return analytics.kept_ratios(connection, None if of is None else [one.id for one in of])


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
        measure.kept_ratio, measure.handoff_tokens, measure.kept_of, *_interval(measure),
    )  # fmt: skip
    nth = point.session if by_number else place
    return GrowthPoint(
        place, point.project, point.session, point.ended_at, predicted(nth, USUAL_CREDITS if credits is None else credits), actual
    )


def _interval(measure: Measure) -> tuple[float | None, float | None]:
    if measure.kept_ratio is None or not measure.kept_of:
        return None, None
    return wilson(round(measure.kept_ratio * measure.kept_of), measure.kept_of)


def _thinned(points: list[Each], most: int) -> list[Each]:
    """Return at most *most* of *points*, evenly chosen, the first and the last among them."""
    if len(points) <= most:
        return points
    step = (len(points) - 1) / max(1, most - 1)
    return [points[round(step * i)] for i in range(most)]


def _mean(values: Iterable[float]) -> float | None:
    told = list(values)
    return sum(told) / len(told) if told else None


def _known(values: Iterable[float | None]) -> list[float]:
    return [one for one in values if one is not None]


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


def retention(store: Store, project: Project) -> Retention:
    """Return how much of what sessions of *project* established its handoffs still show, session by session later."""
    with store.read() as connection:
        made = handoffs.made_by_sessions(connection, project.id, MOST_SESSIONS)
        shown = [(number, document.fact_ids()) for number, document in made]
        # What no handoff shows has no part in it: the ledger may be a hundred times that.
        known = facts.of_ids(connection, project.id, frozenset[str]().union(*(ids for _, ids in shown)))
        _, edits = facts.edits(connection, project.id)
    of_session = {fact.id: fact.session for fact in known}
    live = {fact.id for fact in _corrected(known, edits)}
    return retained([Shown(frozenset(i for i in ids if of_session.get(i) == number), ids) for number, ids in shown], live)


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
