"""Reports on growth: the points of a curve, its totals, and what recurs over sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

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
    output without credits. `kept_of` is how many facts `preservation_ratio` is a share of, the last two are its 95 %
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
    preservation_ratio: float | None
    handoff_tokens: int | None
    kept_of: int | None = None
    preservation_low_ratio: float | None = None
    preservation_high_ratio: float | None = None


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
class HandoffStep:
    """A handoff of a project's history, compared with the one before it that is shown: `added_count` facts are new in it,
    `closed_count` are gone because they no longer hold, `dropped_count` still hold but found no room.
    """

    point: GrowthPoint
    added_count: int
    closed_count: int
    dropped_count: int


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
    preservation_ratio: float | None
    reach: TargetReach
    efficiency_interval: tuple[float, float] | None = None
    preservation_interval: tuple[float, float] | None = None


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
