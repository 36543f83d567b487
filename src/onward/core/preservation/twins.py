"""Near-alike statements, and the words that distinguish each of them from the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from onward.core.preservation.words import whole_words

MIN_SHARED = 0.6
"""The share of the words of the longer of two statements that both have, from which on they are near-alike."""
_MAX_COMPARED = 300
"""The newest statements that one is compared with."""


def mark_words(texts: Sequence[str], others: Sequence[str] = ()) -> list[tuple[str, ...]]:
    """Return, for each of *texts*, the words that distinguish it from those of *texts* and *others* that are near-alike, in
    order; none for a text that has no such neighbour.

    Words that no neighbour has come first; numbers that most of them lack are needed beside them. Without a word of its
    own, all that is rare among them counts.
    """
    word_sets = [whole_words(text) for text in texts]
    compared = [*word_sets, *map(whole_words, others)][-_MAX_COMPARED:]
    return [_marks(words, compared) for words in word_sets]


def _marks(words: frozenset[str], compared: Sequence[frozenset[str]]) -> tuple[str, ...]:
    alike = [other for other in compared if other != words and len(words & other) >= MIN_SHARED * max(len(words), len(other))]
    if not alike:
        return ()
    counts = Counter(word for other in alike for word in words & other)
    rare = [word for word in sorted(words) if 2 * (counts[word] + 1) <= len(alike) + 1]
    unique = {word for word in rare if not counts[word]}
    return tuple(word for word in rare if word in unique or has_digit(word)) if unique else tuple(rare)


def has_digit(word: str) -> bool:
    """Return whether *word* is or contains a number."""
    return any(map(str.isdigit, word))
