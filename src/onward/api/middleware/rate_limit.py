"""The rate limit of callers: a token bucket that holds as many requests as a minute allows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

MAX_CALLERS = 10_000
"""Callers that are remembered. The one that has been quiet longest is forgotten first; after a minute its bucket is full again anyway."""


class RateLimiter:
    """A bucket for each caller, refilled with *per_minute* requests a minute up to that number. Used by one thread: the server's loop."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = float(per_minute)
        self._clock = clock
        # The tokens in each bucket, and when they were counted.
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, caller: str) -> int:
        """Take one request from *caller*'s bucket and return 0, or return the seconds to wait if the bucket is empty."""
        now = self._clock()
        remaining, filled_at = self._buckets.pop(caller, (self._capacity, now))
        remaining = min(self._capacity, remaining + (now - filled_at) * self._capacity / 60)
        wait = 0 if remaining >= 1 else math.ceil(round((1 - remaining) * 60 / self._capacity, 6))
        # Inserted at the end, so that the first is always the caller that has been quiet longest.
        self._buckets[caller] = (remaining if wait else remaining - 1, now)
        if len(self._buckets) > MAX_CALLERS:
            del self._buckets[next(iter(self._buckets))]
        return wait
