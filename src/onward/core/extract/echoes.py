"""What an agent merely repeats from the handoff that its session was given: known already, and not known any better for it."""

from __future__ import annotations

from collections.abc import Iterable

from onward.core.extract.statements import StatementDraft
from onward.core.text.prose import content_words, stem

_MIN_SHARE = 0.85
"""Of what is said, in one line of the handoff."""
_MIN_WORDS = 3
"""Words that say enough to be told from chance."""


class EchoFilter:
    """Knows an echo of what the lines of a handoff, *handed* to the session, say."""

    def __init__(self, handoff_lines: Iterable[str]) -> None:
        self._lines = [(frozenset(content_words(line)), _stems(line)) for line in handoff_lines]

    def is_echo(self, statement: StatementDraft) -> bool:
        """Say whether *said* only repeats a line. What a person says counts whenever they say it; what is done is old news only in the very words of the line."""
        if statement.author == "user" or not self._lines:
            return False
        if statement.kind == "done":
            terms = frozenset(content_words(statement.text))
            return any(terms <= words for words, _ in self._lines)
        terms = _stems(statement.text)
        return len(terms) >= _MIN_WORDS and any(len(terms & stems) >= _MIN_SHARE * len(terms) for _, stems in self._lines)


def _stems(text: str) -> frozenset[str]:
    return frozenset(map(stem, content_words(text)))
