"""Analytics: predicted and actual output of sessions, recurring errors, files and blockers, and credit usage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Annotated, NamedTuple, TypeAlias

from fastapi import Query, Response

from onward.app import analytics
from onward.app.accounts.selection import ModelUsage, analyze
from onward.app.analytics import GrowthPoint, GrowthReport, Retention
from onward.app.projects import projects
from onward.core.analytics.intervals import trend_interval
from onward.web.chart import Chart
from onward.web.format_values import format_decimal, format_integer, format_interval, format_percent
from onward.web.language import _, ngettext
from onward.web.page_request import CurrentPageRequest, page_router
from onward.web.render import page, partial

router = page_router()

MAX_POINTS = 300
MAX_RECURRING = 10
MAX_MODELS = 12
TITLE_LATER = 5
_TREND_SESSIONS = (1, 10, 100)
"""Over how many sessions a change is given: the smallest at which it does not round to zero."""


_Measure: TypeAlias = Callable[[GrowthPoint], float | None]


class _Curve(NamedTuple):
    name: str
    is_predicted: bool
    value: _Measure


class _Basis(NamedTuple):
    """What a point rests on: the label and number of the things counted, and the 95 % interval of the share, if it has one."""

    name: str
    count_turns: Callable[[GrowthPoint], int | None]
    interval: Callable[[GrowthPoint], tuple[float, float] | None] | None = None


@router.get("/analytics")
def show_analytics(request: CurrentPageRequest, project: int | None = None) -> Response:
    """Show the analytics of one project, or of all."""
    chosen_project = projects.require(request.store, project) if project else None
    report = analytics.growth(request.store, chosen_project, most_points=MAX_POINTS)
    return page(
        request,
        "pages/analytics.html",
        project=chosen_project,
        report=report,
        charts=charts(report) if report.sessions else [],
        project_lines=projects.list_known(request.store),
    )


@router.get("/parts/analytics/table")
def chart_table_part(request: CurrentPageRequest, chart: Annotated[int, Query(ge=0, le=3)], project: int | None = None) -> Response:
    """Return a chart of the page as a table."""
    chosen_project = projects.require(request.store, project) if project else None
    report = analytics.growth(request.store, chosen_project, most_points=MAX_POINTS)
    return partial(request, "partials/_chart_table.html", chart_data=charts(report)[chart])


@router.get("/parts/analytics/recurring")
def recurring_part(request: CurrentPageRequest, project: int | None = None) -> Response:
    """Return recurring errors, files and blockers."""
    chosen_project = projects.require(request.store, project) if project else None
    patterns = analytics.patterns(request.store, chosen_project, limit=MAX_RECURRING)
    project_ids = {line.project.name: line.project.id for line in projects.list_known(request.store)}
    return partial(request, "partials/_recurring.html", patterns=patterns, project_ids=project_ids, project=chosen_project)


@router.get("/parts/analytics/credits")
def credits_part(request: CurrentPageRequest, project: int | None = None) -> Response:
    """Return the credit usage by account, project and model."""
    chosen_project = projects.require(request.store, project) if project else None
    analysis = analyze(request.store, project_id=chosen_project.id if chosen_project else None)
    usage = [model_usage for project_usage in analysis.projects for model_usage in project_usage.usage]
    return partial(request, "partials/_credits.html", analysis=analysis, models=_by_model(usage)[:MAX_MODELS], project=chosen_project)


@router.get("/parts/analytics/retention")
def retention_part(request: CurrentPageRequest, project: int) -> Response:
    """Return the retention chart of a project."""
    retention = analytics.retention(request.store, projects.require(request.store, project))
    return partial(request, "partials/_retention.html", retention_chart=retention_chart(retention) if len(retention.points) > 1 else None)


def retention_chart(retention: Retention) -> Chart:
    """Return the retention chart; its title names five sessions later, or the latest point."""
    title_point = next((point for point in reversed(retention.points) if point.later <= TITLE_LATER), retention.points[-1])
    title = ngettext(
        "%(share)s of still-valid facts survive %(num)s session",
        "%(share)s of still-valid facts survive %(num)s sessions",
        title_point.later,
        share=format_percent(title_point.kept_ratio),
    )
    note = _(
        "The share of facts shown in a session’s own handoff and still live that later handoffs show too. "
        "Facts resolved, superseded or retracted since then are excluded."
    )
    labels = [ngettext("After %(num)s session", "After %(num)s sessions", point.later) for point in retention.points]
    values = [round(point.kept_ratio, 4) for point in retention.points]
    intervals = [(point.low_ratio, point.high_ratio) for point in retention.points]
    data = {
        "x": [point.later for point in retention.points],
        "ticks": [point.later for point in retention.points],
        "axis": _("Sessions later"),
        "labels": labels,
        "series": [{"name": _("Still shown"), "predicted": False, "values": values}],
        "unit": "percent",
        "band": _band(intervals),
        "notes": [
            f"{_('95% CI')} {format_interval(interval)} · {_('Sessions averaged')}: {point.sessions} · "
            f"{_('Facts')}: {format_integer(point.facts)}"
            for point, interval in zip(retention.points, intervals, strict=True)
        ],
    }
    heads = [_("Sessions later"), _("Still shown"), _("95% CI"), _("Sessions averaged"), _("Facts")]
    rows = [
        [str(point.later), format_percent(point.kept_ratio), format_interval(interval), str(point.sessions), format_integer(point.facts)]
        for point, interval in zip(retention.points, intervals, strict=True)
    ]
    return Chart(title=title, note=note, data=data, heads=heads, rows=rows)


def _band(intervals: list[tuple[float, float] | None] | list[tuple[float, float]]) -> list[list[float | None]]:
    """Return the upper and the lower ends of the intervals, as the chart element takes them."""
    return [[None if interval is None else round(interval[end], 4) for interval in intervals] for end in (1, 0)]


def charts(report: GrowthReport) -> list[Chart]:
    """Return the charts of a report."""
    has_credits = any(point.actual.output is not None for point in report.points)
    tokens = _Basis(_("Tokens"), lambda point: point.actual.tokens)
    count_note = _("Exact counts, so no error bars.")

    def read_predicted_output(point: GrowthPoint) -> float:
        return point.predicted.output if has_credits else point.predicted.efficiency_ratio * point.predicted.knowledge_factor

    def read_efficiency(point: GrowthPoint) -> float | None:
        return point.actual.efficiency_ratio

    def read_knowledge(point: GrowthPoint) -> float | None:
        return point.actual.knowledge_factor

    return [
        _chart(
            _output_title(report),
            f"{_output_note(has_credits=has_credits)} {count_note}"
            + _prediction_note(is_falling=bool(report.growth.window) and round(report.growth.percent) < 0),
            report.points,
            "number",
            tokens,
            _Curve(_("Predicted"), True, read_predicted_output),
            _Curve(_("Actual"), False, lambda point: point.actual.output if has_credits else point.actual.output_per_credit),
        ),
        _chart(
            _trend_title(_("Efficiency"), report.points, read_efficiency, _format_tenths),
            f"{_('The share of a session’s tokens that is neither recovery nor rework.')} {count_note}{_mean_note(report)}"
            + _prediction_note(is_falling=_falls(report.points, read_efficiency)),
            report.points,
            "percent",
            tokens,
            _Curve(_("Predicted"), True, lambda point: point.predicted.efficiency_ratio),
            _Curve(_("Actual"), False, read_efficiency),
        ),
        _chart(
            _trend_title(_("Knowledge factor"), report.points, read_knowledge, lambda value: format_decimal(value, 2)),
            _("1 + ln(1 + reused facts / 10): facts from earlier sessions that this session used.")
            + _prediction_note(is_falling=_falls(report.points, read_knowledge)),
            report.points,
            "number",
            _Basis(_("Reused facts"), lambda point: point.actual.facts_used_again),
            _Curve(_("Predicted"), True, lambda point: point.predicted.knowledge_factor),
            _Curve(_("Actual"), False, read_knowledge),
        ),
        _chart(
            _trend_title(_("Preservation"), report.points, lambda point: point.actual.preservation_ratio, _format_tenths),
            _("The share of expected facts that each handoff preserves, estimated automatically, with its Wilson interval at 95%."),
            report.points,
            "percent",
            _Basis(_("Facts"), lambda point: point.actual.kept_of, _preservation_interval),
            _Curve(_("Preserved"), False, lambda point: point.actual.preservation_ratio),
        ),
    ]


def _output_note(*, has_credits: bool) -> str:
    if has_credits:
        return _("Credits × efficiency × knowledge factor. Predicted by formula; actual from transcripts.")
    return _("Output per credit: efficiency × knowledge factor (no credits recorded yet).")


def _mean_note(report: GrowthReport) -> str:
    """Return the average efficiency with its interval; empty for fewer than two sessions."""
    if report.efficiency_interval is None:
        return ""
    measured, mean, interval = (
        report.sessions - report.not_measured,
        format_percent(report.efficiency_ratio),
        format_interval(report.efficiency_interval),
    )
    return " " + _(
        "Average of %(sessions)s sessions: %(mean)s (95%% CI %(interval)s).",
        sessions=format_integer(measured),
        mean=mean,
        interval=interval,
    )


def _preservation_interval(point: GrowthPoint) -> tuple[float, float] | None:
    low, high = point.actual.preservation_low_ratio, point.actual.preservation_high_ratio
    return None if low is None or high is None else (low, high)


def _output_title(report: GrowthReport) -> str:
    """Return the trend of the output as a sentence."""
    if not report.growth.window:
        return _("Output per session")
    change = format_percent(abs(report.growth.percent) / 100)
    sessions = ngettext("%(num)s session", "%(num)s sessions", report.sessions)
    if round(report.growth.percent) == 0:
        return _("Output unchanged over %(sessions)s", sessions=sessions)
    is_rise = report.growth.percent > 0
    return (
        _("Output rose %(change)s over %(sessions)s", change=change, sessions=sessions)
        if is_rise
        else _("Output fell %(change)s over %(sessions)s", change=change, sessions=sessions)
    )


def _measure_trend(points: Sequence[GrowthPoint], measure: _Measure) -> tuple[float, float, float] | None:
    """Return the change of a figure from session to session, with its interval."""
    measured = [(point.position, value) for point in points if (value := measure(point)) is not None]
    return trend_interval([value for _position, value in measured], [position for position, _value in measured])


def _falls(points: Sequence[GrowthPoint], measure: _Measure) -> bool:
    trend = _measure_trend(points, measure)
    return trend is not None and trend[2] < 0


def _trend_title(figure: str, points: Sequence[GrowthPoint], measure: _Measure, format_value: Callable[[float], str]) -> str:
    """Return the trend of a figure as a sentence: its change over as many sessions as make it visible, with the interval at 95 %."""
    last_value = next((value for point in reversed(points) if (value := measure(point)) is not None), None)
    if last_value is None:
        return figure
    trend = _measure_trend(points, measure)
    if trend is None:
        return f"{figure}: {format_value(last_value)}"
    sessions = next((count for count in _TREND_SESSIONS if _is_visible(trend, count, format_value)), _TREND_SESSIONS[-1])
    change, low, high = (value * sessions for value in trend)
    interval = _("%(low)s to %(high)s", low=_format_change(low, format_value), high=_format_change(high, format_value))
    span = _("per session") if sessions == 1 else _("per %(count)s sessions", count=sessions)
    if low <= 0 <= high:
        return _("%(what)s: no clear trend (%(interval)s %(span)s)", what=figure, interval=interval, span=span)
    return (
        _("%(what)s rises by %(change)s %(span)s (%(interval)s)", what=figure, change=format_value(change), span=span, interval=interval)
        if change > 0
        else _(
            "%(what)s falls by %(change)s %(span)s (%(interval)s)", what=figure, change=format_value(-change), span=span, interval=interval
        )
    )


def _is_visible(trend: tuple[float, float, float], sessions: int, format_value: Callable[[float], str]) -> bool:
    """Return whether the interval of the change over *sessions* does not round to zero: both of its ends, or one of them if zero is
    between.
    """
    _change, low, high = trend
    shown = [format_value(abs(end) * sessions) != format_value(0.0) for end in (low, high)]
    return any(shown) if low <= 0 <= high else all(shown)


def _prediction_note(*, is_falling: bool) -> str:
    """Return a sentence where the measured sessions fall: the prediction always rises."""
    return f" {_('The formula predicts a rise, which these sessions do not show.')}" if is_falling else ""


def _format_tenths(ratio: float) -> str:
    return format_percent(ratio, 1)


def _format_change(value: float, format_value: Callable[[float], str]) -> str:
    """Return *value* with its sign."""
    return f"{'−' if value < 0 else '+'}{format_value(abs(value))}"


def _chart(title: str, note: str, points: list[GrowthPoint], unit: str, basis: _Basis, *curves: _Curve) -> Chart:
    values = [[curve.value(point) for point in points] for curve in curves]
    series = [
        {
            "name": curve.name,
            "predicted": curve.is_predicted,
            "values": [None if value is None else round(value, 4) for value in curve_values],
        }
        for curve, curve_values in zip(curves, values, strict=True)
    ]
    has_many_projects = len({point.project for point in points}) > 1
    if has_many_projects:
        note = f"{note} {_('Sessions of all projects in chronological order, predicted as one project.')}"
    labels = [
        f"{point.project} #{point.session}" if has_many_projects else _("Session %(number)s", number=point.session) for point in points
    ]

    is_numbered_by_time = not has_many_projects and all(point.session < next_point.session for point, next_point in pairwise(points))

    def format_value(value: float | None) -> str:
        return format_percent(value) if unit == "percent" else format_decimal(value, 2)

    counts = [format_integer(basis.count_turns(point)) for point in points]
    heads = [_("Project and session") if has_many_projects else _("Session"), *(curve.name for curve in curves)]
    rows = [[labels[index], *(format_value(curve_values[index]) for curve_values in values)] for index in range(len(points))]
    data = {
        "x": [point.position for point in points],
        "ticks": [point.session if is_numbered_by_time else point.position for point in points],
        "axis": (
            _("Sessions of all projects, in chronological order")
            if has_many_projects
            else _("Session")
            if is_numbered_by_time
            else _("Sessions in chronological order")
        ),
        "labels": labels,
        "series": series,
        "unit": unit,
        "notes": [f"{basis.name}: {count}" for count in counts],
    }
    if basis.interval:
        intervals = [basis.interval(point) for point in points]
        heads.append(_("95% CI"))
        rows = [[*row, format_interval(interval)] for row, interval in zip(rows, intervals, strict=True)]
        data["band"] = _band(intervals)
        data["notes"] = [
            f"{_('95% CI')} {format_interval(interval)} · {note}" for interval, note in zip(intervals, data["notes"], strict=True)
        ]
    return Chart(
        title=title, note=note, data=data, heads=[*heads, basis.name], rows=[[*row, count] for row, count in zip(rows, counts, strict=True)]
    )


def _by_model(usage: Iterable[ModelUsage]) -> list[tuple[str, int, int, float | None]]:
    """Return (model, turns, tokens, list price) for each model, the most expensive first."""
    turns: dict[str, int] = {}
    tokens: dict[str, int] = {}
    costs: dict[str, float] = {}
    for model_usage in usage:
        turns[model_usage.model] = turns.get(model_usage.model, 0) + model_usage.turns
        model_tokens = model_usage.tokens
        tokens[model_usage.model] = tokens.get(model_usage.model, 0) + model_tokens.input_tokens + model_tokens.output_tokens
        if model_usage.cost_usd is not None:
            costs[model_usage.model] = costs.get(model_usage.model, 0.0) + model_usage.cost_usd
    rows = [(model, turns[model], tokens[model], costs.get(model)) for model in turns]
    return sorted(rows, key=lambda row: (-(row[3] or 0.0), -row[2]))
