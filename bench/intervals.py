"""Confidence intervals of shares, and the agreement of two rankings."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from math import sqrt
from typing import TypeVar

from onward.core.analytics.intervals import wilson_interval

T = TypeVar("T")

_DRAWS = 2000


def bootstrap(items: Sequence[T], figure: Callable[[Sequence[T]], float], seed: int = 7, draws: int = _DRAWS) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of *figure* over *items*. The same items give the same interval."""
    chance = random.Random(seed)
    figures = sorted(figure([items[chance.randrange(len(items))] for _ in items]) for _ in range(draws))
    return figures[int(0.025 * draws)], figures[int(0.975 * draws)]


def share(counts: Sequence[tuple[int, int]]) -> float:
    """Return the share (0..1) of (kept, total) counts taken together."""
    return sum(kept_count for kept_count, _ in counts) / max(1, sum(total for _, total in counts))


def share_interval(counts: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """Return the 95 % interval of `share`, by resampling the groups that were counted (mostly sessions), since groups differ more than
    their items do. Never narrower than Wilson's interval, because a few sessions alone give too narrow a one.
    """
    if not counts:
        return 0.0, 1.0
    low, high = bootstrap(counts, share)
    least, most = wilson_interval(sum(kept_count for kept_count, _ in counts), sum(total for _, total in counts))
    return min(low, least), max(high, most)


def kendall(a: Sequence[float], b: Sequence[float]) -> float | None:
    """Return Kendall's τ-b (−1..1) of two rankings of the same items; None where one of them ranks all equal."""
    agree = differ = only_a = only_b = 0
    for i in range(len(a)):
        for j in range(i):
            x, y = a[i] - a[j], b[i] - b[j]
            if x * y > 0:
                agree += 1
            elif x * y < 0:
                differ += 1
            elif x:
                only_a += 1
            elif y:
                only_b += 1
    denominator = sqrt((agree + differ + only_a) * (agree + differ + only_b))
    return (agree - differ) / denominator if denominator else None


def percentile(values: Sequence[float], of: float) -> float:
    """Return the quantile *of* (0..1) of *values*."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(of * len(ordered)))]


def format_share(share_ratio: float, interval: tuple[float, float]) -> str:
    """Return a share in per cent with its interval, as printed in tables."""
    return f"{100 * share_ratio:.0f} [{100 * interval[0]:.0f}–{100 * interval[1]:.0f}]"
