"""Drops statements that only repeat the handoff the session started from: a repetition is no new evidence."""

from __future__ import annotations

from collections.abc import Iterable

from onward.core.extract.statement_draft import StatementDraft
from onward.core.text.prose import content_words, stem

_MIN_SHARE = 0.85
"""An echo shares at least this share of its words with one line of the handoff."""
_MIN_WORDS = 3
"""Shorter statements match a line by chance."""


class EchoFilter:
    """Recognises statements that repeat lines of the handoff the session started from."""

    def __init__(self, handoff_lines: Iterable[str]) -> None:
        self._lines = [(frozenset(content_words(line)), _stems(line)) for line in handoff_lines]

    def is_echo(self, statement: StatementDraft) -> bool:
        """Return whether *statement* only repeats a line. A user's statement is never an echo; an agent's outcome is one only in the same
        words.
        """
        if statement.author == "user" or not self._lines:
            return False
        if statement.kind == "done":
            terms = frozenset(content_words(statement.text))
            return any(terms <= words for words, _ in self._lines)
        terms = _stems(statement.text)
        return len(terms) >= _MIN_WORDS and any(len(terms & stems) >= _MIN_SHARE * len(terms) for _, stems in self._lines)


def _stems(text: str) -> frozenset[str]:
    return frozenset(map(stem, content_words(text)))
