"""Repetition: whether a text only says what a handoff already says."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from onward.core.text.prose import content_words, identifiers, numbers, stem

_REPEATED_SHARE, _REPEATED_NAMED_SHARE = 0.9, 0.55
"""A text is already shown if one line has this share of its words; the second share applies if it has names and numbers, and the line has
all of them.
"""
_MIN_REPEATED_WORDS = 3


class ShownLines:
    """The lines of a document so far."""

    def __init__(self, head: Iterable[str]) -> None:
        self._lines = [(_marks(text), _names(text)) for text in head]
        self._head_lines = len(self._lines)

    def add(self, text: str, lead: str = "") -> None:
        """Add a line that says *text*, which *lead* introduces."""
        self._lines.append((_marks(f"{lead} {text}"), _names(text)))

    def has_rule(self, text: str, lead: str = "") -> bool:
        """Whether a line below the head has the complete rule: rules that differ in a name or a number are different rules."""
        marks = _marks(f"{lead} {text}")
        return bool(marks) and any(marks <= line_marks for line_marks, _ in self._lines[self._head_lines :])

    def has(self, text: str, lead: str = "") -> bool:
        """Whether one line says what *text* says."""
        marks = _marks(f"{lead} {text}")
        names: frozenset[str] | None = None
        for line_marks, line_names in self._lines:
            common = len(marks & line_marks)
            if not common or common < _REPEATED_NAMED_SHARE * len(marks):
                continue
            if common >= _REPEATED_SHARE * len(marks) and (common >= _MIN_REPEATED_WORDS or common == len(line_marks)):
                return True
            names = _names(text) if names is None else names
            if common > _MIN_REPEATED_WORDS and names and names <= line_names and numbers(text) <= line_marks:
                return True
        return False


@lru_cache(maxsize=1024)
def _marks(text: str) -> frozenset[str]:
    """Return what distinguishes a line from others: its words and its numbers."""
    return frozenset(map(stem, content_words(text))) | numbers(text)


def _names(text: str) -> frozenset[str]:
    """Return the exact values in a text, those in backticks without their arguments."""
    return frozenset(name.lower() for name in identifiers(text))
