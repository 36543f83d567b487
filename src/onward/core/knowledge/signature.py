"""Signatures of errors: the text without what differs from run to run; and the likeness of two texts."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from hashlib import blake2b

from onward.core.text.prose import content_words, stem

MAX_WORDS = 40
"""The most words of a text that count."""

_LONGEST_CHARS = 2000
"""The beginning of a text that is read: an error names itself there."""

_VARIABLE_PARTS = (
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
    (re.compile(r"\[secret:[^\]]*\]"), " "),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22,27}\b", re.I), " "),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"), " "),
    (re.compile(r"\b[a-z][a-z+]*://[^\s'\")>\]]+", re.I), " "),
    # The name at the end of a path may identify an error, its folder does not.
    (re.compile(r"(?:[A-Za-z]:)?(?:[\w.@~+-]*[/\\])+([\w.@+-]*)"), r" \1 "),
    (re.compile(r"\b0x[0-9a-f]+\b|\b(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,64}\b", re.I), " "),
    (re.compile(r"(?<![A-Za-z])\d+(?:[.,:]\d+)*(?:\s?(?:ms|s|kb|mb|gb|bytes|%))?(?![A-Za-z])"), " "),
)
"""What differs between two runs of one error, each with its replacement."""

_ARGUMENT = re.compile(r"'[^'\n]{1,80}'|\"[^\"\n]{1,80}\"|`[^`\n]{1,80}`|\S*[\w.-][/\\\\][\w.@-]\S*")

_ERROR_CODE = re.compile(r"\b(?:[A-Z]{1,5}-?\d{2,6}|E[A-Z]{3,}|exit code \d+|(?:HTTP|status)(?: code)?:? \d{3})\b")
"""Numbers that name an error: TS2322, E0308, ECONNREFUSED, exit code 2, HTTP 404."""


@lru_cache(maxsize=4096)
def signature(error: str) -> str:
    """Return the signature of *error*: a hash of its word stems, without paths, numbers, hashes, times and line
    numbers; empty if no word is left.

    >>> signature("src/a.py:41: KeyError: 'price' (0x7f3a)") == signature("/tmp/x/a.py:7: KeyError: 'price'")
    True

    """
    stems = sorted(terms(error))
    return blake2b(" ".join(stems).encode(), digest_size=12).hexdigest() if stems else ""


def terms(text: str) -> frozenset[str]:
    """Return the stems that a text is found by, at most `MAX_WORDS`."""
    return frozenset(map(stem, _telling_words(text)))


@lru_cache(maxsize=4096)
def _telling_words(text: str) -> tuple[str, ...]:
    text = text[:_LONGEST_CHARS]
    codes = [code.lower().replace(" ", "_").replace(":", "") for code in _ERROR_CODE.findall(text)]
    for pattern, replacement in _VARIABLE_PARTS:
        text = pattern.sub(replacement, text)
    words = [word for word in content_words(text) if not word.isdigit()]
    return tuple(dict.fromkeys((*codes, *words)))[:MAX_WORDS]


def argument_terms(text: str) -> frozenset[str]:
    """Return the terms that an error says of something by name: in quotes or in a path. They differ where the error is the same."""
    return terms(" ".join(_ARGUMENT.findall(text[:_LONGEST_CHARS])))


def likeness(first: Collection[str], second: Collection[str], weights: Mapping[str, float]) -> float:
    """Return the likeness of two sets of terms (0..1): the weight of the shared terms, relative to the geometric
    mean of both weights.

    *weights* are higher for rarer terms; a term without a weight counts as the rarest.
    """
    heaviest = max(weights.values(), default=1.0)
    shared = sum(weights.get(term, heaviest) for term in set(first) & set(second))
    first_weight, second_weight = (sum(weights.get(term, heaviest) for term in side) for side in (first, second))
    return float(shared / (first_weight * second_weight) ** 0.5) if first_weight and second_weight else 0.0


def containment(first: Collection[str], second: Collection[str], weights: Mapping[str, float]) -> float:
    """Return how much of the lighter of two sets of terms the other holds (0..1), by weight; 0 for fewer shared terms than
    prove something: two if they are all of the *second*, else four.
    """
    shared = set(first) & set(second)
    if len(shared) < (2 if len(shared) == len(set(second)) else 4):
        return 0.0
    heaviest = max(weights.values(), default=1.0)
    shared_weight, *side_weights = (sum(weights.get(term, heaviest) for term in side) for side in (shared, first, second))
    return float(shared_weight / min(side_weights)) if all(side_weights) else 0.0
