"""Retention: how much of a session's facts later handoffs still show."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from onward.core.analytics.intervals import mean_interval, wilson_interval

MAX_SESSIONS = 60
MAX_LATER = 20


@dataclass(frozen=True, slots=True)
class HandoffFacts:
    """The facts that a handoff shows: `facts` are all of them, `new_facts` those of the session whose completion
    made it.
    """

    new_facts: frozenset[str]
    facts: frozenset[str]


@dataclass(frozen=True, slots=True)
class RetentionPoint:
    """The mean share (0..1) of facts shown `later` sessions later, with the numbers of sessions and facts and the
    interval at 95 %.

    The interval is of the mean over sessions, and never narrower than Wilson's for all facts together: a few sessions
    that agree prove less than it seems.
    """

    later: int
    kept_ratio: float
    sessions: int
    facts: int
    low_ratio: float
    high_ratio: float


@dataclass(frozen=True, slots=True)
class Retention:
    """The retention curve of a project. `sessions` counts those whose handoffs were examined."""

    points: list[RetentionPoint]
    sessions: int


def measure_retention(handoffs: Sequence[HandoffFacts], live: Collection[str]) -> Retention:
    """Return the curve for *handoffs* in the order they were made. Facts that are not *live* are left out: dropping
    them is right.
    """
    newest = handoffs[-MAX_SESSIONS:]
    new_facts = [handoff.new_facts.intersection(live) for handoff in newest]
    points = []
    for later in range(min(MAX_LATER + 1, len(newest))):
        counts = [(len(facts & handoff.facts), len(facts)) for facts, handoff in zip(new_facts, newest[later:], strict=False) if facts]
        if counts:
            points.append(_point(later, counts))
    return Retention(points, len(newest))


def _point(later: int, counts: Sequence[tuple[int, int]]) -> RetentionPoint:
    shares = [count / size for count, size in counts]
    shown_count, total = sum(count for count, _ in counts), sum(size for _, size in counts)
    least, most = wilson_interval(shown_count, total)
    low, high = mean_interval(shares) or (least, most)
    return RetentionPoint(
        later=later,
        kept_ratio=sum(shares) / len(shares),
        sessions=len(shares),
        facts=total,
        low_ratio=min(low, least),
        high_ratio=max(high, most),
    )
