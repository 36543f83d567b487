"""How often one caller may ask: as many requests at once as a minute allows, then as they trickle back."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

MAX_CALLERS = 10_000
"""Callers that are remembered. Whoever has been quiet for a minute is forgotten first, for nothing is known of them that a newcomer would not get."""


class RateLimiter:
    """A bucket for each caller, filled by *per_minute* requests a minute and holding no more than that. Good for one thread: the server's loop."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = float(per_minute)
        self._clock = clock
        # What was in the bucket, and when.
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, caller: str) -> int:
        """Take one request out of *caller*'s bucket and return 0; where it is empty, the seconds after which to try again."""
        now = self._clock()
        remaining, filled_at = self._buckets.pop(caller, (self._capacity, now))
        remaining = min(self._capacity, remaining + (now - filled_at) * self._capacity / 60)
        wait = 0 if remaining >= 1 else math.ceil(round((1 - remaining) * 60 / self._capacity, 6))
        # Put back at the end: the first is always the one that was quiet for longest.
        self._buckets[caller] = (remaining if wait else remaining - 1, now)
        if len(self._buckets) > MAX_CALLERS:
            del self._buckets[next(iter(self._buckets))]
        return wait
