"""Accounts of AI services: what people entered about them, and how many credits are left at a time.

Credits reset by themselves: `account_availability` computes from the time it is given which resets have passed since
the credits were last counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

from onward.core.accounts.periods import Period, last_reset, next_reset
from onward.core.accounts.windows import AccountWindow, CreditsSource, settle_window

AccountStatus: TypeAlias = Literal["active", "paused", "exhausted"]

AccountEventKind: TypeAlias = Literal["use", "report", "failure", "limit", "resume"]
"""A session used credits; a person reported the total used; a request failed; a limit was reached; a person said
that no limit applies any more.
"""


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
    Onward's estimate. Credits reset at `resets_at`, and again after each `period`; where only the period is known, it is
    counted from `created_at`. `windows` are further limits, typed by a person or read from the service's own figures.
    `profile` is the folder where the account's agent keeps its settings and sessions, empty for the agent's usual one.
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
    windows: tuple[AccountWindow, ...] = ()
    profile: str = ""

    @property
    def first_reset_at(self) -> datetime | None:
        """The reset that all others are counted from: the one that was entered, else one period after the account was entered."""
        if self.resets_at or self.period is None:
            return self.resets_at
        return next_reset(self.created_at, self.period, self.created_at)


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
    `credits_left` is None if the total is unknown. `windows` are all limits of the account at that time,
    the credits first; a window that has reset since it was counted is unused.
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
    windows: tuple[AccountWindow, ...] = ()

    @property
    def used_percent(self) -> float | None:
        """The share that is used of the tightest window, in per cent; None if no total is known."""
        window = self.tightest_window()
        return window.used_percent if window else None

    def tightest_window(self, model: str = "") -> AccountWindow | None:
        """Return the window that is used most, of the whole account or of *model*; None where no total is known."""
        windows = [window for window in self.windows if window.applies_to(model) and window.used_percent is not None]
        return max(windows, key=lambda window: window.used_percent or 0.0, default=None)

    def limit_on(self, model: str) -> Limit | None:
        """Return the limit that blocks *model*: its own, or the whole account's."""
        return next((limit for limit in self.limits if limit.model in ("", model)), None)


def settle_account(account: Account, at: datetime) -> Account:
    """Return *account* as counted at *at*: credits used before the last reset are available again. An earlier time
    changes nothing.
    """
    at = max(at, account.credits_at)
    window_at = last_reset(account.first_reset_at, account.period, at)
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
    """Return the availability of *account* at *at*. What the service reported of the credits' own period since they were counted takes
    their place.
    """
    current = settle_account(account, at)
    at = current.credits_at
    windows = tuple(settle_window(window, at) for window in account.windows)
    resets_at = next_reset(account.first_reset_at, account.period, at)
    resets_source: CreditsSource | None = None if resets_at is None else "reported" if resets_at == account.resets_at else "estimated"
    credits_window = _credits_window(current, resets_at)
    if reported := next((window for window in windows if credits_window and window.replaces(credits_window)), None):
        windows = tuple(window for window in windows if window is not reported)
        credits_window = _reported_credits(account, reported)
        current = replace(current, credits_used=credits_window.used, credits_estimated=0.0)
        resets_at, resets_source = reported.resets_at, "reported" if reported.resets_at else None
    windows = (credits_window, *windows) if credits_window else windows
    limits = tuple(limit for limit in account.limits if _is_in_force(limit, account, at))
    is_used_up = any(not window.model and (window.used_percent or 0.0) >= 100 for window in windows)
    exhausted = is_used_up or any(not limit.model for limit in limits)
    return AccountAvailability(
        account=account,
        at=at,
        status="paused" if account.is_paused else "exhausted" if exhausted else "active",
        credits_used=current.credits_used,
        credits_estimated=current.credits_estimated,
        credits_left=None if account.credits_total is None else max(0.0, round(account.credits_total - current.credits_used, 6)),
        window_at=last_reset(account.first_reset_at, account.period, at),
        resets_at=resets_at,
        resets_source=resets_source,
        limits=limits,
        windows=windows,
    )


def _credits_window(account: Account, resets_at: datetime | None) -> AccountWindow | None:
    """Return the credits of a settled account as a window; None if their total is unknown."""
    if account.credits_total is None:
        return None
    return AccountWindow(
        model="",
        period=str(account.period or ""),
        used=account.credits_used,
        total=account.credits_total,
        resets_at=resets_at,
        at=account.credits_at,
        source="estimated",
        is_credits=True,
    )


def _reported_credits(account: Account, reported: AccountWindow) -> AccountWindow:
    """Return the credits of an account as the service's window over the same period counts them."""
    total = account.credits_total or 0.0
    return replace(reported, used=round((reported.used_percent or 0.0) * total / 100, 6), total=total, is_credits=True)


def _is_in_force(limit: Limit, account: Account, at: datetime) -> bool:
    """Return whether *limit* applies at *at*: until its own end, else until the account's next reset, else until a
    person ends it.
    """
    until_at = limit.until_at or next_reset(account.first_reset_at, account.period, limit.reached_at)
    return until_at is None or at < until_at


def limit_end(limit: Limit, account: Account) -> tuple[datetime | None, CreditsSource]:
    """Return when *limit* ends, as far as it is known, and where that time comes from."""
    if limit.until_at:
        return limit.until_at, "reported"
    return next_reset(account.first_reset_at, account.period, limit.reached_at), "estimated"


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
