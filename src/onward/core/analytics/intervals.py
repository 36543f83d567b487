"""Confidence intervals of shares and means, at 95 %."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, sqrt

_Z = 1.96
_T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""Student's t at 97.5 %, for 1 to 30 degrees of freedom; above, the normal quantile is close enough."""


def wilson_interval(successes: int, total: int) -> tuple[float, float]:
    """Return Wilson's interval (0..1) for *successes* of *total*; 0..1 for a total of 0.

    >>> tuple(round(end, 2) for end in wilson_interval(9, 10))
    (0.6, 0.98)

    """
    if not total:
        return 0.0, 1.0
    share = successes / total
    centre = share + _Z * _Z / (2 * total)
    margin = _Z * sqrt(share * (1 - share) / total + _Z * _Z / (4 * total * total))
    low, high = ((centre + end) / (1 + _Z * _Z / total) for end in (-margin, margin))
    # Rounding must not move the ends off 0 and 1.
    return low if successes else 0.0, high if successes < total else 1.0


def mean_interval(shares: Sequence[float]) -> tuple[float, float] | None:
    """Return the interval (0..1) of the mean of *shares*, by Student's t; None for fewer than two.

    >>> mean_interval([0.5])

    """
    if len(shares) < 2:
        return None
    # Most who import this module need Wilson's interval only, and this import takes as long as those of a whole command.
    from statistics import fmean, stdev

    margin = (_T[len(shares) - 2] if len(shares) - 2 < len(_T) else _Z) * stdev(shares) / sqrt(len(shares))
    return max(0.0, fmean(shares) - margin), min(1.0, fmean(shares) + margin)


def trend_interval(values: Sequence[float], positions: Sequence[int]) -> tuple[float, float, float] | None:
    """Return by how much *values* change from one position to the next, on the line that fits them best (least squares), with its
    interval; None for fewer than three.

    >>> tuple(round(figure, 2) for figure in trend_interval([1.0, 2.0, 4.0], [1, 2, 4]) or ())
    (1.0, 1.0, 1.0)

    """
    count = len(values)
    if count < 3:
        return None
    centre, mean = fsum(positions) / count, fsum(values) / count
    spread = sum((position - centre) ** 2 for position in positions)
    slope = sum((position - centre) * (value - mean) for position, value in zip(positions, values, strict=True)) / spread
    rest = sum((value - mean - slope * (position - centre)) ** 2 for position, value in zip(positions, values, strict=True))
    margin = (_T[count - 3] if count - 3 < len(_T) else _Z) * sqrt(rest / (count - 2) / spread)
    return slope, slope - margin, slope + margin
