"""Growth: what sessions are predicted to achieve, by formula, and what they achieved, by measurement.

Predicted, for session n ≥ 1 with c credits: `efficiency = 0.70 + 0.25 · tanh(n / 50)`, `knowledge = 1 + ln(1 + n /
10)`, `output = c · efficiency · knowledge`. Measured: `efficiency = 1 − (recovery + rework) / tokens`, `knowledge = 1 +
ln(1 + facts used again / 10)`, `output = credits · efficiency · knowledge`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import atanh, ceil, floor, log, tanh
from typing import NamedTuple

BASE_RATIO, GAIN_RATIO, PACE_SESSIONS = 0.70, 0.25, 50
"""The predicted efficiency of the first session, what it gains, and the sessions in which it gains 76 % of that."""

ASYMPTOTE_RATIO = BASE_RATIO + GAIN_RATIO
"""The limit that the predicted efficiency approaches and never reaches."""

USUAL_CREDITS = 90.0
"""Credits of a session whose credits are unknown, in predictions only: the middle of the rotation window."""

WINDOW_SESSIONS = 5
"""Sessions at either end whose means are compared."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """The prediction for one session."""

    session: int
    efficiency_ratio: float
    knowledge_factor: float
    output: float


def predict(session: int, credits: float = USUAL_CREDITS) -> Prediction:
    """Return the prediction for the session of that number.

    >>> round(predict(10).output, 1)
    114.2

    """
    efficiency, knowledge = BASE_RATIO + GAIN_RATIO * tanh(session / PACE_SESSIONS), 1 + log(1 + session / 10)
    return Prediction(session, efficiency, knowledge, credits * efficiency * knowledge)


@dataclass(frozen=True, slots=True)
class TargetReach:
    """When a target is reached, by formula. `session` is None for a target that is never reached; then
    `nearest_ratio` is reached at `nearest_session`.
    """

    target_ratio: float
    session: int | None
    asymptote_ratio: float
    nearest_ratio: float
    nearest_session: int


def predict_target(target_ratio: float) -> TargetReach:
    """Return the first session that is predicted to be as efficient as *target_ratio* (0..1).

    95 % is an asymptote: it and all above are never reached. The nearest target offered is the last tenth of a per cent
    below it.

    >>> predict_target(0.95)
    TargetReach(target_ratio=0.95, session=None, asymptote_ratio=0.95, nearest_ratio=0.949, nearest_session=156)

    """
    if target_ratio < ASYMPTOTE_RATIO:
        session = _first_session(target_ratio)
        return TargetReach(
            target_ratio=target_ratio, session=session, asymptote_ratio=ASYMPTOTE_RATIO, nearest_ratio=target_ratio, nearest_session=session
        )
    nearest = floor(ASYMPTOTE_RATIO * 1000 - 1e-9) / 1000
    nearest = nearest if nearest < ASYMPTOTE_RATIO - 1e-9 else round(ASYMPTOTE_RATIO - 0.001, 3)
    return TargetReach(
        target_ratio=target_ratio,
        session=None,
        asymptote_ratio=ASYMPTOTE_RATIO,
        nearest_ratio=nearest,
        nearest_session=_first_session(nearest),
    )


def _first_session(target_ratio: float) -> int:
    gain = (target_ratio - BASE_RATIO) / GAIN_RATIO
    return max(1, ceil(PACE_SESSIONS * atanh(gain) - 1e-9)) if gain > 0 else 1


def efficiency_ratio(tokens: int, recovery_tokens: int | None, rework_tokens: int) -> float | None:
    """Return the measured efficiency (0..1); None if recovery is unknown or there are no tokens."""
    if recovery_tokens is None or tokens <= 0:
        return None
    return max(0.0, 1 - (recovery_tokens + rework_tokens) / tokens)


def knowledge_factor(reused_facts: int) -> float:
    """Return the measured knowledge factor: 1 if no earlier fact was used again."""
    return 1 + log(1 + reused_facts / 10)


class SessionOutput(NamedTuple):
    """What one session achieved, per credit and with its credits. None if unknown."""

    per_credit: float | None
    credits_used: float | None

    @property
    def total(self) -> float | None:
        """Credits · efficiency · knowledge."""
        return None if self.per_credit is None or self.credits_used is None else self.per_credit * self.credits_used


@dataclass(frozen=True, slots=True)
class Growth:
    """By how many per cent the last sessions of a project achieved more than the first; 0 with a `window` of 0 if it is
    unknown. `per_credit` says that outputs per credit
    were compared, because some of these sessions have no credits.
    """

    percent: float
    window: int
    per_credit: bool = False


def measure_growth(first: Sequence[SessionOutput], last: Sequence[SessionOutput]) -> Growth:
    """Return by how many per cent the mean output of *last* exceeds that of *first*; 0 if there is nothing to
    compare.

    If the credits of any session are unknown, all are compared by output per credit: credits are never made up.
    """
    before = [output for output in first if output.per_credit is not None]
    after = [output for output in last if output.per_credit is not None]
    if not before or not after:
        return Growth(0.0, 0)
    per_credit = any(output.total is None for output in (*before, *after))
    mean_before, mean_after = (
        sum((output.per_credit if per_credit else output.total) or 0.0 for output in outputs) / len(outputs) for outputs in (before, after)
    )
    return Growth(round(100 * (mean_after / mean_before - 1), 1) if mean_before else 0.0, len(after), per_credit)


def weigh_growths(growths: Sequence[tuple[Growth, float | None]]) -> Growth:
    """Return the mean of *growths* of projects, each weighted by the credits of the sessions that it compares; no growth
    if there is none, or if the credits of one of several are unknown: unrelated projects are not chained.

    >>> weigh_growths([(Growth(100.0, 2), 30.0), (Growth(0.0, 3), 90.0)]).percent
    25.0

    """
    measured = [(growth, credits) for growth, credits in growths if growth.window]
    if len(measured) == 1:
        return measured[0][0]
    weights = [credits for _, credits in measured if credits]
    if not measured or len(weights) < len(measured):
        return Growth(0.0, 0)
    percent = sum(growth.percent * weight for (growth, _), weight in zip(measured, weights, strict=True)) / sum(weights)
    return Growth(round(percent, 1), min(growth.window for growth, _ in measured), any(growth.per_credit for growth, _ in measured))


def comparison_size(sessions: int) -> int:
    """Return how many sessions at either end are compared: at most five, and none at both ends; 0 for fewer than two
    sessions.

    >>> [comparison_size(n) for n in (0, 1, 2, 7, 10, 10_000)]
    [0, 0, 1, 3, 5, 5]

    """
    return min(WINDOW_SESSIONS, sessions // 2)
