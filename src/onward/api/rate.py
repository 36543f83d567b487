"""How often one caller may ask: as many requests at once as a minute allows, then as they trickle back."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

MOST_CALLERS = 10_000
"""Callers that are remembered. Whoever has been quiet for a minute is forgotten first, for nothing is known of them that a newcomer would not get."""


class Rate:
    """A bucket for each caller, filled by *per_minute* requests a minute and holding no more than that. Good for one thread: the server's loop."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = float(per_minute)
        self._clock = clock
        # What was in the bucket, and when.
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, caller: str) -> int:
        """Take one request out of *caller*'s bucket and return 0; where it is empty, the seconds after which to try again."""
        now = self._clock()
        left, at = self._left.pop(caller, (self._most, now))
        left = min(self._most, left + (now - at) * self._most / 60)
        wait = 0 if left >= 1 else math.ceil(round((1 - left) * 60 / self._most, 6))
        # Put back at the end: the first is always the one that was quiet for longest.
        self._left[caller] = (left if wait else left - 1, now)
        if len(self._left) > MOST_CALLERS:
            del self._left[next(iter(self._left))]
        return wait
