"""How sessions grow, and what recurs over them, as it is answered."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from io import StringIO

from onward.core.facts import Handle
from onward.core.growth import Growth, Prediction, Reach


@dataclass(frozen=True, slots=True)
class OftenTouched:
    """A file that many sessions touched."""

    project: str
    path: str
    sessions: int
    times: int
    last_session: int


@dataclass(frozen=True, slots=True)
class OftenMet:
    """An error that many sessions met; `text` as the last of them had it, at `turn` of its session `last_session`."""

    project: str
    signature: str
    text: str
    sessions: int
    times: int
    last_session: int
    turn: int
    is_solved: bool


@dataclass(frozen=True, slots=True)
class Actual:
    """What one session gave, measured. What cannot be measured is None: efficiency without a productive step, output without credits. The last three say of how many facts `kept_ratio`
    is the share, and Wilson's interval of it at 95 %.
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
    """One completed session: what the formulae said of it, and what it gave. `place` is its place among all that are told of, from 1."""

    place: int
    project: str
    session: int
    ended_at: datetime | None
    predicted: Prediction
    actual: Actual


@dataclass(frozen=True, slots=True)
class GrowthReport:
    """The curves of a project, or of all together, and their totals. `not_measured` counts sessions without a productive step, which no mean holds. `…_interval` is that of a mean over
    sessions at 95 %; None for fewer than two.
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
    reach: Reach
    efficiency_interval: tuple[float, float] | None = None
    kept_interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Blocker:
    """A blocker that stands since session `handle.session` and outlived `outlived` completed sessions."""

    project: str
    text: str
    handle: Handle
    outlived: int


@dataclass(frozen=True, slots=True)
class Patterns:
    """What recurs over sessions: errors met again, files touched again and again, blockers that outlive their session."""

    errors: list[OftenMet]
    files: list[OftenTouched]
    blockers: list[Blocker]


MOST_POINTS = 500
"""Sessions that a report shows one by one; of more, as many evenly chosen ones. Its totals are of all."""

GROWTH_COLUMNS = (
    "place", "project", "session", "ended_at", "predicted_efficiency", "predicted_knowledge", "predicted_output",
    *(field.name for field in fields(Actual)),
)  # fmt: skip


def growth_csv(report: GrowthReport) -> str:
    """Return the points of a report as CSV, with heads; what is not known is empty."""
    rows = [
        (
            one.place, one.project, one.session, one.ended_at.isoformat() if one.ended_at else None,
            one.predicted.efficiency_ratio, one.predicted.knowledge_factor, one.predicted.output,
            *(getattr(one.actual, field.name) for field in fields(Actual)),
        )
        for one in report.points
    ]  # fmt: skip
    return _csv(GROWTH_COLUMNS, rows)


def patterns_csv(found: Patterns) -> str:
    """Return what recurs as CSV: one table for all, `what` says which kind a row is."""
    rows: list[tuple[object, ...]] = [
        ("error", one.project, one.text, one.sessions, one.times, f"s{one.last_session}.{one.turn}") for one in found.errors
    ]
    rows += [("file", one.project, one.path, one.sessions, one.times, f"s{one.last_session}") for one in found.files]
    rows += [("blocker", one.project, one.text, one.outlived, None, str(one.handle)) for one in found.blockers]
    return _csv(("what", "project", "text", "sessions", "times", "last_seen"), rows)


def _csv(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = StringIO()
    write = csv.writer(out, lineterminator="\n").writerow
    write(heads)
    for row in rows:
        write([_cell(value) for value in row])
    return out.getvalue()


def _cell(value: object) -> object:
    """Return a value as a cell. A text that a spreadsheet would take for a formula is marked as text."""
    if isinstance(value, float):
        return round(value, 4)
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
