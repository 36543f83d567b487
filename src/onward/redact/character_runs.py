"""Unbroken runs of one kind of characters, each scanned once however many positions in it are asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re


class Stretch:
    """Finds the end of runs in a text. *pattern* must match at any position inside a run.

    In `a=b=c=d` three values end at the same position. It is remembered, so that a text full of names costs its length, not its length
    squared.
    """

    def __init__(self, text: str, pattern: re.Pattern[str]) -> None:
        self._text = text
        self._pattern = pattern
        self._start = self._end = 0

    def end(self, start: int) -> int:
        """Return the end of the run around *start*, or *start* itself if there is none."""
        if not self._start <= start < self._end:
            match = self._pattern.match(self._text, start)
            self._start, self._end = start, match.end() if match else start
        return self._end
