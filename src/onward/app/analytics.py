"""Analytics: predicted and actual results of sessions, and recurring patterns. docs/analytics.md defines every figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from onward.core.analytics.growth import (
    ASYMPTOTE_RATIO,
    USUAL_CREDITS,
    Growth,
    Prediction,
    SessionOutput,
    TargetReach,
    comparison_size,
    efficiency_ratio,
    knowledge_factor,
    measure_growth,
    predict,
    predict_target,
    weigh_growths,
)
from onward.core.analytics.growth_report import (
    MAX_POINTS,
    GrowthPoint,
    GrowthReport,
    HandoffStep,
    Patterns,
    RecurringBlocker,
    RecurringError,
    RecurringFile,
    SessionMeasurement,
)
from onward.core.analytics.intervals import mean_interval, wilson_interval
from onward.core.facts.fact import Fact, Handle
from onward.core.facts.ledger import Edit, Ledger, apply_edits
from onward.core.handoff.retention import MAX_SESSIONS, HandoffFacts, Retention, RetentionPoint, measure_retention
from onward.core.project import Project
from onward.store import Store, analytics, facts, handoffs, project_files, projects, sessions
from onward.store.analytics import Measure, MeasuredSession

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = [
    "Growth",
    "GrowthPoint",
    "GrowthReport",
    "HandoffStep",
    "Patterns",
    "Prediction",
    "ProjectGrowths",
    "RecurringBlocker",
    "RecurringError",
    "RecurringFile",
    "Retention",
    "RetentionPoint",
    "SessionMeasurement",
    "TargetReach",
    "growth",
    "growth_by_project",
    "handoff_steps",
    "overall_growth",
    "patterns",
    "preservation_ratios",
    "retention",
]  # fmt: skip


NO_GROWTH = Growth(0.0, 0)

Sample = TypeVar("Sample")


@dataclass(frozen=True, slots=True)
class ProjectGrowths:
    """For lists: growth, and preservation of the current handoff, of each project, by project id."""

    growth_by_id: dict[int, Growth]
    preservation_ratio_by_id: dict[int, float]


def growth(store: Store, project: Project | None = None, *, most_points: int = MAX_POINTS) -> GrowthReport:
    """Return the growth curve of *project*, or of all projects by time, with at most *most_points* points."""
    with store.read() as connection:
        points = analytics.list_measured(connection, project.id if project else None)
        kept_counts = handoffs.current_kept_counts(connection, [project.id] if project else None)
    measures = [point.measure for point in points]
    efficiency_ratios = _not_none(map(_efficiency, measures))
    efforts = [measure.effort for measure in measures if measure.effort.recovery_tokens is not None and measure.effort.tokens > 0]
    tokens = sum(effort.tokens for effort in efforts)
    credited_points = [point for point in points if point.credits_used is not None and point.measure.accomplished]
    ratios = [kept_count / total for kept_count, total in kept_counts.values()]
    return GrowthReport(
        points=[
            _growth_point(position, point, by_number=project is not None)
            for position, point in _sample(list(enumerate(points, start=1)), most_points)
        ],
        sessions=len(points),
        not_measured=len(points) - len(efficiency_ratios),
        growth=_growth_of(points),
        efficiency_ratio=_mean(efficiency_ratios),
        recovery_ratio=sum(effort.recovery_tokens or 0 for effort in efforts) / tokens if tokens else None,
        rework_ratio=sum(effort.rework_tokens for effort in efforts) / tokens if tokens else None,
        first_edit_minutes=_mean(
            effort.first_edit_ms / 60_000 for effort in (measure.effort for measure in measures) if effort.first_edit_ms is not None
        ),
        credits_per_accomplishment=(
            sum(point.credits_used or 0.0 for point in credited_points) / sum(point.measure.accomplished for point in credited_points)
            if credited_points
            else None
        ),
        preservation_ratio=_mean(ratios),
        reach=predict_target(ASYMPTOTE_RATIO),
        efficiency_interval=mean_interval(efficiency_ratios),
        preservation_interval=wilson_interval(*kept_counts[project.id]) if project and project.id in kept_counts else mean_interval(ratios),
    )


def handoff_steps(store: Store, project: Project, limit: int) -> list[HandoffStep]:
    """Return the handoffs of at most *limit* of a project's completed sessions, evenly distributed, including the first and the last, each
    with what changed since the one before. Only these sessions are read.
    """
    with store.read() as connection:
        numbers = _sample(analytics.list_numbers(connection, project.id), limit)
        points = analytics.list_by_numbers(connection, project.id, numbers)
        ids_by_session = {
            number: document.fact_ids() for number, document in handoffs.list_by_numbers(connection, project.id, numbers).items()
        }
        facts_by_id = _facts_with_successors(connection, project, frozenset[str]().union(*ids_by_session.values()))
    statements = {fact_id: _current_statement(fact_id, facts_by_id) for fact_id in facts_by_id}
    live_statements = {(fact.kind, fact.text) for fact in facts_by_id.values() if fact.state == "live"}
    steps = []
    old: frozenset[tuple[str, str]] = frozenset()
    for position, point in enumerate(points, start=1):
        # A session that was completed after later ones has no handoff of its own: it changes nothing.
        shown_ids = ids_by_session.get(point.session)
        new = old if shown_ids is None else frozenset(statements[fact_id] for fact_id in shown_ids if fact_id in statements)
        dropped_count = len((old - new) & live_statements)
        steps.append(
            HandoffStep(
                _growth_point(position, point, by_number=True),
                added_count=len(new - old),
                closed_count=len(old - new) - dropped_count,
                dropped_count=dropped_count,
            )
        )
        old = new
    return steps


def _facts_with_successors(connection: Connection, project: Project, ids: frozenset[str]) -> dict[str, Fact]:
    """Return the facts with *ids* as they are now, and those that replaced them."""
    stated_facts, edits = facts.read_edits(connection, project.id)
    known_facts = {fact.id: fact for fact in stated_facts}
    missing_ids = ids - known_facts.keys()
    while missing_ids:
        loaded_facts = facts.list_by_ids(connection, project.id, missing_ids)
        known_facts.update({fact.id: fact for fact in loaded_facts})
        missing_ids = frozenset(fact.superseded_by for fact in loaded_facts if fact.superseded_by) - known_facts.keys() - missing_ids
    return {fact.id: fact for fact in apply_edits(Ledger(tuple(known_facts.values())), edits).facts}


def _current_statement(fact_id: str, facts_by_id: Mapping[str, Fact]) -> tuple[str, str]:
    """Return the kind and the text of the fact that says today what the fact *fact_id* said: its own if it holds or was settled. A fact
    that a later session repeats has the same.
    """
    visited: set[str] = set()
    fact = facts_by_id[fact_id]
    while fact.state in ("superseded", "contradicted") and fact.id not in visited and (newer := facts_by_id.get(fact.superseded_by or "")):
        visited.add(fact.id)
        fact = newer
    return fact.kind, fact.text


def growth_by_project(store: Store, project_list: Iterable[Project]) -> ProjectGrowths:
    """Return the growth of projects. Only the first and last sessions of each project are read."""
    ids = [project.id for project in project_list]
    with store.read() as connection:
        ends = analytics.first_and_last(connection, ids, comparison_size(10**9))
        ratios = _preservation_ratios(connection, ids)
    return ProjectGrowths({project_id: _growth_between(*end_points) for project_id, end_points in ends.items()}, ratios)


def overall_growth(store: Store) -> Growth:
    """Return the mean growth of all projects, weighted by their credits."""
    with store.read() as connection:
        ids = [project.id for project in projects.list_projects(connection)]
        ends = analytics.first_and_last(connection, ids, comparison_size(10**9))
    return weigh_growths([(_growth_between(*end_points), _credits_between(*end_points)) for end_points in ends.values()])


def preservation_ratios(store: Store, project_list: Iterable[Project] | None = None) -> dict[int, float]:
    """Return the share (0..1) of what is asked for that the current handoff of projects preserves, of some or all projects, by id.
    Projects without a known value are left out.
    """
    with store.read() as connection:
        return _preservation_ratios(connection, None if project_list is None else [project.id for project in project_list])


def _preservation_ratios(connection: Connection, project_ids: Sequence[int] | None) -> dict[int, float]:
    return {
        project_id: kept_count / total for project_id, (kept_count, total) in handoffs.current_kept_counts(connection, project_ids).items()
    }


def _growth_between(first: Sequence[MeasuredSession], last: Sequence[MeasuredSession], total: int) -> Growth:
    size = comparison_size(total)
    return (
        measure_growth([_output(point) for point in first[:size]], [_output(point) for point in last[len(last) - size :]])
        if size
        else NO_GROWTH
    )


def _growth_of(points: Sequence[MeasuredSession]) -> Growth:
    """Return the growth of the sessions of one project, or the weighted mean of several."""
    by_project: dict[str, list[MeasuredSession]] = {}
    for point in points:
        if point.measure.effort.recovery_tokens is not None:
            by_project.setdefault(point.project, []).append(point)
    ends = [(measured, measured, len(measured)) for measured in by_project.values()]
    return weigh_growths([(_growth_between(*end_points), _credits_between(*end_points)) for end_points in ends])


def _credits_between(first: Sequence[MeasuredSession], last: Sequence[MeasuredSession], total: int) -> float | None:
    """Return the credits of the sessions that the growth compares; None if those of one are unknown."""
    size = comparison_size(total)
    credits = [point.credits_used for point in (*first[:size], *last[len(last) - size :])]
    known = [amount for amount in credits if amount is not None]
    return sum(known) if len(known) == len(credits) else None


def _output(point: MeasuredSession) -> SessionOutput:
    efficiency = _efficiency(point.measure)
    per_credit = None if efficiency is None else efficiency * knowledge_factor(point.measure.facts_used_again)
    return SessionOutput(per_credit, point.credits_used)


def _efficiency(measure: Measure) -> float | None:
    effort = measure.effort
    return efficiency_ratio(effort.tokens, effort.recovery_tokens, effort.rework_tokens)


def _growth_point(position: int, point: MeasuredSession, *, by_number: bool) -> GrowthPoint:
    measure, effort, output = point.measure, point.measure.effort, _output(point)
    credits, accomplished = point.credits_used, measure.accomplished
    preservation_low_ratio, preservation_high_ratio = _interval(measure)
    actual = SessionMeasurement(
        efficiency_ratio=_efficiency(measure),
        knowledge_factor=knowledge_factor(measure.facts_used_again),
        output=output.total,
        output_per_credit=output.per_credit,
        tokens=effort.tokens,
        recovery_tokens=effort.recovery_tokens,
        rework_tokens=effort.rework_tokens,
        reread_tokens=effort.reread_tokens,
        repeated_tokens=effort.repeated_tokens,
        explained_tokens=effort.explained_tokens,
        first_edit_minutes=None if effort.first_edit_ms is None else round(effort.first_edit_ms / 60_000, 2),
        facts_used_again=measure.facts_used_again,
        accomplished=accomplished,
        credits_used=credits,
        credits_per_accomplishment=credits / accomplished if credits is not None and accomplished else None,
        preservation_ratio=measure.preservation_ratio,
        handoff_tokens=measure.handoff_tokens,
        kept_of=measure.kept_of,
        preservation_low_ratio=preservation_low_ratio,
        preservation_high_ratio=preservation_high_ratio,
    )
    nth = point.session if by_number else position
    return GrowthPoint(
        position=position,
        project=point.project,
        session=point.session,
        ended_at=point.ended_at,
        predicted=predict(nth, USUAL_CREDITS if credits is None else credits),
        actual=actual,
    )


def _interval(measure: Measure) -> tuple[float | None, float | None]:
    if measure.preservation_ratio is None or not measure.kept_of:
        return None, None
    return wilson_interval(round(measure.preservation_ratio * measure.kept_of), measure.kept_of)


def _sample(points: list[Sample], limit: int) -> list[Sample]:
    """Return at most *limit* of *points*, evenly distributed, including the first and the last."""
    if len(points) <= limit:
        return points
    step = (len(points) - 1) / max(1, limit - 1)
    return [points[round(step * i)] for i in range(limit)]


def _mean(values: Iterable[float]) -> float | None:
    numbers = list(values)
    return sum(numbers) / len(numbers) if numbers else None


def _not_none(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def patterns(store: Store, project: Project | None = None, *, limit: int = 20) -> Patterns:
    """Return recurring errors, files and blockers of *project*, or of all projects, at most *limit* of each."""
    with store.read() as connection:
        project_id = project.id if project else None
        project_list = [project] if project else projects.list_projects(connection)
        blockers = [blocker for owner in project_list for blocker in _blockers(connection, owner)]
        blockers.sort(key=lambda blocker: (-blocker.outlived_sessions, blocker.project, blocker.handle))
        return Patterns(
            project_files.list_often_seen(connection, project_id, limit),
            project_files.list_often_touched(connection, project_id, limit),
            blockers[:limit],
        )


def retention(store: Store, project: Project) -> Retention:
    """Return how much of what the sessions of *project* established its later handoffs still contain, session by session."""
    with store.read() as connection:
        documents = handoffs.list_latest_by_session(connection, project.id, MAX_SESSIONS)
        shown_ids = [(number, document.fact_ids()) for number, document in documents]
        # Facts that no handoff contains do not count; the ledger may be a hundred times as large.
        stored_facts = facts.list_by_ids(connection, project.id, frozenset[str]().union(*(ids for _, ids in shown_ids)))
        _, edits = facts.read_edits(connection, project.id)
    session_by_fact = {fact.id: fact.session for fact in stored_facts}
    live_ids = {fact.id for fact in _live_facts(stored_facts, edits)}
    return measure_retention(
        [HandoffFacts(frozenset(i for i in ids if session_by_fact.get(i) == number), ids) for number, ids in shown_ids], live_ids
    )


def _blockers(connection: Connection, project: Project) -> list[RecurringBlocker]:
    blocker_facts = facts.list_by_kind(connection, project.id, "blocker")
    if not blocker_facts:
        return []
    completed_numbers = [line.number for line in sessions.list_completed(connection, project.id)]
    _, edits = facts.read_edits(connection, project.id)
    live_facts = _live_facts(blocker_facts, edits)
    outlived_facts = [(fact, sum(number > fact.session for number in completed_numbers)) for fact in live_facts if fact.session]
    return [RecurringBlocker(project.name, fact.text, Handle(fact.session, fact.turn), count) for fact, count in outlived_facts if count]


def _live_facts(ledger_facts: Sequence[Fact], edits: Sequence[Edit]) -> tuple[Fact, ...]:
    return apply_edits(Ledger(tuple(ledger_facts)), edits).live()
