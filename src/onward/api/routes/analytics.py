"""Analytics: the curves of growth, predicted and actual, and what recurs."""

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
from onward.core.analytics.growth_report import MAX_POINTS
from onward.errors import NotFound

router = create_router("analytics")

ProjectFilter = Annotated[int | None, Query(ge=1, le=MAX_ID, description="Only this project; without it, all together.")]
OutputFormat = Annotated[Literal["json", "csv"], Query(description="JSON, or a table for spreadsheets.")]


@dataclass(frozen=True, slots=True)
class PredictedGrowthShape:
    """What the formulae say of the session of that number: `output` is credits · efficiency · knowledge, for 90 credits where nobody told."""

    session: int
    efficiency_ratio: float
    knowledge_factor: float
    output: float


@dataclass(frozen=True, slots=True)
class ActualGrowthShape:
    """What a session gave, measured from its transcript; null is what cannot be measured. `kept_ratio` is of `kept_of` facts, with Wilson's interval at 95 %. Figures end in their unit; docs/analytics.md
    defines each.
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
    kept_ratio: float | None
    handoff_tokens: int | None
    kept_of: int | None
    kept_low_ratio: float | None
    kept_high_ratio: float | None


@dataclass(frozen=True, slots=True)
class GrowthPointShape:
    """One completed session, predicted and actual side by side. `place` counts from 1."""

    place: int
    project: str
    session_number: int
    ended_at: datetime | None
    predicted: PredictedGrowthShape
    actual: ActualGrowthShape


@dataclass(frozen=True, slots=True)
class ReachShape:
    """When the target is reached, by formula: `session` is null where it never is, because efficiency only comes near to `asymptote_ratio`; then the nearest that is reached."""

    target_ratio: float
    session: int | None
    asymptote_ratio: float
    nearest_ratio: float
    nearest_session: int
    message: str


@dataclass(frozen=True, slots=True)
class GrowthShape:
    """The curves and their totals. `…_interval` is that of a mean over sessions, at 95 %. `growth` is in per cent; `growth_basis` says whether credits were counted or, where not all are known, left out."""

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
    kept_ratio: float | None
    reach: ReachShape
    efficiency_interval: tuple[float, float] | None
    kept_interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class RecurringErrorShape:
    """An error that several sessions met; in the words of the last, at `handle`. `signature` is what makes it the same error."""

    project: str
    signature: str
    text: str
    sessions: int
    times: int
    handle: str
    solved: bool


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
    """A blocker that stands, and how many completed sessions it outlived."""

    project: str
    text: str
    handle: str
    outlived: int


@dataclass(frozen=True, slots=True)
class PatternsShape:
    """What recurs over sessions."""

    errors: list[RecurringErrorShape]
    files: list[ReworkFileShape]
    blockers: list[BlockerShape]


@dataclass(frozen=True, slots=True)
class RetentionPointShape:
    """That many sessions later: the mean share (0..1) of a session's live facts that handoffs still show, of how many sessions it is the mean and how many facts these are, and its interval at 95 %."""

    later: int
    kept_ratio: float
    sessions: int
    facts: int
    low_ratio: float
    high_ratio: float


@dataclass(frozen=True, slots=True)
class RetentionShape:
    """What survives over sessions. `sessions` are those whose handoffs were looked at."""

    points: list[RetentionPointShape]
    sessions: int


def _growth_point_shape(point: GrowthPoint) -> GrowthPointShape:
    predicted = PredictedGrowthShape(**asdict(point.predicted))
    return GrowthPointShape(
        place=point.place,
        project=point.project,
        session_number=point.session,
        ended_at=point.ended_at,
        predicted=predicted,
        actual=ActualGrowthShape(**asdict(point.actual)),
    )


def growth_shape(report: GrowthReport) -> GrowthShape:
    """Return the curves as they are answered."""
    reach = report.reach
    message = (
        f"Predicted efficiency comes ever nearer to {reach.asymptote_ratio:.0%} and never reaches it; "
        f"{reach.nearest_ratio:.1%} is reached at session {reach.nearest_session}."
    )
    means = (
        "efficiency_ratio",
        "recovery_ratio",
        "rework_ratio",
        "first_edit_minutes",
        "credits_per_accomplishment",
        "kept_ratio",
        "efficiency_interval",
        "kept_interval",
    )
    return GrowthShape(
        points=[_growth_point_shape(point) for point in report.points], sessions=report.sessions, not_measured=report.not_measured,
        growth=report.growth.percent, growth_window=report.growth.window, growth_basis="per credit" if report.growth.per_credit else "credits",
        **{name: getattr(report, name) for name in means},
        reach=ReachShape(target_ratio=reach.target_ratio, session=reach.session, asymptote_ratio=reach.asymptote_ratio, nearest_ratio=reach.nearest_ratio, nearest_session=reach.nearest_session, message=message),
    )  # fmt: skip


def patterns_shape(report: Patterns) -> PatternsShape:
    """Return what recurs as it is answered."""
    return PatternsShape(
        [
            RecurringErrorShape(
                project=error.project,
                signature=error.signature,
                text=error.text,
                sessions=error.sessions,
                times=error.times,
                handle=f"s{error.last_session}.{error.turn}",
                solved=error.is_solved,
            )
            for error in report.errors
        ],
        [
            ReworkFileShape(
                project=file.project, path=file.path, sessions=file.sessions, times=file.times, last_session_number=file.last_session
            )
            for file in report.files
        ],
        [BlockerShape(blocker.project, blocker.text, str(blocker.handle), blocker.outlived) for blocker in report.blockers],
    )


def retention_shape(curve: Retention) -> RetentionShape:
    """Return the curve of retention as it is answered."""
    return RetentionShape([RetentionPointShape(**asdict(point)) for point in curve.points], curve.sessions)


def _json_or_csv(shape: type) -> dict[str, Any]:
    return answers(shape, NotFound, other_content={"text/csv": {"schema": {"type": "string"}}})


def _find_project(context: Context, project_id: int | None) -> Project | None:
    return None if project_id is None else projects.require(context.store, project_id)


@router.get("/analytics/growth", summary="How sessions grow more productive", **_json_or_csv(GrowthShape))
def show_growth(
    context: Context,
    project_id: ProjectFilter = None,
    points: Annotated[int, Query(ge=2, le=10_000, description="Sessions shown at most; of more, evenly chosen ones.")] = MAX_POINTS,
    format: OutputFormat = "json",
) -> Response:
    """Answer the curves of a project, or of all projects in order of time: predicted and actual side by side, with their totals over all sessions."""
    report = analytics.growth(context.store, _find_project(context, project_id), most_points=points)
    return Response(analytics.growth_csv(report), media_type="text/csv") if format == "csv" else ok(growth_shape(report))


@router.get("/analytics/patterns", summary="What recurs over sessions", **_json_or_csv(PatternsShape))
def show_patterns(
    context: Context,
    project_id: ProjectFilter = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Of each kind at most.")] = 20,
    format: OutputFormat = "json",
) -> Response:
    """Answer errors that several sessions met, files that several touched, and blockers that outlive their session."""
    report = analytics.patterns(context.store, _find_project(context, project_id), limit=limit)
    return Response(analytics.patterns_csv(report), media_type="text/csv") if format == "csv" else ok(patterns_shape(report))


@router.get("/analytics/retention", summary="What survives over sessions", **answers(RetentionShape, NotFound))
def show_retention(context: Context, project_id: Annotated[int, Query(ge=1, le=MAX_ID, description="Of this project.")]) -> Response:
    """Answer how much of what a session's handoff showed of it, and what still holds, the handoffs of later sessions still show."""
    return ok(retention_shape(analytics.retention(context.store, projects.require(context.store, project_id))))
