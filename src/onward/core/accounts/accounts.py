"""Accounts of AI services: what a person told of each, and how its credits stand at a time.

Credits come back by themselves: `standing` computes from the clock it is given which resets have passed since the credits were last counted.
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
"""Who says so: a person, or Onward."""

AccountEventKind: TypeAlias = Literal["use", "report", "failure", "limit", "resume"]
"""A session's use; a person's report of all that is used; a failure; a limit that was reached; a person's word that no limit holds any more."""

PeriodUnit: TypeAlias = Literal["h", "d", "w", "mo"]
MAX_PERIODS = 1000
_PERIOD = re.compile(r"\s*(\d{1,4})\s*(h|d|w|mo)\s*")
_HOURS: dict[PeriodUnit, int] = {"h": 1, "d": 24, "w": 168}


class Period(NamedTuple):
    """How often credits come back: every `number` hours, days, weeks or calendar months."""

    number: int
    unit: PeriodUnit

    def __str__(self) -> str:
        """Return it as it is written: `5h`, `1mo`."""
        return f"{self.number}{self.unit}"


class ModelLimit(NamedTuple):
    """A model that an account offers, and how many of its credits may go to it from one reset to the next; None where it has no limit of its own."""

    model: str
    credits: float | None = None


class Limit(NamedTuple):
    """A limit that a service said was reached: of one model, or with `model` empty of the whole account. `until_at` is None where nobody said when it ends."""

    model: str
    reached_at: datetime
    until_at: datetime | None


@dataclass(frozen=True, slots=True)
class Account:
    """An account of an AI service. Onward holds no login and no key for it.

    `credits_used` were used of `credits_total` (None: not known) as counted at `credits_at`; `credits_estimated` of them nobody reported, Onward
    estimated them. They come back at `resets_at`, and again after each `period`.
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
    """What happened to an account. `credits` is what its count changed by, `used_after` the count then; both None where that has nothing to do with it."""

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
    """How an account stands at one time.

    `window_at` is the last reset that passed, None before the first. `resets_at` is the next; it is `reported` where a person named that very time, `estimated` where
    it follows from the period. `limits` are those that still hold. `credits_left` is None where the total is not known.
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
        """Credits used of a hundred; None where the total is not known."""
        total = self.account.credits_total
        return None if total is None else 100 * self.credits_used / total if total else 100.0

    def limit_on(self, model: str) -> Limit | None:
        """Return the limit that keeps *model* from being used: its own, or the whole account's."""
        return next((limit for limit in self.limits if limit.model in ("", model)), None)


def parse_period(text: str) -> Period | None:
    """Return the period that *text* names: `5h`, `1d`, `2w`, `1mo`. None when it names none."""
    match = _PERIOD.fullmatch(text.lower())
    if not match or not 1 <= int(match[1]) <= MAX_PERIODS:
        return None
    return Period(int(match[1]), match[2])  # type: ignore[arg-type]


def last_reset(resets_at: datetime | None, period: Period | None, at: datetime) -> datetime | None:
    """Return the last reset at or before *at*, None where there was none since the one that was told."""
    if resets_at is None or at < resets_at:
        return None
    return resets_at if period is None else _reset_after(resets_at, period, _count_periods(resets_at, period, at))


def next_reset(resets_at: datetime | None, period: Period | None, at: datetime) -> datetime | None:
    """Return the first reset after *at*, None where nothing tells of one."""
    if resets_at is None or at < resets_at:
        return resets_at
    return None if period is None else _reset_after(resets_at, period, _count_periods(resets_at, period, at) + 1)


def _count_periods(first: datetime, period: Period, at: datetime) -> int:
    """Return how many whole periods lie between *first* and *at*."""
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
    """Return the same day of a later month, or its last. Counted from *first*, so that a 31st comes back after a short month."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return first.replace(year=year, month=month + 1, day=min(first.day, monthrange(year, month + 1)[1]))


def settle_account(account: Account, at: datetime) -> Account:
    """Return *account* as counted at *at*: what was used before the last reset has come back. A clock that went back changes nothing."""
    at = max(at, account.credits_at)
    window_at = last_reset(account.resets_at, account.period, at)
    if window_at is None or window_at <= account.credits_at:
        return replace(account, credits_at=at)
    return replace(account, credits_used=0.0, credits_estimated=0.0, credits_at=at)


def charge_credits(account: Account, credits: float, source: CreditsSource) -> Account:
    """Return *account*, settled before, with *credits* more used: fewer, where they are negative. No count falls below zero, nor is more estimated than used."""
    used = max(0.0, round(account.credits_used + credits, 6))
    estimated = account.credits_estimated + credits if source == "estimated" else account.credits_estimated
    return replace(account, credits_used=used, credits_estimated=min(used, max(0.0, round(estimated, 6))))


def account_availability(account: Account, at: datetime) -> AccountAvailability:
    """Return how *account* stands at *at*."""
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
    """Say whether *limit* holds at *at*: until the time that was told, else until the account's next reset, else until a person says that it is over."""
    until_at = limit.until_at or next_reset(account.resets_at, account.period, limit.reached_at)
    return until_at is None or at < until_at


def limit_end(limit: Limit, account: Account) -> tuple[datetime | None, CreditsSource]:
    """Return when *limit* ends, as far as anything tells, and who says so."""
    if limit.until_at:
        return limit.until_at, "reported"
    return next_reset(account.resets_at, account.period, limit.reached_at), "estimated"


def model_credits_used(events: Iterable[AccountEvent], model: str, since: datetime | None) -> float:
    """Return how many credits went to *model* since the last reset."""
    return max(0.0, sum(event.credits or 0.0 for event in events if event.model == model and (since is None or event.at >= since)))


def credits_per_usd(samples: Sequence[tuple[float, float]]) -> float | None:
    """Return how many credits a dollar of list price is: the median over sessions with (credits that a person reported, dollars of their usage).

    None below three such sessions.
    """
    rates = sorted(credits / usd for credits, usd in samples if usd > 0)
    if len(rates) < 3:
        return None
    middle = len(rates) // 2
    return rates[middle] if len(rates) % 2 else (rates[middle - 1] + rates[middle]) / 2
