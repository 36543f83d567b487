"""Retention: how much of what a session established handoffs still show, some sessions later."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

MOST_SESSIONS = 60
MOST_LATER = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """What a handoff shows: `facts` are all of them, `own` those of the session whose completion made it."""

    own: frozenset[str]
    facts: frozenset[str]


@dataclass(frozen=True, slots=True)
class RetentionPoint:
    """The mean share (0..1) that is still shown that many sessions later, and of how many sessions it is the mean."""

    later: int
    kept_ratio: float
    sessions: int


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
        pairs = zip(own, newest[later:], strict=False)
        shares = [len(held & then.facts) / len(held) for held, then in pairs if held]
        if shares:
            points.append(RetentionPoint(later, sum(shares) / len(shares), len(shares)))
    return Retention(points, len(newest))
