"""The analytics as CSV: the points of a growth report, and what recurs."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import fields
from io import StringIO

from onward.core.analytics.growth_report import GrowthReport, Patterns, SessionMeasurement

GROWTH_COLUMNS = (
    "position", "project", "session", "ended_at", "predicted_efficiency", "predicted_knowledge", "predicted_output",
    *(field.name for field in fields(SessionMeasurement)),
)  # fmt: skip


def growth_csv(report: GrowthReport) -> str:
    """Return the points of a report as CSV with a header row; unknown values are empty."""
    rows = [
        (
            point.position, point.project, point.session, point.ended_at.isoformat() if point.ended_at else None,
            point.predicted.efficiency_ratio, point.predicted.knowledge_factor, point.predicted.output,
            *(getattr(point.actual, field.name) for field in fields(SessionMeasurement)),
        )
        for point in report.points
    ]  # fmt: skip
    return _csv(GROWTH_COLUMNS, rows)


def patterns_csv(patterns: Patterns) -> str:
    """Return what recurs as one CSV table; the column `what` gives the kind of each row."""
    rows: list[tuple[object, ...]] = [
        ("error", error.project, error.text, error.sessions, error.times, f"s{error.last_session}.{error.turn}")
        for error in patterns.errors
    ]
    rows += [("file", file.project, file.path, file.sessions, file.times, f"s{file.last_session}") for file in patterns.files]
    rows += [
        ("blocker", blocker.project, blocker.text, blocker.outlived_sessions, None, str(blocker.handle)) for blocker in patterns.blockers
    ]
    return _csv(("what", "project", "text", "sessions", "times", "last_seen"), rows)


def _csv(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    output = StringIO()
    write = csv.writer(output, lineterminator="\n").writerow
    write(headers)
    for row in rows:
        write([_cell(value) for value in row])
    return output.getvalue()


def _cell(value: object) -> object:
    """Return a value as a cell. A text that a spreadsheet would take for a formula is marked as text."""
    if isinstance(value, float):
        return round(value, 4)
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
