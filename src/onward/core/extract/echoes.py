"""Statements that only repeat the handoff the session was given: they are known already, and repetition does not
confirm them.
"""

from __future__ import annotations

from collections.abc import Iterable

from onward.core.extract.statements import StatementDraft
from onward.core.text.prose import content_words, stem

_MIN_SHARE = 0.85
"""The least share of a statement's words that one line of the handoff must hold."""
_MIN_WORDS = 3
"""Fewer words match a line by chance."""


class EchoFilter:
    """Recognises statements that repeat the lines of a handoff that the session was given."""

    def __init__(self, handoff_lines: Iterable[str]) -> None:
        self._lines = [(frozenset(content_words(line)), _stems(line)) for line in handoff_lines]

    def is_echo(self, statement: StatementDraft) -> bool:
        """Return whether *statement* only repeats a line. A user's statement always counts. What an agent reports as
        done is an echo only in the same words.
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
