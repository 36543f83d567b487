"""How fast credits are used, what sessions achieve with them, and when they run out: with an interval, and with the
assumptions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, sqrt
from statistics import mean, stdev
from typing import NamedTuple

from onward.core.accounts.windows import AccountWindow
from onward.message import Message

LOOKBACK_DAYS = 14
MIN_DAYS = 3
"""Days of usage that an interval needs."""

MAX_DAYS = 3650.0
_Z_80 = 1.2815515655


class CreditsUse(NamedTuple):
    """Credits that were used, and when."""

    at: datetime
    credits: float


@dataclass(frozen=True, slots=True)
class BurnRate:
    """Credits per day, over the last `days` days up to `at`. `low` and `high` enclose the true rate in about four of
    five cases; both are None with too few days.
    """

    at: datetime
    days: int
    credits_per_day: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """When `credits_left` run out at the rate of `burn`: at `empty_at`, most likely between `earliest_at` and
    `latest_at`.

    `empty_at` is None if nothing is used, if the credits left are unknown, or if they last for ten years. `latest_at`
    is None if they may never run out; both bounds are None with too few days of usage. `resets_first` says that the
    credits reset before they run out.
    """

    burn: BurnRate
    credits_left: float | None
    empty_at: datetime | None
    earliest_at: datetime | None
    latest_at: datetime | None
    resets_at: datetime | None
    resets_first: bool
    assumptions: tuple[Message | str, ...]


@dataclass(frozen=True, slots=True)
class Efficiency:
    """What was achieved per credit. Each ratio covers the sessions whose credits are known, and is None where it has
    no meaning.
    """

    sessions: int
    credits: float
    accomplishments: int
    tokens: int
    usd: float | None

    @property
    def credits_per_session(self) -> float | None:
        """Mean credits of a session."""
        return _ratio(self.credits, self.sessions)

    @property
    def credits_per_accomplishment(self) -> float | None:
        """Credits for each stated accomplishment."""
        return _ratio(self.credits, self.accomplishments)

    @property
    def tokens_per_credit(self) -> float | None:
        """Tokens of conversation per credit."""
        return _ratio(self.tokens, self.credits)

    @property
    def usd_per_credit(self) -> float | None:
        """What the usage of a credit is worth at list prices."""
        return None if self.usd is None else _ratio(self.usd, self.credits)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def burn_rate(uses: Iterable[CreditsUse], at: datetime, *, lookback_days: int = LOOKBACK_DAYS) -> BurnRate:
    """Return how fast credits are used: the sum of the last *lookback_days*, divided by the days since the first use
    in them.

    The interval is the mean of days ± Student's 80 % quantile times its standard error, never below zero. Days count as
    independent.
    """
    ages = [((at - use.at) / timedelta(days=1), use.credits) for use in uses]
    recent = [(age, credits) for age, credits in ages if 0 <= age < lookback_days]
    if not recent:
        return BurnRate(at=at, days=0, credits_per_day=0.0, low=None, high=None)
    days = max(1, ceil(max(age for age, _ in recent)))
    daily_credits = [0.0] * days
    for age, credits in recent:
        daily_credits[min(int(age), days - 1)] += credits
    rate = max(0.0, mean(daily_credits))
    if days < MIN_DAYS:
        return BurnRate(at=at, days=days, credits_per_day=rate, low=None, high=None)
    margin = _student_80(days - 1) * stdev(daily_credits) / sqrt(days)
    return BurnRate(at=at, days=days, credits_per_day=rate, low=max(0.0, rate - margin), high=rate + margin)


def _student_80(freedom: int) -> float:
    """Return the 90 % quantile of Student's t, from the normal one (Cornish-Fisher, first two terms): some 2 % too
    low at two degrees of freedom, less above.
    """
    z = _Z_80
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def forecast(
    rate: BurnRate, credits_left: float | None, *, resets_at: datetime | None = None, usage_note: Message | None = None
) -> Forecast:
    """Return when *credits_left* run out at *rate*. *usage_note* is one more assumption."""
    empty_at = _empty_at(rate.at, credits_left, rate.credits_per_day)
    earliest_at = _empty_at(rate.at, credits_left, rate.high) if empty_at else None
    latest_at = _empty_at(rate.at, credits_left, rate.low) if empty_at else None
    resets_first = resets_at is not None and (empty_at is None or resets_at <= empty_at)
    assumptions = _assumptions(rate, credits_left, resets_at, resets_first=resets_first, usage_note=usage_note)
    return Forecast(
        burn=rate,
        credits_left=credits_left,
        empty_at=empty_at,
        earliest_at=earliest_at,
        latest_at=latest_at,
        resets_at=resets_at,
        resets_first=resets_first,
        assumptions=assumptions,
    )


def window_forecast(window: AccountWindow, at: datetime) -> Forecast:
    """Return when *window* is used up at the pace of its use since it began, which follows from its period. Credits are per cent of it."""
    began_at = window.resets_at - timedelta(hours=window.hours) if window.resets_at and window.hours else None
    used, total = window.used, window.total or 0.0
    elapsed_days = (at - began_at) / timedelta(days=1) if began_at and began_at < at else 0.0
    per_day = used / elapsed_days if elapsed_days > 0 else 0.0
    rate = BurnRate(at=at, days=0, credits_per_day=per_day, low=None, high=None)
    left = max(0.0, total - used)
    empty_at = _empty_at(at, left, per_day)
    assumptions: tuple[Message | str, ...] = (Message("No forecast: no recent usage."),)
    resets_first = bool(window.resets_at and (empty_at is None or window.resets_at <= empty_at))
    if empty_at:
        assumptions = (Message("The {window} runs out first. Assumes that its average usage so far continues.", window=window.name),)
        if resets_first:
            assumptions = (*assumptions, Message("It resets before it runs out; the date ignores the reset."))
    return Forecast(
        burn=rate,
        credits_left=left,
        empty_at=empty_at,
        earliest_at=None,
        latest_at=None,
        resets_at=window.resets_at,
        resets_first=resets_first,
        assumptions=assumptions,
    )


def _empty_at(at: datetime, credits_left: float | None, per_day: float | None) -> datetime | None:
    if credits_left is None or not per_day or credits_left / per_day > MAX_DAYS:
        return None
    return at + timedelta(days=credits_left / per_day)


def _assumptions(
    rate: BurnRate, credits_left: float | None, resets_at: datetime | None, *, resets_first: bool, usage_note: Message | None
) -> tuple[Message, ...]:
    if credits_left is None:
        return (Message("No forecast: credits left unknown."),)
    if not rate.credits_per_day:
        return (Message("No forecast: no recent usage."),)
    assumptions = [Message("Assumes that the usage of the last day continues.")]
    if rate.days > 1:
        assumptions = [Message("Assumes that the usage of the last {days} days continues, days without work included.", days=rate.days)]
    if usage_note:
        assumptions.append(usage_note)
    if rate.high is None:
        assumptions.append(Message("No interval: fewer than {days} days of usage.", days=MIN_DAYS))
    else:
        assumptions.append(Message("The interval holds in about four of five cases, if days are independent of each other."))
    if resets_at is None:
        assumptions.append(Message("No reset is known."))
    elif resets_first:
        assumptions.append(Message("The credits reset before they run out; the date ignores the reset."))
    return tuple(assumptions)
