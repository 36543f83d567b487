"""The limits of an account over periods: five hours, a week, a week for one model.

A window is `reported` if the service's own figures say how much of it is used, and `estimated` if a person typed the numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias

from onward.core.accounts.periods import next_reset, parse_period, period_of_minutes
from onward.core.transcript.transcript import LimitReading
from onward.message import Message

CreditsSource: TypeAlias = Literal["reported", "estimated"]
"""Where a number comes from: it was reported, by a person or by the service, or Onward estimated it."""


@dataclass(frozen=True, slots=True)
class AccountWindow:
    """One limit of an account: of `total` (None if unknown), `used` were used at `at`, in credits or in per cent.

    `model` is the model that the limit is for, empty for all of them; `period` is how long a window lasts (`5h`, `1w`), empty if unknown;
    `resets_at` is the time of the next reset. `has_reset` says that it has reset since it was counted, so nothing of it is used.
    `is_credits` marks the credits that a person tracks. `plan` is the plan that the service names.
    """

    model: str
    period: str
    used: float
    total: float | None
    resets_at: datetime | None
    at: datetime
    source: CreditsSource
    plan: str = ""
    has_reset: bool = False
    is_credits: bool = False

    @property
    def used_percent(self) -> float | None:
        """The share that is used, in per cent; None if the total is unknown."""
        return None if self.total is None else 100 * self.used / self.total if self.total else 100.0

    @property
    def name(self) -> Message:
        """What people call it: `5h window`, `1w window of opus`."""
        if self.is_credits:
            return Message("credits")
        return (
            Message("{period} window of {model}", period=self.period, model=self.model)
            if self.model
            else Message("{period} window", period=self.period)
        )

    @property
    def hours(self) -> float:
        """Its length in hours; zero if unknown."""
        period = parse_period(self.period)
        return period.hours if period else 0.0

    def applies_to(self, model: str) -> bool:
        """Return whether a session that needs *model* uses this window. Services name models by their family: `opus`."""
        return not self.model or bool(model and self.model.lower() in model.lower())

    def replaces(self, typed: AccountWindow) -> bool:
        """Return whether this is what the service reported of the same limit, later than *typed* was typed."""
        is_same = self.model == typed.model and self.hours == typed.hours
        return is_same and self.source == "reported" and self.at >= typed.at


def settle_window(window: AccountWindow, at: datetime) -> AccountWindow:
    """Return the state of *window* at *at*: unused once it has reset. When the next one ends is known only where a person typed the period:
    a service's window begins with its first use.
    """
    period = parse_period(window.period)
    resets_at = window.resets_at or (next_reset(window.at, period, window.at) if period else None)
    if resets_at is None or at < resets_at:
        return replace(window, resets_at=resets_at)
    next_at = next_reset(resets_at, period, at) if window.source == "estimated" else None
    return replace(window, used=0.0, resets_at=next_at, has_reset=True)


def reported_window(reading: LimitReading) -> AccountWindow | None:
    """Return a reading of a service's limit as a window; None if its length is unknown."""
    period = period_of_minutes(reading.window_minutes)
    if period is None:
        return None
    return AccountWindow(
        model=reading.model,
        period=str(period),
        used=reading.used_percent,
        total=100.0,
        resets_at=reading.resets_at,
        at=reading.at,
        source="reported",
        plan=reading.plan,
    )


def merge_windows(typed: Sequence[AccountWindow], readings: Iterable[LimitReading]) -> tuple[AccountWindow, ...]:
    """Return the windows of an account, the shortest first: the newest reading of each, and what was typed of the others or later.

    Readings under another plan than the newest one's are of limits that no longer hold.
    """
    windows = [window for window in map(reported_window, sorted(readings, key=lambda reading: reading.at)) if window]
    plan = next((window.plan for window in reversed(windows) if window.plan), "")
    newest = {(window.model, window.period): window for window in windows if window.plan in ("", plan)}
    typed_windows = [window for window in typed if not any(reading.replaces(window) for reading in newest.values())]
    keys = {(window.model, window.hours) for window in typed_windows}
    reported = [window for window in newest.values() if (window.model, window.hours) not in keys]
    return tuple(sorted([*typed_windows, *reported], key=lambda window: (window.model, window.hours)))
