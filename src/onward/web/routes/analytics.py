"""Analytics: what sessions were predicted to give, and what they gave; what recurs over them; how credits go."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from fastapi import Response

from onward.app import analytics, projects
from onward.app.analytics import GrowthPoint, GrowthReport, Retention
from onward.app.credits import ModelUsage, analyze
from onward.web.figures import between, decimal, percent, whole
from onward.web.language import _, ngettext
from onward.web.rendering import page, partial
from onward.web.visit import At, routes

router = routes()

MOST_POINTS = 300
MOST_RECURRING = 10
MOST_MODELS = 12
TITLE_LATER = 5


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart: a title that says what it shows, its curves as the element takes them, and the same as rows of a table."""

    title: str
    note: str
    data: dict[str, Any]
    heads: list[str]
    rows: list[list[str]]


class _Curve(NamedTuple):
    name: str
    is_predicted: bool
    value: Callable[[GrowthPoint], float | None]


class _Basis(NamedTuple):
    """What a point rests on: the name of what is counted, how much that was, and the interval of the share at 95 % where there is one."""

    name: str
    counted: Callable[[GrowthPoint], int | None]
    interval: Callable[[GrowthPoint], tuple[float, float] | None] | None = None


@router.get("/analytics")
def show(at: At, project: int | None = None) -> Response:
    """Show the figures of a project, or of all together."""
    chosen = projects.of_id(at.store, project) if project else None
    report = analytics.growth(at.store, chosen, most_points=MOST_POINTS)
    return page(
        at,
        "pages/analytics.html",
        project=chosen,
        report=report,
        charts=charts(report) if report.sessions else [],
        lines=projects.known(at.store),
    )


@router.get("/parts/analytics/recurring")
def recurring(at: At, project: int | None = None) -> Response:
    """Answer what recurs over sessions: errors, files, blockers."""
    chosen = projects.of_id(at.store, project) if project else None
    found = analytics.patterns(at.store, chosen, limit=MOST_RECURRING)
    names = {line.project.name: line.project.id for line in projects.known(at.store)}
    return partial(at, "partials/_recurring.html", found=found, ids=names, project=chosen)


@router.get("/parts/analytics/credits")
def credits_part(at: At, project: int | None = None) -> Response:
    """Answer how credits go, by account, project and model."""
    chosen = projects.of_id(at.store, project) if project else None
    going = analyze(at.store, project_id=chosen.id if chosen else None)
    used = [use for one in going.projects for use in one.usage]
    return partial(at, "partials/_credits.html", going=going, models=_by_model(used)[:MOST_MODELS], project=chosen)


@router.get("/parts/analytics/retention")
def retention_part(at: At, project: int) -> Response:
    """Answer what survives over the sessions of a project."""
    found = analytics.retention(at.store, projects.of_id(at.store, project))
    return partial(at, "partials/_retention.html", chart_of=retention_chart(found) if len(found.points) > 1 else None)


def retention_chart(found: Retention) -> Chart:
    """Return the chart of what survives; its title tells of five sessions later, or of the last there is."""
    told = next((one for one in reversed(found.points) if one.later <= TITLE_LATER), found.points[-1])
    title = ngettext(
        "After %(num)s session handoffs still show %(share)s of what held",
        "After %(num)s sessions handoffs still show %(share)s of what held",
        told.later,
        share=percent(told.kept_ratio),
    )
    note = _(
        "Of the facts of a session that its own handoff showed and that are still live, the share that the handoff so many sessions later shows. What was resolved, superseded or retracted since is left out: giving that up is right."
    )
    labels = [ngettext("After %(num)s session", "After %(num)s sessions", one.later) for one in found.points]
    values = [round(one.kept_ratio, 4) for one in found.points]
    intervals = [(one.low_ratio, one.high_ratio) for one in found.points]
    data = {
        "x": [one.later for one in found.points],
        "ticks": [one.later for one in found.points],
        "axis": _("Sessions later"),
        "labels": labels,
        "series": [{"name": _("Still shown"), "predicted": False, "values": values}],
        "unit": "percent",
        "band": _band(intervals),
        "notes": [
            f"{_('95% interval')} {between(interval)} · {_('Mean of sessions')}: {one.sessions} · {_('Facts')}: {whole(one.facts)}"
            for one, interval in zip(found.points, intervals, strict=True)
        ],
    }
    heads = [_("Sessions later"), _("Still shown"), _("95% interval"), _("Mean of sessions"), _("Facts")]
    rows = [
        [str(one.later), percent(one.kept_ratio), between(interval), str(one.sessions), whole(one.facts)]
        for one, interval in zip(found.points, intervals, strict=True)
    ]
    return Chart(title, note, data, heads, rows)


def _band(intervals: list[tuple[float, float] | None] | list[tuple[float, float]]) -> list[list[float | None]]:
    """Return intervals as the element draws them: where they end above, and where below."""
    return [[None if one is None else round(one[end], 4) for one in intervals] for end in (1, 0)]


def charts(report: GrowthReport) -> list[Chart]:
    """Return the charts of a report."""
    has_credits = any(one.actual.output is not None for one in report.points)
    tokens = _Basis(_("Tokens"), lambda one: one.actual.tokens)
    counted = _("Every token of a session is counted, none is a sample: a point has no interval.")
    return [
        _chart(
            _output_title(report), f"{_output_note(has_credits=has_credits)} {counted}", report.points, "number", tokens,
            _Curve(_("Predicted"), True, lambda one: one.predicted.output if has_credits else one.predicted.efficiency_ratio * one.predicted.knowledge_factor),
            _Curve(_("Actual"), False, lambda one: one.actual.output if has_credits else one.actual.output_per_credit),
        ),
        _chart(
            _moved(_("Efficiency"), (one.actual.efficiency_ratio for one in report.points), percent),
            f"{_('The share of a session’s tokens that is neither recovery nor rework.')} {counted}{_mean_note(report)}", report.points, "percent", tokens,
            _Curve(_("Predicted"), True, lambda one: one.predicted.efficiency_ratio), _Curve(_("Actual"), False, lambda one: one.actual.efficiency_ratio),
        ),
        _chart(
            _moved(_("The knowledge factor"), (one.actual.knowledge_factor for one in report.points), lambda value: decimal(value, 2)),
            _("1 + ln(1 + facts used again / 10): what earlier sessions established and this one used. They are counted, so a point has no interval."),
            report.points, "number", _Basis(_("Facts used again"), lambda one: one.actual.facts_used_again),
            _Curve(_("Predicted"), True, lambda one: one.predicted.knowledge_factor), _Curve(_("Actual"), False, lambda one: one.actual.knowledge_factor),
        ),
        _chart(
            _("Handoffs keep %(share)s on average", share=percent(report.kept_ratio)) if report.kept_ratio is not None else _("Preservation"),
            _("The share of what mattered that each handoff holds, estimated by Onward’s own extractor; around it Wilson’s interval at 95%."), report.points, "percent",
            _Basis(_("Facts"), lambda one: one.actual.kept_of, _kept_interval),
            _Curve(_("Kept"), False, lambda one: one.actual.kept_ratio),
        ),
    ]  # fmt: skip


def _output_note(*, has_credits: bool) -> str:
    if has_credits:
        return _("Credits × efficiency × knowledge factor. Predicted by formula, actual from the transcripts.")
    return _("A credit’s worth: efficiency × knowledge factor. No session tells its credits yet.")


def _mean_note(report: GrowthReport) -> str:
    """Return what the mean of efficiency is, and how far it may be off; nothing for fewer than two sessions."""
    if report.efficiency_interval is None:
        return ""
    measured, mean, interval = report.sessions - report.not_measured, percent(report.efficiency_ratio), between(report.efficiency_interval)
    return " " + _(
        "The mean of %(sessions)s sessions is %(mean)s, at 95%% %(interval)s.", sessions=whole(measured), mean=mean, interval=interval
    )


def _kept_interval(one: GrowthPoint) -> tuple[float, float] | None:
    low, high = one.actual.kept_low_ratio, one.actual.kept_high_ratio
    return None if low is None or high is None else (low, high)


def _output_title(report: GrowthReport) -> str:
    """Return what became of output, in one sentence."""
    if not report.growth.window:
        return _("Output, session by session")
    change = percent(abs(report.growth.percent) / 100)
    sessions = ngettext("%(num)s session", "%(num)s sessions", report.sessions)
    if round(report.growth.percent) == 0:
        return _("Output held over %(sessions)s", sessions=sessions)
    rose = report.growth.percent > 0
    return (
        _("Output rose %(change)s over %(sessions)s", change=change, sessions=sessions)
        if rose
        else _("Output fell %(change)s over %(sessions)s", change=change, sessions=sessions)
    )


def _moved(what: str, values: Iterable[float | None], shown: Callable[[float], str]) -> str:
    """Return from where to where a figure went."""
    told = [one for one in values if one is not None]
    if not told:
        return what
    first, last = shown(told[0]), shown(told[-1])
    return _("%(what)s went from %(first)s to %(last)s", what=what, first=first, last=last) if first != last else f"{what}: {last}"


def _chart(title: str, note: str, points: list[GrowthPoint], unit: str, basis: _Basis, *curves: _Curve) -> Chart:
    values = [[curve.value(one) for one in points] for curve in curves]
    series = [
        {"name": curve.name, "predicted": curve.is_predicted, "values": [None if one is None else round(one, 4) for one in of]}
        for curve, of in zip(curves, values, strict=True)
    ]
    many = len({one.project for one in points}) > 1
    if many:
        note = f"{note} {_('Sessions of all projects in order of time, counted together; predicted as if they were of one project.')}"
    labels = [f"{one.project} #{one.session}" if many else _("Session %(number)s", number=one.session) for one in points]

    def text(value: float | None) -> str:
        return percent(value) if unit == "percent" else decimal(value, 2)

    counts = [whole(basis.counted(one)) for one in points]
    heads = [_("Project and session") if many else _("Session"), *(curve.name for curve in curves)]
    rows = [[labels[place], *(text(of[place]) for of in values)] for place in range(len(points))]
    data = {
        "x": [one.place for one in points],
        "ticks": [one.place if many else one.session for one in points],
        "axis": _("Sessions of all projects, in order of time") if many else _("Session"),
        "labels": labels,
        "series": series,
        "unit": unit,
        "notes": [f"{basis.name}: {count}" for count in counts],
    }
    if basis.interval:
        intervals = [basis.interval(one) for one in points]
        heads.append(_("95% interval"))
        rows = [[*row, between(interval)] for row, interval in zip(rows, intervals, strict=True)]
        data["band"] = _band(intervals)
        data["notes"] = [
            f"{_('95% interval')} {between(interval)} · {note}" for interval, note in zip(intervals, data["notes"], strict=True)
        ]
    return Chart(title, note, data, [*heads, basis.name], [[*row, count] for row, count in zip(rows, counts, strict=True)])


def _by_model(used: Iterable[ModelUsage]) -> list[tuple[str, int, int, float | None]]:
    """Return turns, tokens and list price of each model, the dearest first."""
    turns: dict[str, int] = {}
    tokens: dict[str, int] = {}
    costs: dict[str, float] = {}
    for one in used:
        turns[one.model] = turns.get(one.model, 0) + one.turns
        spent = one.tokens
        tokens[one.model] = tokens.get(one.model, 0) + spent.input_tokens + spent.output_tokens
        if one.cost_usd is not None:
            costs[one.model] = costs.get(one.model, 0.0) + one.cost_usd
    found = [(model, turns[model], tokens[model], costs.get(model)) for model in turns]
    return sorted(found, key=lambda one: (-(one[3] or 0.0), -one[2]))
