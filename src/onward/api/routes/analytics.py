"""Analytics: growth, predicted and actual, and what recurs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query, Response

from onward.api.answers.envelope import answers, ok
from onward.api.bodies import MAX_ID
from onward.api.context import Context
from onward.api.parsing import create_router
from onward.app import analytics
from onward.app.analytics import GrowthPoint, GrowthReport, Patterns, Retention
from onward.app.projects import projects
from onward.app.projects.projects import Project
from onward.core.analytics import csv_tables
from onward.core.analytics.growth_report import MAX_POINTS
from onward.errors import NotFound

router = create_router("analytics")

ProjectFilter = Annotated[int | None, Query(ge=1, le=MAX_ID, description="Only this project. Default: all projects together.")]
TableFormat = Annotated[Literal["json", "csv"], Query(description="JSON, or a table for spreadsheets.")]


@dataclass(frozen=True, slots=True)
class PredictedGrowthShape:
    """The prediction for the session of that number: `output` is credits · efficiency · knowledge, with 90 credits if unknown."""

    session: int
    efficiency_ratio: float
    knowledge_factor: float
    output: float


@dataclass(frozen=True, slots=True)
class ActualGrowthShape:
    """Measurements of a session's transcript; null means that it cannot be measured. `preservation_ratio` is the share of `kept_of` facts,
    with Wilson's interval at 95 %. Names end in their unit; docs/analytics.md defines each.
    """

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
    preservation_ratio: float | None
    handoff_tokens: int | None
    kept_of: int | None
    preservation_low_ratio: float | None
    preservation_high_ratio: float | None


@dataclass(frozen=True, slots=True)
class GrowthPointShape:
    """One completed session, predicted and actual. `position` counts from 1."""

    position: int
    project: str
    session_number: int
    ended_at: datetime | None
    predicted: PredictedGrowthShape
    actual: ActualGrowthShape


@dataclass(frozen=True, slots=True)
class ReachShape:
    """When the predicted efficiency reaches the target. `session` is null if it never does, because efficiency only approaches
    `asymptote_ratio`; then the nearest ratio that is reached is given.
    """

    target_ratio: float
    session: int | None
    asymptote_ratio: float
    nearest_ratio: float
    nearest_session: int
    message: str


@dataclass(frozen=True, slots=True)
class GrowthShape:
    """The curves and their totals. `…_interval` is the interval of a mean over sessions at 95 %. `growth` is in percent; `growth_basis` is
    `per credit` if not all credits are known.
    """

    points: list[GrowthPointShape]
    sessions: int
    not_measured: int
    growth: float
    growth_window: int
    growth_basis: Literal["credits", "per credit"]
    efficiency_ratio: float | None
    recovery_ratio: float | None
    rework_ratio: float | None
    first_edit_minutes: float | None
    credits_per_accomplishment: float | None
    preservation_ratio: float | None
    reach: ReachShape
    efficiency_interval: tuple[float, float] | None
    preservation_interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class RecurringErrorShape:
    """An error that occurred in several sessions, as the last of them had it at `handle`. Errors with the same `signature` are the same."""

    project: str
    signature: str
    text: str
    sessions: int
    times: int
    handle: str
    is_solved: bool


@dataclass(frozen=True, slots=True)
class ReworkFileShape:
    """A file that several sessions touched."""

    project: str
    path: str
    sessions: int
    times: int
    last_session_number: int


@dataclass(frozen=True, slots=True)
class BlockerShape:
    """An active blocker, and how many completed sessions it outlived."""

    project: str
    text: str
    handle: str
    outlived_sessions: int


@dataclass(frozen=True, slots=True)
class PatternsShape:
    """What recurs over sessions."""

    errors: list[RecurringErrorShape]
    files: list[ReworkFileShape]
    blockers: list[BlockerShape]


@dataclass(frozen=True, slots=True)
class RetentionPointShape:
    """The mean share (0..1) of a session's live facts that handoffs still show that many sessions later, over `sessions` sessions with
    `facts` facts, and its interval at 95 %.
    """

    later: int
    kept_ratio: float
    sessions: int
    facts: int
    low_ratio: float
    high_ratio: float


@dataclass(frozen=True, slots=True)
class RetentionShape:
    """How long facts stay in handoffs. `sessions` is the number of sessions whose handoffs were compared."""

    points: list[RetentionPointShape]
    sessions: int


def _growth_point_shape(point: GrowthPoint) -> GrowthPointShape:
    predicted = PredictedGrowthShape(**asdict(point.predicted))
    return GrowthPointShape(
        position=point.position,
        project=point.project,
        session_number=point.session,
        ended_at=point.ended_at,
        predicted=predicted,
        actual=ActualGrowthShape(**asdict(point.actual)),
    )


def growth_shape(report: GrowthReport) -> GrowthShape:
    """Return the shape of a growth report."""
    reach = report.reach
    message = (
        f"Predicted efficiency approaches {reach.asymptote_ratio:.0%} and never reaches it; "
        f"{reach.nearest_ratio:.1%} is reached at session {reach.nearest_session}."
    )
    means = (
        "efficiency_ratio",
        "recovery_ratio",
        "rework_ratio",
        "first_edit_minutes",
        "credits_per_accomplishment",
        "preservation_ratio",
        "efficiency_interval",
        "preservation_interval",
    )
    return GrowthShape(
        points=[_growth_point_shape(point) for point in report.points],
        sessions=report.sessions,
        not_measured=report.not_measured,
        growth=report.growth.percent,
        growth_window=report.growth.window,
        growth_basis="per credit" if report.growth.per_credit else "credits",
        **{name: getattr(report, name) for name in means},
        reach=ReachShape(
            target_ratio=reach.target_ratio,
            session=reach.session,
            asymptote_ratio=reach.asymptote_ratio,
            nearest_ratio=reach.nearest_ratio,
            nearest_session=reach.nearest_session,
            message=message,
        ),
    )


def patterns_shape(report: Patterns) -> PatternsShape:
    """Return the shape of the patterns."""
    return PatternsShape(
        [
            RecurringErrorShape(
                project=error.project,
                signature=error.signature,
                text=error.text,
                sessions=error.sessions,
                times=error.times,
                handle=f"s{error.last_session}.{error.turn}",
                is_solved=error.is_solved,
            )
            for error in report.errors
        ],
        [
            ReworkFileShape(
                project=file.project, path=file.path, sessions=file.sessions, times=file.times, last_session_number=file.last_session
            )
            for file in report.files
        ],
        [BlockerShape(blocker.project, blocker.text, str(blocker.handle), blocker.outlived_sessions) for blocker in report.blockers],
    )


def retention_shape(curve: Retention) -> RetentionShape:
    """Return the shape of a retention curve."""
    return RetentionShape([RetentionPointShape(**asdict(point)) for point in curve.points], curve.sessions)


def _json_or_csv(shape: type) -> dict[str, Any]:
    return answers(shape, NotFound, other_content={"text/csv": {"schema": {"type": "string"}}})


def _find_project(context: Context, project_id: int | None) -> Project | None:
    return None if project_id is None else projects.require(context.store, project_id)


@router.get("/analytics/growth", summary="How sessions grow more productive", **_json_or_csv(GrowthShape))
def show_growth(
    context: Context,
    project_id: ProjectFilter = None,
    points: Annotated[int, Query(ge=2, le=10_000, description="The most sessions to return, evenly chosen.")] = MAX_POINTS,
    format: TableFormat = "json",
) -> Response:
    """Return the curves of a project, or of all projects in order of time: predicted and actual, with totals over all sessions."""
    report = analytics.growth(context.store, _find_project(context, project_id), most_points=points)
    return Response(csv_tables.growth_csv(report), media_type="text/csv") if format == "csv" else ok(growth_shape(report))


@router.get("/analytics/patterns", summary="What recurs over sessions", **_json_or_csv(PatternsShape))
def show_patterns(
    context: Context,
    project_id: ProjectFilter = None,
    limit: Annotated[int, Query(ge=1, le=200, description="The most items of each kind.")] = 20,
    format: TableFormat = "json",
) -> Response:
    """Return errors and files that recur in several sessions, and blockers that outlast their session."""
    report = analytics.patterns(context.store, _find_project(context, project_id), limit=limit)
    return Response(csv_tables.patterns_csv(report), media_type="text/csv") if format == "csv" else ok(patterns_shape(report))


@router.get("/analytics/retention", summary="How long facts stay in handoffs", **answers(RetentionShape, NotFound))
def show_retention(context: Context, project_id: Annotated[int, Query(ge=1, le=MAX_ID, description="Only this project.")]) -> Response:
    """Return how many of the still valid facts in a session's handoff the handoffs of later sessions still show."""
    return ok(retention_shape(analytics.retention(context.store, projects.require(context.store, project_id))))
