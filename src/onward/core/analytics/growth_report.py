"""Reports on growth: the points of a curve, its totals, and what recurs over sessions."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from io import StringIO

from onward.core.analytics.growth import Growth, Prediction, TargetReach
from onward.core.facts.fact import Handle


@dataclass(frozen=True, slots=True)
class RecurringFile:
    """A file that many sessions changed."""

    project: str
    path: str
    sessions: int
    times: int
    last_session: int


@dataclass(frozen=True, slots=True)
class RecurringError:
    """An error that many sessions had. `text` is from the last of them, at `turn` of session `last_session`."""

    project: str
    signature: str
    text: str
    sessions: int
    times: int
    last_session: int
    turn: int
    is_solved: bool


@dataclass(frozen=True, slots=True)
class SessionMeasurement:
    """What one session achieved, measured. None where it cannot be measured: efficiency without a productive step,
    output without credits. `kept_of` is how many facts `kept_ratio` is a share of, the last two are its 95 %
    interval (Wilson).
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
    kept_of: int | None = None
    kept_low_ratio: float | None = None
    kept_high_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class GrowthPoint:
    """One completed session: prediction and measurement. `place` is its position among all sessions of the report,
    from 1.
    """

    position: int
    project: str
    session: int
    ended_at: datetime | None
    predicted: Prediction
    actual: SessionMeasurement


@dataclass(frozen=True, slots=True)
class GrowthReport:
    """The curve of a project, or of all projects, with totals. `not_measured` counts sessions without a productive
    step; means leave them out. An `…_interval` is that of a mean over sessions at 95 %; None for fewer than two.
    """

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
    reach: TargetReach
    efficiency_interval: tuple[float, float] | None = None
    kept_interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class RecurringBlocker:
    """A blocker that is open since session `handle.session` and outlived `outlived` completed sessions."""

    project: str
    text: str
    handle: Handle
    outlived_sessions: int


@dataclass(frozen=True, slots=True)
class Patterns:
    """What recurs over sessions: errors, changed files, and blockers that outlive their session."""

    errors: list[RecurringError]
    files: list[RecurringFile]
    blockers: list[RecurringBlocker]


MAX_POINTS = 500
"""Sessions that a report shows; of more sessions, as many at even distances. Totals cover all."""

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
