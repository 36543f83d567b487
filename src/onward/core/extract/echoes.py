"""What an agent merely repeats from the handoff that its session was given: known already, and not known any better for it."""

from __future__ import annotations

from collections.abc import Iterable

from onward.core.extract.spoken import Heard
from onward.core.text import content_words, stem

_NEARLY_ALL = 0.85
"""Of what is said, in one line of the handoff."""
_FEWEST = 3
"""Words that say enough to be told from chance."""


class Echoes:
    """Knows an echo of what the lines of a handoff, *handed* to the session, say."""

    def __init__(self, handed: Iterable[str]) -> None:
        self._lines = [(frozenset(content_words(line)), _stems(line)) for line in handed]

    def has(self, said: Heard) -> bool:
        """Say whether *said* only repeats a line. What a person says counts whenever they say it; what is done is old news only in the very words of the line."""
        if said.author == "user" or not self._lines:
            return False
        if said.kind == "done":
            own = frozenset(content_words(said.text))
            return any(own <= words for words, _ in self._lines)
        own = _stems(said.text)
        return len(own) >= _FEWEST and any(len(own & stems) >= _NEARLY_ALL * len(own) for _, stems in self._lines)


def _stems(text: str) -> frozenset[str]:
    return frozenset(map(stem, content_words(text)))
