"""Which account to use next, and whether to leave the current one: decided from the availability of the accounts, with reasons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, TypeAlias

from onward.core.accounts.accounts import AccountAvailability, AccountEvent, ModelLimit, limit_end, model_credits_used
from onward.core.accounts.windows import AccountWindow, CreditsSource
from onward.message import Message, join_messages

USUAL_CREDITS = 100.0
"""Credits that a session is assumed to need by default."""

FAILURE_HALF_LIFE_HOURS = 6.0
REMEMBERED_FAILURES_HOURS = 48.0

_CREDITS_WEIGHT, _RESET_WEIGHT, _FIT_WEIGHT, _FAILURE_WEIGHT, _WINDOW_WEIGHT, _SHARING_WEIGHT = 1.0, 0.3, 0.4, 0.5, 0.4, 0.1
_RESET_SOON_HOURS = 24.0

_SOURCES: dict[CreditsSource, Message] = {"reported": Message("reported"), "estimated": Message("estimated")}

WindowPosition: TypeAlias = Literal["unknown", "below", "in", "past"]


class RotationWindow(NamedTuple):
    """When a session should change its account, in per cent of its credits used: from `from_percent` for a better
    account, from `at_percent` for any that has more left.
    """

    from_percent: float = 85.0
    at_percent: float = 92.0

    def position(self, used_percent: float | None) -> WindowPosition:
        """Return where in the window an account is that has used *used_percent* of its credits."""
        if used_percent is None:
            return "unknown"
        return "below" if used_percent < self.from_percent else "in" if used_percent < self.at_percent else "past"


@dataclass(frozen=True, slots=True)
class AccountNeed:
    """What the next session needs: a model, strengths of the account, and about how many credits."""

    model: str = ""
    tags: tuple[str, ...] = ()
    credits: float | None = None


@dataclass(frozen=True, slots=True)
class AccountCandidate:
    """An account with its recent events (failures, and uses by model) and the number of sessions that run on it now."""

    availability: AccountAvailability
    events: Sequence[AccountEvent] = ()
    open_sessions: int = 0


@dataclass(frozen=True, slots=True)
class RankedAccount:
    """An account in a ranking. `score` only compares accounts of one ranking; `reasons` explain it, the weightiest
    first. An account that is not `usable` cannot be used now.
    """

    availability: AccountAvailability
    is_usable: bool
    score: float
    reasons: tuple[Message | str, ...]


@dataclass(frozen=True, slots=True)
class AccountChoice:
    """The account to use next, None if none can be used, and the ranking of all accounts."""

    best: RankedAccount | None
    ranking: list[RankedAccount]

    @property
    def why(self) -> Message | str:
        """Why this account is the best, or why there is none."""
        if self.best:
            return join_messages(self.best.reasons)
        if not self.ranking:
            return Message("there is no account yet")
        obstacles = [
            Message("{account}: {reason}", account=account.availability.account.name, reason=account.reasons[0])
            for account in self.ranking[:5]
        ]
        return Message("no account can be used now: {obstacles}", obstacles=join_messages(obstacles))


@dataclass(slots=True)
class _Reasons:
    """A score that grows, and why."""

    entries: list[tuple[float, Message]] = field(default_factory=list[tuple[float, Message]])

    def add(self, score: float, reason: Message) -> None:
        self.entries.append((score, reason))

    @property
    def value(self) -> float:
        return round(sum(score for score, _ in self.entries), 9)

    @property
    def messages(self) -> tuple[Message, ...]:
        return tuple(reason for _, reason in sorted(self.entries, key=lambda entry: -abs(entry[0])))


def rank_accounts(candidates: Iterable[AccountCandidate], need: AccountNeed, window: RotationWindow | None = None) -> list[RankedAccount]:
    """Return the accounts, the best first, then those that cannot be used now.

    The score adds up: what is left of the tightest window (saturating: half of the weight where exactly what is needed is
    left), more where it resets soon and would be lost; the share of the wanted strengths; less for failures, halved every six hours;
    less within the rotation window, and for each session that runs on the account. Among equals the account that resets
    first comes first, then by name.
    """
    ranked = [_rank(candidate, need, window or RotationWindow()) for candidate in candidates]
    return sorted(ranked, key=lambda account: (not account.is_usable, -account.score, *_tie_breaker(account.availability)))


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
        return RankedAccount(availability, is_usable=False, score=0.0, reasons=(obstacle,))
    reasons = _Reasons()
    _add_credits(reasons, candidate, need)
    _add_fit(reasons, availability, need)
    _add_failures(reasons, candidate)
    tightest = availability.tightest_window(need.model)
    if tightest and window.position(tightest.used_percent) in ("in", "past"):
        percent = _rounded(tightest.used_percent or 0)
        reason = Message("in its rotation window: {percent:,}% of its {window} used", percent=percent, window=tightest.name)
        reasons.add(-_WINDOW_WEIGHT, reason)
    if candidate.open_sessions:
        count = candidate.open_sessions
        reason = Message("1 session runs on it") if count == 1 else Message("{count} sessions run on it", count=count)
        reasons.add(-_SHARING_WEIGHT * min(count, 3), reason)
    return RankedAccount(availability, is_usable=True, score=reasons.value, reasons=reasons.messages)


def _find_obstacle(candidate: AccountCandidate, need: AccountNeed) -> Message | None:
    """Return why the account cannot be used now; None where it can."""
    availability = candidate.availability
    account = availability.account
    if availability.status == "paused":
        return Message("paused")
    limit = availability.limit_on(need.model)
    if limit:
        reached = Message("limit for {model} reached", model=limit.model) if limit.model else Message("limit reached")
        until_at, source = limit_end(limit, account)
        if until_at is None:
            return Message("{limit}, end unknown", limit=reached)
        return Message(
            "{limit}, until {when} ({source})", limit=reached, when=time_until(until_at, availability.at), source=_SOURCES[source]
        )
    tightest = availability.tightest_window(need.model)
    if tightest and (tightest.used_percent or 0) >= 100:
        return _used_up(availability, tightest)
    if need.model and account.models and _find_model(account.models, need.model) is None:
        return Message("does not offer {model}", model=need.model)
    if credits_left_for(candidate, need.model) == 0:
        return Message("no credits left for {model}", model=need.model)
    return None


def _used_up(availability: AccountAvailability, window: AccountWindow) -> Message:
    reset = _next_reset(availability, window)
    if window.is_credits:
        return Message("all credits used; they reset {when} ({source})", **reset) if reset else Message("all credits used")
    if reset:
        return Message("{window} used up; it resets {when} ({source})", window=window.name, **reset)
    return Message("{window} used up", window=window.name)


def _next_reset(availability: AccountAvailability, window: AccountWindow) -> dict[str, Message]:
    """Return when a window resets and who says so, as the values of a message; empty if it is unknown."""
    resets_at, source = window.resets_at, window.source
    if window.is_credits:
        resets_at, source = availability.resets_at, availability.resets_source or "estimated"
    return {"when": time_until(resets_at, availability.at), "source": _SOURCES[source]} if resets_at else {}


def _find_model(models: Sequence[ModelLimit], model: str) -> ModelLimit | None:
    return next((limit for limit in models if limit.model == model), None)


def credits_left_for(candidate: AccountCandidate, model: str = "") -> float | None:
    """Return how many credits are left for *model*: the account's, but no more than the model's own limit leaves.
    None if unknown.
    """
    availability = candidate.availability
    limit = _find_model(availability.account.models, model)
    credits_left = availability.credits_left
    if limit is None or limit.credits is None:
        return credits_left
    model_left = max(0.0, limit.credits - model_credits_used(candidate.events, model, availability.window_at))
    return model_left if credits_left is None else min(credits_left, model_left)


def _add_credits(reasons: _Reasons, candidate: AccountCandidate, need: AccountNeed) -> None:
    """Add what is left, by the tightest of the credits and the other windows."""
    availability = candidate.availability
    needed = need.credits or USUAL_CREDITS
    credits_left = credits_left_for(candidate, need.model)
    tightest = availability.tightest_window(need.model)
    window = None if tightest is None or tightest.is_credits else tightest
    if credits_left is None and window is None:
        reasons.add(_CREDITS_WEIGHT / 4, Message("credits left unknown"))
        return
    credits_share = 1.0 if credits_left is None else credits_left / (credits_left + needed)
    percent_left = 100 - (window.used_percent or 0.0) if window else 0.0
    window_share = percent_left / (percent_left + needed) if window else 1.0
    share = min(credits_share, window_share)
    if credits_left is not None:
        reason = _credits_reason(availability, credits_left, need)
        reasons.add(_CREDITS_WEIGHT * share if credits_share <= window_share else 0.0, reason)
    if window:
        source = _SOURCES[window.source]
        reason = Message("{left:,}% of its {window} left ({source})", left=_rounded(percent_left), window=window.name, source=source)
        reasons.add(_CREDITS_WEIGHT * share if window_share < credits_share else 0.0, reason)
    _add_reset(reasons, availability, window if window and window_share < credits_share else None, share)


def _credits_reason(availability: AccountAvailability, credits_left: float, need: AccountNeed) -> Message:
    left, total = _rounded(credits_left), availability.account.credits_total
    reason = Message("{left:,} credits left", left=left)
    if total is not None:
        reason = Message("{left:,} of {total:,} credits left", left=left, total=_rounded(total))
    if need.credits and credits_left < need.credits:
        reason = Message("{credits}, fewer than the {needed:,} needed", credits=reason, needed=_rounded(need.credits))
    if availability.credits_estimated:
        estimated = _rounded(availability.credits_estimated)
        reason = Message("{credits}, {estimated:,} of the used ones estimated", credits=reason, estimated=estimated)
    return reason


def _add_reset(reasons: _Reasons, availability: AccountAvailability, window: AccountWindow | None, share: float) -> None:
    """Add the next reset of *window*, or of the credits where it is None."""
    resets_at = window.resets_at if window else availability.resets_at
    if resets_at is None:
        return
    hours = (resets_at - availability.at) / timedelta(hours=1)
    score: float = _RESET_WEIGHT * share * 2 ** (-hours / _RESET_SOON_HOURS)
    if window:
        reasons.add(score, Message("{window} resets {when} ({source})", window=window.name, **_next_reset(availability, window)))
        return
    when, source = time_until(resets_at, availability.at), _SOURCES[availability.resets_source or "estimated"]
    reasons.add(score, Message("credits reset {when} ({source})", when=when, source=source))


def _add_fit(reasons: _Reasons, availability: AccountAvailability, need: AccountNeed) -> None:
    if need.tags:
        matching_tags = [tag for tag in need.tags if tag in availability.account.tags]
        reason = Message("not marked as good at {tags}", tags=", ".join(need.tags))
        if matching_tags:
            reason = Message("good at {tags}", tags=", ".join(matching_tags))
        reasons.add(_FIT_WEIGHT * len(matching_tags) / len(need.tags), reason)
    if need.model and not availability.account.models:
        reasons.add(-_FIT_WEIGHT / 4, Message("unknown whether it offers {model}", model=need.model))


def _add_failures(reasons: _Reasons, candidate: AccountCandidate) -> None:
    at = candidate.availability.at
    ages = [max(0.0, (at - event.at) / timedelta(hours=1)) for event in candidate.events if event.kind == "failure"]
    recent = [age for age in ages if age <= REMEMBERED_FAILURES_HOURS]
    if recent:
        weight = sum(2 ** (-age / FAILURE_HALF_LIFE_HOURS) for age in recent)
        span = _time_span(min(recent))
        reason = Message("failed {count} times recently, last {span} ago", count=len(recent), span=span)
        if len(recent) == 1:
            reason = Message("failed once recently, {span} ago", span=span)
        reasons.add(-_FAILURE_WEIGHT * weight / (1 + weight), reason)


@dataclass(frozen=True, slots=True)
class Rotation:
    """Whether an open session should change its account, to which one, and why or why not. `position` is where the
    current account is in the window.
    """

    target: RankedAccount | None
    position: WindowPosition
    why: Message


def decide_rotation(current: RankedAccount | None, others: Sequence[RankedAccount], window: RotationWindow) -> Rotation:
    """Decide for a session that runs on *current*, None where it has no account yet. *others* are ranked, without
    it.

    Below the window the session stays. In it, it goes to the best account that is not in its own window; past it, to
    the best that has used a smaller share of its credits. From an account that cannot be used it goes to the best that
    can.
    """
    best = next((account for account in others if account.is_usable), None)
    if current is None:
        return Rotation(best, "unknown", Message("the session has no account yet") if best else Message("no account can be used now"))
    name, used_percent = current.availability.account.name, current.availability.used_percent
    position = window.position(used_percent)
    if not current.is_usable:
        reason = current.reasons[0]
        if best:
            return Rotation(best, position, Message("{account} cannot be used: {reason}", account=name, reason=reason))
        return Rotation(
            None, position, Message("{account} cannot be used: {reason}; no other account can be used", account=name, reason=reason)
        )
    if used_percent is None:
        return Rotation(None, position, Message("credits of {account} unknown, so it has no rotation window", account=name))
    tightest = current.availability.tightest_window()
    window_name = tightest.name if tightest else ""
    usage = Message("{account} has used {percent:,}% of its {window}", account=name, percent=_rounded(used_percent), window=window_name)
    start, end = _rounded(window.from_percent), _rounded(window.at_percent)
    if position == "below":
        return Rotation(None, position, Message("{usage}; rotation starts at {start:,}%", usage=usage, start=start))
    if position == "in":
        fresh_positions = ("below", "unknown")
        fresh_account = next(
            (account for account in others if account.is_usable and window.position(account.availability.used_percent) in fresh_positions),
            None,
        )
        if fresh_account is None:
            return Rotation(
                None, position, Message("{usage}, but no other account is better; it can be used up to {end:,}%", usage=usage, end=end)
            )
        return Rotation(
            fresh_account, position, Message("{usage}, within the rotation window of {start:,}–{end:,}%", usage=usage, start=start, end=end)
        )
    fuller_account = next((account for account in others if account.is_usable and _has_more(account.availability, used_percent)), None)
    if fuller_account is None:
        return Rotation(None, position, Message("{usage}, past {end:,}%; no other account has more left", usage=usage, end=end))
    return Rotation(fuller_account, position, Message("{usage}, past {end:,}%", usage=usage, end=end))


def _has_more(availability: AccountAvailability, percent: float) -> bool:
    return availability.used_percent is None or availability.used_percent < percent


def time_until(at: datetime, now: datetime) -> Message:
    """Return how long it is until a later time, and when that is."""
    span = _time_span(max(0.0, (at - now) / timedelta(hours=1)))
    return Message("in {span}, at {at:%Y-%m-%d %H:%M} UTC", span=span, at=at)


def _time_span(hours: float) -> Message:
    if hours < 1:
        return Message("{minutes} min", minutes=max(1, round(hours * 60)))
    return Message("{hours:,} h", hours=_rounded(hours)) if hours < 48 else Message("{days} days", days=round(hours / 24))


def _rounded(value: float) -> float:
    """Return *value* with one decimal, as a whole number where it is one."""
    return round(value) if round(value, 1) == round(value) else round(value, 1)
