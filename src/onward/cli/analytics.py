"""`onward analytics`: how a project grows, and what recurs."""

from __future__ import annotations

import sys

import click

from onward.cli.desk import Desk, as_json, desk, in_project
from onward.cli.present import counted, note, say, say_json, table
from onward.core.growth_report import MOST_POINTS, GrowthPoint, GrowthReport, growth_csv, patterns_csv
from onward.core.project import Project

everywhere = click.option("--all", "everywhere", is_flag=True, help="All projects together.")
as_csv = click.option("--csv", "as_csv", is_flag=True, help="Answer as CSV, for spreadsheets.")


@click.group("analytics")
def analytics_() -> None:
    """See how sessions grow more productive, predicted and measured, and what recurs over them."""


@analytics_.command()
@in_project
@everywhere
@click.option("--points", "most_points", type=click.IntRange(min=2), default=MOST_POINTS, show_default=True, metavar="N", help="Sessions shown at most.")  # fmt: skip
@as_csv
@as_json
def growth(project: str | None, everywhere: bool, most_points: int, as_csv: bool, as_json: bool) -> None:
    """Show what each session was predicted to give, and what it gave. docs/analytics.md defines every figure.

    \b
    Examples:
      onward analytics growth
      onward analytics growth --all --csv > growth.csv
    """
    with desk(project=project) as at:
        ours = _ours(at, everywhere=everywhere)
        report = at.analytics.growth(ours, most_points=most_points)
    if as_csv:
        sys.stdout.write(growth_csv(report))
    elif as_json:
        say_json(report)
    elif not report.sessions:
        say("No session is completed yet. Complete one: onward session complete")
    else:
        heads = ["session", "predicted", "efficiency", "knowledge", "recovery", "rework", "first edit", "used again", "done", "kept"]
        table(heads, [_row(one, several=ours is None) for one in report.points])
        _totals(report)


def _row(one: GrowthPoint, *, several: bool) -> list[object]:
    actual = one.actual
    return [
        f"{one.project} {one.session}" if several else one.session,
        _percent(one.predicted.efficiency_ratio),
        _percent(actual.efficiency_ratio),
        f"{actual.knowledge_factor:.2f}",
        "-" if actual.recovery_tokens is None else f"{actual.recovery_tokens:,}",
        f"{actual.rework_tokens:,}",
        "-" if actual.first_edit_minutes is None else f"{actual.first_edit_minutes:.1f} min",
        actual.facts_used_again,
        actual.accomplished,
        _percent(actual.kept_ratio),
    ]


def _totals(report: GrowthReport) -> None:
    left_out = f", {report.not_measured} without a productive step" if report.not_measured else ""
    basis = " of output per credit" if report.growth.per_credit else " of output"
    grown = f"{report.growth.percent:+.1f} %{basis}" if report.growth.window else "not to be told yet"
    note(f"{counted(report.sessions, 'session')}{left_out}. Growth: {grown}. Mean efficiency: {_percent(report.efficiency_ratio)}.")
    note(
        f"Of all tokens: recovery {_percent(report.recovery_ratio)}, rework {_percent(report.rework_ratio)}. Handoffs keep {_percent(report.kept_ratio)}."
    )
    if report.credits_per_accomplishment is not None:
        note(f"Credits per accomplishment: {report.credits_per_accomplishment:.1f}.")
    reach = report.reach
    note(
        f"Predicted efficiency comes ever nearer to {reach.asymptote_ratio:.0%} and never reaches it: {reach.nearest_ratio:.1%} at session {reach.nearest_session}."
    )


def _percent(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.1%}"


@analytics_.command()
@in_project
@everywhere
@click.option("--limit", type=click.IntRange(min=1, max=200), default=10, show_default=True, metavar="N", help="Of each kind at most.")
@as_csv
@as_json
def patterns(project: str | None, everywhere: bool, limit: int, as_csv: bool, as_json: bool) -> None:
    """Show what recurs: errors met again, files touched again and again, blockers that outlive their session.

    \b
    Examples:
      onward analytics patterns
      onward analytics patterns --all --csv > patterns.csv
    """
    with desk(project=project) as at:
        found = at.analytics.patterns(_ours(at, everywhere=everywhere), limit=limit)
    if as_csv:
        sys.stdout.write(patterns_csv(found))
    elif as_json:
        say_json(found)
    else:
        rows: list[list[object]] = [["error", one.sessions, one.times, f"s{one.last_session}.{one.turn}", one.text] for one in found.errors]
        rows += [["file", one.sessions, one.times, f"s{one.last_session}", one.path] for one in found.files]
        rows += [["blocker", one.outlived, "", str(one.handle), one.text] for one in found.blockers]
        if rows:
            table(["what", "sessions", "times", "last", ""], rows)
        else:
            say("Nothing recurs over the completed sessions.")


def _ours(at: Desk, *, everywhere: bool) -> Project | None:
    return None if everywhere else at.project()
