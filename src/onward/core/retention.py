"""Retention: how much of what a session established handoffs still show, some sessions later."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from onward.core.intervals import of_mean, wilson

MOST_SESSIONS = 60
MOST_LATER = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """What a handoff shows: `facts` are all of them, `own` those of the session whose completion made it."""

    own: frozenset[str]
    facts: frozenset[str]


@dataclass(frozen=True, slots=True)
class RetentionPoint:
    """The mean share (0..1) that is still shown that many sessions later: of how many sessions it is the mean, how many facts these are, and its interval at 95 %.

    The interval is of the mean over sessions, and never narrower than Wilson's of all facts together: a few sessions that agree say less than it seems.
    """

    later: int
    kept_ratio: float
    sessions: int
    facts: int
    low_ratio: float
    high_ratio: float


@dataclass(frozen=True, slots=True)
class Retention:
    """The curve of a project. `sessions` are those whose handoffs were looked at."""

    points: list[RetentionPoint]
    sessions: int


def retention(shown: Sequence[Shown], live: Collection[str]) -> Retention:
    """Return the curve of handoffs in the order they were made. What is no longer *live* is left out: giving that up is right."""
    newest = shown[-MOST_SESSIONS:]
    own = [one.own.intersection(live) for one in newest]
    points = []
    for later in range(min(MOST_LATER + 1, len(newest))):
        counts = [(len(held & then.facts), len(held)) for held, then in zip(own, newest[later:], strict=False) if held]
        if counts:
            points.append(_point(later, counts))
    return Retention(points, len(newest))


def _point(later: int, counts: Sequence[tuple[int, int]]) -> RetentionPoint:
    shares = [kept / held for kept, held in counts]
    kept, held = sum(kept for kept, _ in counts), sum(held for _, held in counts)
    least, most = wilson(kept, held)
    low, high = of_mean(shares) or (least, most)
    return RetentionPoint(later, sum(shares) / len(shares), len(shares), held, min(low, least), max(high, most))
