"""Periods after which credits and limits reset: every five hours, every week, every month."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, TypeAlias

PeriodUnit: TypeAlias = Literal["h", "d", "w", "mo"]
MAX_PERIODS = 1000
_PERIOD = re.compile(r"\s*(\d{1,4})\s*(h|d|w|mo)\s*")
_HOURS: dict[PeriodUnit, int] = {"h": 1, "d": 24, "w": 168}


class Period(NamedTuple):
    """How often credits reset: every `number` hours, days, weeks or calendar months."""

    number: int
    unit: PeriodUnit

    def __str__(self) -> str:
        """Return the period as people write it: `5h`, `1mo`."""
        return f"{self.number}{self.unit}"

    @property
    def hours(self) -> float:
        """Its length in hours; a month counts as thirty days."""
        return float(self.number * _HOURS.get(self.unit, 720))


def parse_period(text: str) -> Period | None:
    """Return the period that *text* names: `5h`, `1d`, `2w`, `1mo`; None for any other text."""
    match = _PERIOD.fullmatch(text.lower())
    if not match or not 1 <= int(match[1]) <= MAX_PERIODS:
        return None
    return Period(int(match[1]), match[2])  # type: ignore[arg-type]


def period_of_minutes(minutes: int) -> Period | None:
    """Return the period of that many minutes, in the largest unit that divides it: `5h`, `1w`, `30d`; None for none."""
    hours = minutes // 60
    if not 1 <= hours <= MAX_PERIODS * _HOURS["w"]:
        return None
    unit: PeriodUnit = next(unit for unit in ("w", "d", "h") if hours % _HOURS[unit] == 0)
    return Period(hours // _HOURS[unit], unit)


def last_reset(resets_at: datetime | None, period: Period | None, at: datetime) -> datetime | None:
    """Return the last reset at or before *at*; None if none has passed since the reset that was entered."""
    if resets_at is None or at < resets_at:
        return None
    return resets_at if period is None else _reset_after(resets_at, period, _count_periods(resets_at, period, at))


def next_reset(resets_at: datetime | None, period: Period | None, at: datetime) -> datetime | None:
    """Return the first reset after *at*; None if it is unknown."""
    if resets_at is None or at < resets_at:
        return resets_at
    return None if period is None else _reset_after(resets_at, period, _count_periods(resets_at, period, at) + 1)


def _count_periods(first: datetime, period: Period, at: datetime) -> int:
    """Return how many full periods lie between *first* and *at*."""
    if period.unit != "mo":
        return (at - first) // timedelta(hours=_HOURS[period.unit] * period.number)
    months = (at.year - first.year) * 12 + at.month - first.month
    if _months_after(first, months) > at:
        months -= 1
    return months // period.number


def _reset_after(first: datetime, period: Period, times: int) -> datetime:
    if period.unit != "mo":
        return first + times * timedelta(hours=_HOURS[period.unit] * period.number)
    return _months_after(first, times * period.number)


def _months_after(first: datetime, months: int) -> datetime:
    """Return the same day of a later month, or the last day of that month. Counting starts at *first*, so a 31st is
    used again after a short month.
    """
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return first.replace(year=year, month=month + 1, day=min(first.day, monthrange(year, month + 1)[1]))
