"""`onward analytics`: efficiency over sessions, and recurring problems."""

from __future__ import annotations

import sys

import click

from onward.cli.context import Backend, json_option, project_option, use_backend
from onward.cli.presentation import note, quantity, say, say_json, say_table
from onward.core.analytics.csv_tables import growth_csv, patterns_csv
from onward.core.analytics.growth_report import MAX_POINTS, GrowthPoint, GrowthReport
from onward.core.project import Project

all_option = click.option("--all", "all_projects", is_flag=True, help="All projects together.")
csv_option = click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")


@click.group("analytics")
def analytics_() -> None:
    """Show predicted and measured efficiency over sessions, and recurring problems."""


@analytics_.command()
@project_option
@all_option
@click.option(
    "--points",
    "max_points",
    type=click.IntRange(min=2),
    default=MAX_POINTS,
    show_default=True,
    metavar="N",
    help="Maximum number of sessions shown.",
)
@csv_option
@json_option
def growth(project: str | None, all_projects: bool, max_points: int, as_csv: bool, as_json: bool) -> None:
    """Show the predicted and the measured efficiency of each session. docs/analytics.md defines every figure.

    \b
    Examples:
      onward analytics growth
      onward analytics growth --all --csv > growth.csv
    """
    with use_backend(project=project) as backend:
        chosen_project = _choose_project(backend, all_projects=all_projects)
        report = backend.analytics.growth(chosen_project, most_points=max_points)
    if as_csv:
        sys.stdout.write(growth_csv(report))
    elif as_json:
        say_json(report)
    elif not report.sessions:
        say("No completed sessions yet. Complete one: onward session complete")
    else:
        heads = ["session", "predicted", "efficiency", "knowledge", "recovery", "rework", "first edit", "reused", "done", "preserved"]
        say_table(heads, [_point_row(point, with_project=chosen_project is None) for point in report.points])
        _note_totals(report)


def _point_row(point: GrowthPoint, *, with_project: bool) -> list[object]:
    actual = point.actual
    return [
        f"{point.project} {point.session}" if with_project else point.session,
        _percent(point.predicted.efficiency_ratio),
        _percent(actual.efficiency_ratio),
        f"{actual.knowledge_factor:.2f}",
        "-" if actual.recovery_tokens is None else f"{actual.recovery_tokens:,}",
        f"{actual.rework_tokens:,}",
        "-" if actual.first_edit_minutes is None else f"{actual.first_edit_minutes:.1f} min",
        actual.facts_used_again,
        actual.accomplished,
        _percent(actual.preservation_ratio),
    ]


def _note_totals(report: GrowthReport) -> None:
    left_out = f", {report.not_measured} without a productive step" if report.not_measured else ""
    basis = " of output per credit" if report.growth.per_credit else " of output"
    growth_text = f"{report.growth.percent:+.1f} %{basis}" if report.growth.window else "not enough sessions"
    note(f"{quantity(report.sessions, 'session')}{left_out}. Growth: {growth_text}. Mean efficiency: {_percent(report.efficiency_ratio)}.")
    shares = f"recovery {_percent(report.recovery_ratio)}, rework {_percent(report.rework_ratio)}"
    note(f"Share of tokens: {shares}. Preserved by handoffs: {_percent(report.preservation_ratio)}.")
    if report.credits_per_accomplishment is not None:
        note(f"Credits per accomplishment: {report.credits_per_accomplishment:.1f}.")
    reach = report.reach
    limit = f"{reach.asymptote_ratio:.0%} is its limit"
    note(f"Predicted efficiency: {reach.nearest_ratio:.1%} at session {reach.nearest_session}; {limit}.")


def _percent(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.1%}"


@analytics_.command()
@project_option
@all_option
@click.option("--limit", type=click.IntRange(min=1, max=200), default=10, show_default=True, metavar="N", help="Maximum rows of each kind.")
@csv_option
@json_option
def patterns(project: str | None, all_projects: bool, limit: int, as_csv: bool, as_json: bool) -> None:
    """Show recurring errors, often changed files, and blockers that outlived their session.

    \b
    Examples:
      onward analytics patterns
      onward analytics patterns --all --csv > patterns.csv
    """
    with use_backend(project=project) as backend:
        report = backend.analytics.patterns(_choose_project(backend, all_projects=all_projects), limit=limit)
    if as_csv:
        sys.stdout.write(patterns_csv(report))
    elif as_json:
        say_json(report)
    else:
        rows: list[list[object]] = [
            ["error", error.sessions, error.times, f"s{error.last_session}.{error.turn}", error.text] for error in report.errors
        ]
        rows += [["file", file.sessions, file.times, f"s{file.last_session}", file.path] for file in report.files]
        rows += [["blocker", blocker.outlived_sessions, "", str(blocker.handle), blocker.text] for blocker in report.blockers]
        if rows:
            say_table(["kind", "sessions", "times", "last", ""], rows)
        else:
            say("No recurring problems found.")


def _choose_project(backend: Backend, *, all_projects: bool) -> Project | None:
    return None if all_projects else backend.require_project()
