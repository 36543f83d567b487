"""Comparison of words: equal spellings, stems, and the telling words of a statement."""

from __future__ import annotations

from collections import Counter

from onward.core.text.prose import STOPWORDS, split_unspaced, words

STEM = 6
"""Characters of a stem: crude, but *notify*, *notifies* and *notification* become one word in any language of this
alphabet.
"""
MAX_KEYS = 10
"""The most words that identify a statement: a handoff that puts a long sentence in a few words has kept it."""

_SEPARATORS = str.maketrans(dict.fromkeys(".,;:!?()[]{}\"'`*_/|<>=-–—’“”…@#$%&+~\\", " "))


def stem_list(text: str) -> list[str]:
    """Return the stem of every word of *text*, in order; stop words are empty strings. Scripts without blanks count by
    pairs of letters.
    """
    pieces = text.lower().translate(_SEPARATORS).split()
    if not text.isascii():
        pieces = [part for piece in pieces for part in split_unspaced(piece)]
    return ["" if piece in STOPWORDS else piece[:STEM] for piece in pieces]


def whole_words(text: str) -> frozenset[str]:
    """Return the different words of *text* uncut, stop words left out: they distinguish near-alike statements."""
    return frozenset(words(text)) - STOPWORDS


def stems(text: str) -> frozenset[str]:
    """Return the different stems of *text*."""
    return frozenset(s for s in stem_list(text) if len(s) > 1 or s.isdigit())


def telling_stems(text: str, word_counts: Counter[str], limit: int = MAX_KEYS) -> tuple[str, ...]:
    """Return the stems of *text* that are rarest in *word_counts*, longer ones first among equals, at most *limit*.

    Words of a single turn come last: they are as often a slip or an aside as the point.
    """
    return tuple(sorted(stems(text), key=lambda s: (word_counts[s] < 2, word_counts[s], -len(s), s))[:limit])


def normalise(text: str) -> str:
    """Return *text* as exact values are compared: lower case, single spaces, no Markdown marks."""
    return " ".join(text.replace("`", "").replace("*", "").replace("’", "'").lower().split())


def find_word(value: str, text: str, start: int = 0) -> int:
    """Return the position of *value* in *text* as a whole word, from *start* on; -1 if it is missing or empty. Both
    are normalised.
    """
    at = text.find(value, start) if value else -1
    while at >= 0:
        end = at + len(value)
        if not (at and text[at - 1].isalnum() and value[0].isalnum()) and not (
            end < len(text) and text[end].isalnum() and value[-1].isalnum()
        ):
            return at
        at = text.find(value, at + 1)
    return -1


def find_word_form(word: str, text: str) -> int:
    """Return the position of *word* in *text*, or of a form of the same English verb if it ends in -ing (*polling*,
    *polls*, *polled*); -1 if none is there.
    """
    root = word[:-3]
    forms = [word, *(root + ending for ending in ("s", "ed", "e", "es", ""))] if word.endswith("ing") and len(root) > 3 else [word]
    return next((at for form in forms if (at := find_word(form, text)) >= 0), -1)
