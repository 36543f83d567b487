"""Which account to use next, and whether to leave the one in use: decided from how the accounts stand, each decision with its reasons in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, TypeAlias

from onward.core.accounts.accounts import AccountAvailability, AccountEvent, ModelLimit, limit_end, model_credits_used

USUAL_CREDITS = 100.0
"""What a session is taken to need where nobody says."""

FAILURE_HALF_LIFE_HOURS = 6.0
REMEMBERED_FAILURES_HOURS = 48.0

_CREDITS_WEIGHT, _RESET_WEIGHT, _FIT_WEIGHT, _FAILURE_WEIGHT, _WINDOW_WEIGHT, _SHARING_WEIGHT = 1.0, 0.3, 0.4, 0.5, 0.4, 0.1
_RESET_SOON_HOURS = 24.0

WindowPosition: TypeAlias = Literal["unknown", "below", "in", "past"]


class RotationWindow(NamedTuple):
    """Where rotation begins and where it must be done by, in credits used of a hundred: from `from_percent` a better account is taken, from `at_percent` any that has more left."""

    from_percent: float = 85.0
    at_percent: float = 92.0

    def position(self, used_percent: float | None) -> WindowPosition:
        """Return where an account stands that has used so much."""
        if used_percent is None:
            return "unknown"
        return "below" if used_percent < self.from_percent else "in" if used_percent < self.at_percent else "past"


@dataclass(frozen=True, slots=True)
class AccountNeed:
    """What the next session needs: a model, what the account should be good at, about how many credits."""

    model: str = ""
    tags: tuple[str, ...] = ()
    credits: float | None = None


@dataclass(frozen=True, slots=True)
class AccountCandidate:
    """An account as it stands; what happened to it of late (`failure` events, and the `use` events of models); and how many sessions run on it now."""

    availability: AccountAvailability
    events: Sequence[AccountEvent] = ()
    open_sessions: int = 0


@dataclass(frozen=True, slots=True)
class RankedAccount:
    """An account in a ranking. `score` is only good for comparing; `reasons` say what made it, the weightiest first. One that is not `usable` cannot be taken now."""

    availability: AccountAvailability
    usable: bool
    score: float
    reasons: tuple[str, ...]


@dataclass(slots=True)
class _Reasons:
    """A score that grows, and why."""

    entries: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])

    def add(self, score: float, reason: str) -> None:
        self.entries.append((score, reason))

    @property
    def value(self) -> float:
        return round(sum(score for score, _ in self.entries), 9)

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(reason for _, reason in sorted(self.entries, key=lambda entry: -abs(entry[0])))


def rank_accounts(candidates: Iterable[AccountCandidate], need: AccountNeed, window: RotationWindow | None = None) -> list[RankedAccount]:
    """Return the accounts, the best first, then those that cannot be used now.

    Adds up: credits left (saturating: half of the weight where just what is needed is left), more where they would soon come back unused; how much of what is needed it is good at; less for
    failures, halved every six hours; less within the rotation window, and for each session that runs on it. Ties go to whoever resets first, then by name.
    """
    ranked = [_rank(candidate, need, window or RotationWindow()) for candidate in candidates]
    return sorted(ranked, key=lambda account: (not account.usable, -account.score, *_tie_breaker(account.availability)))


def _tie_breaker(availability: AccountAvailability) -> tuple[float, str, int]:
    return (
        availability.resets_at.timestamp() if availability.resets_at else float("inf"),
        availability.account.name,
        availability.account.id,
    )


def _rank(candidate: AccountCandidate, need: AccountNeed, window: RotationWindow) -> RankedAccount:
    availability = candidate.availability
    obstacle = _find_obstacle(candidate, need)
    if obstacle:
        return RankedAccount(availability, usable=False, score=0.0, reasons=(obstacle,))
    reasons = _Reasons()
    _add_credits(reasons, candidate, need)
    _add_fit(reasons, availability, need)
    _add_failures(reasons, candidate)
    if window.position(availability.used_percent) in ("in", "past"):
        reasons.add(-_WINDOW_WEIGHT, f"in its rotation window: {_format_number(availability.used_percent or 0)} of 100 credits are used")
    if candidate.open_sessions:
        count = candidate.open_sessions
        reasons.add(
            -_SHARING_WEIGHT * min(count, 3), "1 session runs on it already" if count == 1 else f"{count} sessions run on it already"
        )
    return RankedAccount(availability, usable=True, score=reasons.value, reasons=reasons.texts)


def _find_obstacle(candidate: AccountCandidate, need: AccountNeed) -> str:
    """Return why the account cannot be used now; empty where it can."""
    availability = candidate.availability
    account = availability.account
    if availability.status == "paused":
        return "paused"
    limit = availability.limit_on(need.model)
    if limit:
        reason = f"its limit for {limit.model} is reached" if limit.model else "its limit is reached"
        until_at, source = limit_end(limit, account)
        return reason + (f", until {time_until(until_at, availability.at)} ({source})" if until_at else ", and nobody said until when")
    if availability.status == "exhausted":
        reset_note = (
            f"; they come back {time_until(availability.resets_at, availability.at)} ({availability.resets_source})"
            if availability.resets_at
            else ""
        )
        return "all its credits are used" + reset_note
    if need.model and account.models and _find_model(account.models, need.model) is None:
        return f"does not offer {need.model}"
    if credits_left_for(candidate, need.model) == 0:
        return f"its credits for {need.model} are used"
    return ""


def _find_model(models: Sequence[ModelLimit], model: str) -> ModelLimit | None:
    return next((limit for limit in models if limit.model == model), None)


def credits_left_for(candidate: AccountCandidate, model: str = "") -> float | None:
    """Return how many credits are left for *model*: the account's, and no more than the model's own limit leaves. None where nothing tells."""
    availability = candidate.availability
    limit = _find_model(availability.account.models, model)
    credits_left = availability.credits_left
    if limit is None or limit.credits is None:
        return credits_left
    model_left = max(0.0, limit.credits - model_credits_used(candidate.events, model, availability.window_at))
    return model_left if credits_left is None else min(credits_left, model_left)


def _add_credits(reasons: _Reasons, candidate: AccountCandidate, need: AccountNeed) -> None:
    availability = candidate.availability
    credits_left = credits_left_for(candidate, need.model)
    if credits_left is None:
        reasons.add(_CREDITS_WEIGHT / 4, "how many credits it has is not known")
        return
    needed = need.credits or USUAL_CREDITS
    share = credits_left / (credits_left + needed)
    total = availability.account.credits_total
    text = (
        f"{_format_number(credits_left)} credits left"
        if total is None
        else f"{_format_number(credits_left)} of {_format_number(total)} credits left"
    )
    shortage = f": fewer than the {_format_number(needed)} needed" if need.credits and credits_left < needed else ""
    estimate_note = (
        f", {_format_number(availability.credits_estimated)} of those used being estimated" if availability.credits_estimated else ""
    )
    reasons.add(_CREDITS_WEIGHT * share, text + shortage + estimate_note)
    if availability.resets_at:
        hours = (availability.resets_at - availability.at) / timedelta(hours=1)
        reset_score: float = _RESET_WEIGHT * share * 2 ** (-hours / _RESET_SOON_HOURS)
        reasons.add(
            reset_score, f"its credits come back {time_until(availability.resets_at, availability.at)} ({availability.resets_source})"
        )


def _add_fit(reasons: _Reasons, availability: AccountAvailability, need: AccountNeed) -> None:
    if need.tags:
        matching_tags = [tag for tag in need.tags if tag in availability.account.tags]
        reasons.add(
            _FIT_WEIGHT * len(matching_tags) / len(need.tags),
            f"good at {', '.join(matching_tags)}" if matching_tags else f"not known to be good at {', '.join(need.tags)}",
        )
    if need.model and not availability.account.models:
        reasons.add(-_FIT_WEIGHT / 4, f"whether it offers {need.model} is not known")


def _add_failures(reasons: _Reasons, candidate: AccountCandidate) -> None:
    at = candidate.availability.at
    ages = [max(0.0, (at - event.at) / timedelta(hours=1)) for event in candidate.events if event.kind == "failure"]
    recent = [age for age in ages if age <= REMEMBERED_FAILURES_HOURS]
    if recent:
        weight = sum(2 ** (-age / FAILURE_HALF_LIFE_HOURS) for age in recent)
        ago = _format_hours(min(recent))
        text = f"failed once of late, {ago} ago" if len(recent) == 1 else f"failed {len(recent)} times of late, last {ago} ago"
        reasons.add(-_FAILURE_WEIGHT * weight / (1 + weight), text)


@dataclass(frozen=True, slots=True)
class Rotation:
    """Whether an open session should go to another account, to which, and why or why not. `place` is where the one in use stands in the window."""

    target: RankedAccount | None
    position: WindowPosition
    why: str


def decide_rotation(current: RankedAccount | None, others: Sequence[RankedAccount], window: RotationWindow) -> Rotation:
    """Decide for a session that runs on *current*, None where it has no account yet. *others* are ranked, without it.

    Below the window it stays. In it, it goes to the best account that is not in its own window; past it, to the best that has used a smaller share of its credits. From an account that cannot be used
    it goes to the best that can.
    """
    best = next((account for account in others if account.usable), None)
    if current is None:
        return Rotation(best, "unknown", "the session has no account yet" if best else "no account can be used now")
    name, percent = current.availability.account.name, current.availability.used_percent
    position = window.position(percent)
    if not current.usable:
        obstacle = f"{name} cannot be used: {current.reasons[0]}"
        return Rotation(best, position, obstacle if best else f"{obstacle}; neither can any other")
    if percent is None:
        return Rotation(None, position, f"how many credits {name} has is not known, so there is no window")
    usage_text = f"{name} has used {_format_number(percent)} of 100 credits"
    if position == "below":
        return Rotation(None, position, f"{usage_text}; rotation begins at {_format_number(window.from_percent)}")
    if position == "in":
        fresh_account = next(
            (
                account
                for account in others
                if account.usable and window.position(account.availability.used_percent) in ("below", "unknown")
            ),
            None,
        )
        if fresh_account is None:
            return Rotation(
                None, position, f"{usage_text}, but no other account stands better; it can go on until {_format_number(window.at_percent)}"
            )
        return Rotation(
            fresh_account,
            position,
            f"{usage_text}, which is in the window from {_format_number(window.from_percent)} to {_format_number(window.at_percent)}",
        )
    fuller_account = next((account for account in others if account.usable and _has_more(account.availability, percent)), None)
    return Rotation(
        fuller_account,
        position,
        f"{usage_text}, past {_format_number(window.at_percent)}" + ("" if fuller_account else "; no other account has more left"),
    )


def _has_more(availability: AccountAvailability, percent: float) -> bool:
    return availability.used_percent is None or availability.used_percent < percent


def time_until(at: datetime, now: datetime) -> str:
    """Return a time to come in words: how long until then, and when that is."""
    return f"in {_format_hours(max(0.0, (at - now) / timedelta(hours=1)))}, at {at:%Y-%m-%d %H:%M} UTC"


def _format_hours(hours: float) -> str:
    if hours < 1:
        return f"{max(1, round(hours * 60))} min"
    return f"{_format_number(round(hours, 1))} h" if hours < 48 else f"{round(hours / 24)} days"


def _format_number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"
