"""Unbroken stretches of one kind of characters, each walked once however many places in it are asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re


class Stretch:
    """Knows where the stretches of a text end, of what *pattern* matches at any place inside them.

    In `a=b=c=d` three values end at the same place. It is remembered, so that a text full of names costs its length, not its length squared.
    """

    def __init__(self, text: str, pattern: re.Pattern[str]) -> None:
        self._text = text
        self._pattern = pattern
        self._start = self._end = 0

    def end(self, start: int) -> int:
        """Return where the stretch around *start* ends; *start* itself where there is none."""
        if not self._start <= start < self._end:
            match = self._pattern.match(self._text, start)
            self._start, self._end = start, match.end() if match else start
        return self._end
