"""Which account to use next, and whether to leave the one in use: decided from how the accounts stand, each decision with its reasons in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, TypeAlias

from onward.core.accounts import Event, ModelLimit, Standing, ends_at, used_of_model

USUAL_CREDITS = 100.0
"""What a session is taken to need where nobody says."""

FAILURE_HALF_LIFE_HOURS = 6.0
REMEMBERED_FAILURES_HOURS = 48.0

_LEFT, _RESET, _FIT, _FAILED, _WINDOW, _SHARED = 1.0, 0.3, 0.4, 0.5, 0.4, 0.1
_RESET_SOON_HOURS = 24.0

Place: TypeAlias = Literal["unknown", "below", "in", "past"]


class Window(NamedTuple):
    """Where rotation begins and where it must be done by, in credits used of a hundred: from `from_percent` a better account is taken, from `at_percent` any that has more left."""

    from_percent: float = 85.0
    at_percent: float = 92.0

    def place(self, used_percent: float | None) -> Place:
        """Return where an account stands that has used so much."""
        if used_percent is None:
            return "unknown"
        return "below" if used_percent < self.from_percent else "in" if used_percent < self.at_percent else "past"


@dataclass(frozen=True, slots=True)
class Need:
    """What the next session needs: a model, what the account should be good at, about how many credits."""

    model: str = ""
    tags: tuple[str, ...] = ()
    credits: float | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account as it stands; what happened to it of late (`failure` events, and the `use` events of models); and how many sessions run on it now."""

    standing: Standing
    events: Sequence[Event] = ()
    open_sessions: int = 0


@dataclass(frozen=True, slots=True)
class Ranked:
    """An account in a ranking. `score` is only good for comparing; `reasons` say what made it, the weightiest first. One that is not `usable` cannot be taken now."""

    standing: Standing
    usable: bool
    score: float
    reasons: tuple[str, ...]


@dataclass(slots=True)
class _Reasons:
    """A score that grows, and why."""

    found: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])

    def add(self, score: float, why: str) -> None:
        self.found.append((score, why))

    @property
    def score(self) -> float:
        return round(sum(score for score, _ in self.found), 9)

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(why for _, why in sorted(self.found, key=lambda one: -abs(one[0])))


def ranking(candidates: Iterable[Candidate], need: Need, window: Window | None = None) -> list[Ranked]:
    """Return the accounts, the best first, then those that cannot be used now.

    Adds up: credits left (saturating: half of the weight where just what is needed is left), more where they would soon come back unused; how much of what is needed it is good at; less for
    failures, halved every six hours; less within the rotation window, and for each session that runs on it. Ties go to whoever resets first, then by name.
    """
    ranked = [_ranked(one, need, window or Window()) for one in candidates]
    return sorted(ranked, key=lambda one: (not one.usable, -one.score, *_tie(one.standing)))


def _tie(standing: Standing) -> tuple[float, str, int]:
    return (standing.resets_at.timestamp() if standing.resets_at else float("inf"), standing.account.name, standing.account.id)


def _ranked(candidate: Candidate, need: Need, window: Window) -> Ranked:
    standing = candidate.standing
    why_not = _why_not(candidate, need)
    if why_not:
        return Ranked(standing, usable=False, score=0.0, reasons=(why_not,))
    reasons = _Reasons()
    _of_credits(reasons, candidate, need)
    _of_fit(reasons, standing, need)
    _of_failures(reasons, candidate)
    if window.place(standing.used_percent) in ("in", "past"):
        reasons.add(-_WINDOW, f"in its rotation window: {_number(standing.used_percent or 0)} of 100 credits are used")
    if candidate.open_sessions:
        count = candidate.open_sessions
        reasons.add(-_SHARED * min(count, 3), "1 session runs on it already" if count == 1 else f"{count} sessions run on it already")
    return Ranked(standing, usable=True, score=reasons.score, reasons=reasons.words)


def _why_not(candidate: Candidate, need: Need) -> str:
    """Return why the account cannot be used now; empty where it can."""
    standing = candidate.standing
    account = standing.account
    if standing.status == "paused":
        return "paused"
    limit = standing.limit_on(need.model)
    if limit:
        what = f"its limit for {limit.model} is reached" if limit.model else "its limit is reached"
        until_at, source = ends_at(limit, account)
        return what + (f", until {until(until_at, standing.at)} ({source})" if until_at else ", and nobody said until when")
    if standing.status == "exhausted":
        back = f"; they come back {until(standing.resets_at, standing.at)} ({standing.resets_source})" if standing.resets_at else ""
        return "all its credits are used" + back
    if need.model and account.models and _offered(account.models, need.model) is None:
        return f"does not offer {need.model}"
    if left_for(candidate, need.model) == 0:
        return f"its credits for {need.model} are used"
    return ""


def _offered(models: Sequence[ModelLimit], model: str) -> ModelLimit | None:
    return next((one for one in models if one.model == model), None)


def left_for(candidate: Candidate, model: str = "") -> float | None:
    """Return how many credits are left for *model*: the account's, and no more than the model's own limit leaves. None where nothing tells."""
    standing = candidate.standing
    offered = _offered(standing.account.models, model)
    left = standing.credits_left
    if offered is None or offered.credits is None:
        return left
    own = max(0.0, offered.credits - used_of_model(candidate.events, model, standing.window_at))
    return own if left is None else min(left, own)


def _of_credits(reasons: _Reasons, candidate: Candidate, need: Need) -> None:
    standing = candidate.standing
    left = left_for(candidate, need.model)
    if left is None:
        reasons.add(_LEFT / 4, "how many credits it has is not known")
        return
    needed = need.credits or USUAL_CREDITS
    share = left / (left + needed)
    total = standing.account.credits_total
    told = f"{_number(left)} credits left" if total is None else f"{_number(left)} of {_number(total)} credits left"
    short = f": fewer than the {_number(needed)} needed" if need.credits and left < needed else ""
    guessed = f", {_number(standing.credits_estimated)} of those used being estimated" if standing.credits_estimated else ""
    reasons.add(_LEFT * share, told + short + guessed)
    if standing.resets_at:
        hours = (standing.resets_at - standing.at) / timedelta(hours=1)
        soon: float = _RESET * share * 2 ** (-hours / _RESET_SOON_HOURS)
        reasons.add(soon, f"its credits come back {until(standing.resets_at, standing.at)} ({standing.resets_source})")


def _of_fit(reasons: _Reasons, standing: Standing, need: Need) -> None:
    if need.tags:
        has = [tag for tag in need.tags if tag in standing.account.tags]
        reasons.add(
            _FIT * len(has) / len(need.tags), f"good at {', '.join(has)}" if has else f"not known to be good at {', '.join(need.tags)}"
        )
    if need.model and not standing.account.models:
        reasons.add(-_FIT / 4, f"whether it offers {need.model} is not known")


def _of_failures(reasons: _Reasons, candidate: Candidate) -> None:
    at = candidate.standing.at
    ages = [max(0.0, (at - one.at) / timedelta(hours=1)) for one in candidate.events if one.kind == "failure"]
    recent = [age for age in ages if age <= REMEMBERED_FAILURES_HOURS]
    if recent:
        weight = sum(2 ** (-age / FAILURE_HALF_LIFE_HOURS) for age in recent)
        ago = _hours(min(recent))
        told = f"failed once of late, {ago} ago" if len(recent) == 1 else f"failed {len(recent)} times of late, last {ago} ago"
        reasons.add(-_FAILED * weight / (1 + weight), told)


@dataclass(frozen=True, slots=True)
class Rotation:
    """Whether an open session should go to another account, to which, and why or why not. `place` is where the one in use stands in the window."""

    to: Ranked | None
    place: Place
    why: str


def rotation(current: Ranked | None, others: Sequence[Ranked], window: Window) -> Rotation:
    """Decide for a session that runs on *current*, None where it has no account yet. *others* are ranked, without it.

    Below the window it stays. In it, it goes to the best account that is not in its own window; past it, to the best that has used a smaller share of its credits. From an account that cannot be used
    it goes to the best that can.
    """
    best = next((one for one in others if one.usable), None)
    if current is None:
        return Rotation(best, "unknown", "the session has no account yet" if best else "no account can be used now")
    name, percent = current.standing.account.name, current.standing.used_percent
    place = window.place(percent)
    if not current.usable:
        blocked = f"{name} cannot be used: {current.reasons[0]}"
        return Rotation(best, place, blocked if best else f"{blocked}; neither can any other")
    if percent is None:
        return Rotation(None, place, f"how many credits {name} has is not known, so there is no window")
    used = f"{name} has used {_number(percent)} of 100 credits"
    if place == "below":
        return Rotation(None, place, f"{used}; rotation begins at {_number(window.from_percent)}")
    if place == "in":
        fresh = next((one for one in others if one.usable and window.place(one.standing.used_percent) in ("below", "unknown")), None)
        if fresh is None:
            return Rotation(None, place, f"{used}, but no other account stands better; it can go on until {_number(window.at_percent)}")
        return Rotation(fresh, place, f"{used}, which is in the window from {_number(window.from_percent)} to {_number(window.at_percent)}")
    more = next((one for one in others if one.usable and _has_more(one.standing, percent)), None)
    return Rotation(more, place, f"{used}, past {_number(window.at_percent)}" + ("" if more else "; no other account has more left"))


def _has_more(standing: Standing, percent: float) -> bool:
    return standing.used_percent is None or standing.used_percent < percent


def until(at: datetime, now: datetime) -> str:
    """Return a time to come in words: how long until then, and when that is."""
    return f"in {_hours(max(0.0, (at - now) / timedelta(hours=1)))}, at {at:%Y-%m-%d %H:%M} UTC"


def _hours(hours: float) -> str:
    if hours < 1:
        return f"{max(1, round(hours * 60))} min"
    return f"{_number(round(hours, 1))} h" if hours < 48 else f"{round(hours / 24)} days"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"
