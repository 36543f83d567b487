"""Accounts of AI services: what people entered about them, and how many credits are left at a time.

Credits reset by themselves: `account_availability` computes from the time it is given which resets have passed since
the credits were last counted.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, TypeAlias

AccountStatus: TypeAlias = Literal["active", "paused", "exhausted"]
CreditsSource: TypeAlias = Literal["reported", "estimated"]
"""Where a number comes from: a person reported it, or Onward estimated it."""

AccountEventKind: TypeAlias = Literal["use", "report", "failure", "limit", "resume"]
"""A session used credits; a person reported the total used; a request failed; a limit was reached; a person said
that no limit applies any more.
"""

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


class ModelLimit(NamedTuple):
    """A model that an account offers, with the credits it may use from one reset to the next; None where the model
    has no limit of its own.
    """

    model: str
    credits: float | None = None


class Limit(NamedTuple):
    """A limit that the service reported as reached: of one model, or of the whole account if `model` is empty.
    `until_at` is None if its end is unknown.
    """

    model: str
    reached_at: datetime
    until_at: datetime | None


@dataclass(frozen=True, slots=True)
class Account:
    """An account of an AI service. Onward stores no login and no key for it.

    Of `credits_total` (None if unknown), `credits_used` were used at `credits_at`; `credits_estimated` of these are
    Onward's estimate. Credits reset at `resets_at`, and again after each `period`.
    """

    id: int
    name: str
    provider: str
    plan: str
    models: tuple[ModelLimit, ...]
    tags: tuple[str, ...]
    note: str
    credits_total: float | None
    credits_used: float
    credits_estimated: float
    credits_at: datetime
    resets_at: datetime | None
    period: Period | None
    is_paused: bool
    limits: tuple[Limit, ...]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """An event of an account. `credits` is the change of its count and `used_after` the count afterwards; both are
    None for events that change no count.
    """

    id: int
    account_id: int
    session_id: int | None
    kind: AccountEventKind
    source: CreditsSource
    model: str
    credits: float | None
    used_after: float | None
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AccountAvailability:
    """The credits and limits of an account at one time.

    `window_at` is the last reset that passed, None before the first. `resets_at` is the next reset; it is `reported` if
    a person entered that time, `estimated` if it follows from the period. `limits` are those that still apply.
    `credits_left` is None if the total is unknown.
    """

    account: Account
    at: datetime
    status: AccountStatus
    credits_used: float
    credits_estimated: float
    credits_left: float | None
    window_at: datetime | None
    resets_at: datetime | None
    resets_source: CreditsSource | None
    limits: tuple[Limit, ...]

    @property
    def used_percent(self) -> float | None:
        """The share of the credits that is used, in per cent; None if the total is unknown."""
        total = self.account.credits_total
        return None if total is None else 100 * self.credits_used / total if total else 100.0

    def limit_on(self, model: str) -> Limit | None:
        """Return the limit that blocks *model*: its own, or the whole account's."""
        return next((limit for limit in self.limits if limit.model in ("", model)), None)


def parse_period(text: str) -> Period | None:
    """Return the period that *text* names: `5h`, `1d`, `2w`, `1mo`; None for any other text."""
    match = _PERIOD.fullmatch(text.lower())
    if not match or not 1 <= int(match[1]) <= MAX_PERIODS:
        return None
    return Period(int(match[1]), match[2])  # type: ignore[arg-type]


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


def settle_account(account: Account, at: datetime) -> Account:
    """Return *account* as counted at *at*: credits used before the last reset are available again. An earlier time
    changes nothing.
    """
    at = max(at, account.credits_at)
    window_at = last_reset(account.resets_at, account.period, at)
    if window_at is None or window_at <= account.credits_at:
        return replace(account, credits_at=at)
    return replace(account, credits_used=0.0, credits_estimated=0.0, credits_at=at)


def charge_credits(account: Account, credits: float, source: CreditsSource) -> Account:
    """Return *account*, already settled, with *credits* more used, or fewer if negative. No count falls below zero,
    and no more is estimated than used.
    """
    used = max(0.0, round(account.credits_used + credits, 6))
    estimated = account.credits_estimated + credits if source == "estimated" else account.credits_estimated
    return replace(account, credits_used=used, credits_estimated=min(used, max(0.0, round(estimated, 6))))


def account_availability(account: Account, at: datetime) -> AccountAvailability:
    """Return the availability of *account* at *at*."""
    current = settle_account(account, at)
    at = current.credits_at
    resets_at = next_reset(account.resets_at, account.period, at)
    credits_left = None if account.credits_total is None else max(0.0, round(account.credits_total - current.credits_used, 6))
    limits = tuple(limit for limit in account.limits if _is_in_force(limit, account, at))
    exhausted = credits_left == 0 or any(not limit.model for limit in limits)
    return AccountAvailability(
        account=account,
        at=at,
        status="paused" if account.is_paused else "exhausted" if exhausted else "active",
        credits_used=current.credits_used,
        credits_estimated=current.credits_estimated,
        credits_left=credits_left,
        window_at=last_reset(account.resets_at, account.period, at),
        resets_at=resets_at,
        resets_source=None if resets_at is None else "reported" if resets_at == account.resets_at else "estimated",
        limits=limits,
    )


def _is_in_force(limit: Limit, account: Account, at: datetime) -> bool:
    """Return whether *limit* applies at *at*: until its own end, else until the account's next reset, else until a
    person ends it.
    """
    until_at = limit.until_at or next_reset(account.resets_at, account.period, limit.reached_at)
    return until_at is None or at < until_at


def limit_end(limit: Limit, account: Account) -> tuple[datetime | None, CreditsSource]:
    """Return when *limit* ends, as far as it is known, and where that time comes from."""
    if limit.until_at:
        return limit.until_at, "reported"
    return next_reset(account.resets_at, account.period, limit.reached_at), "estimated"


def model_credits_used(events: Iterable[AccountEvent], model: str, since: datetime | None) -> float:
    """Return how many credits *model* used since the last reset."""
    return max(0.0, sum(event.credits or 0.0 for event in events if event.model == model and (since is None or event.at >= since)))


def credits_per_usd(samples: Sequence[tuple[float, float]]) -> float | None:
    """Return how many credits a US dollar of list price is: the median over sessions, each given as (reported
    credits, dollars of its usage).

    None for fewer than three sessions.
    """
    rates = sorted(credits / usd for credits, usd in samples if usd > 0)
    if len(rates) < 3:
        return None
    middle = len(rates) // 2
    return rates[middle] if len(rates) % 2 else (rates[middle - 1] + rates[middle]) / 2
