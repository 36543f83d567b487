"""How well a value fits its place: by the words beside it in the line and in the evidence."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import NamedTuple

from onward.llm.checks.tokens import normal, stem, stems
from onward.llm.checks.values import LineValue, exact_values

_WORD = re.compile(r"[^\W_]+")
_SLICE_CHARS = 160
_NEAREST_WORDS = 8
_SIDE_SHARE = 0.5
"""The part of a neighbour's weight that depends on its side."""

_BESIDE_CHARS = 60

Beside = tuple[str, str]
"""The stems of the words of meaning right before and right after a place; empty where there is none."""
Around = Mapping[tuple[int, str], float]
"""The words around a place by side (-1 before, 1 after, 0 either) with their nearness (0..1)."""


class PlacedValue(NamedTuple):
    """A value of a text: its normal form, its shape, and the words around it."""

    normal: str
    shape: str
    around: Around


def shape_of(value: LineValue) -> str:
    """Return what kind of thing *value* is, so that it could replace another of the same shape."""
    text = value.normal
    if value.kind == "number":
        return "time" if ":" in text else "number"
    if value.kind in ("quote", "word", "reference"):
        return value.kind
    if re.fullmatch(r"(?=[0-9a-f]*\d)[0-9a-f]{7,40}", text):
        return "id"
    if re.match(r"--?[a-z]", text):
        return "flag"
    if " " in text:
        return "command"
    if "/" in text or re.fullmatch(r"[\w.-]+\.[a-z]{1,5}", text):
        return "path"
    return "name"


def around(text: str, start: int, end: int) -> Around:
    """Return the words of meaning around the characters *start* to *end* of *text*."""
    weights: dict[tuple[int, str], float] = {}
    before, after = normal(text[max(0, start - _SLICE_CHARS) : start]), normal(text[end : end + _SLICE_CHARS])
    for side, words in ((-1, _WORD.findall(before)[::-1]), (1, _WORD.findall(after))):
        near_words = [stem(word) for word in words if stems(word)][:_NEAREST_WORDS]
        for distance, word in enumerate(near_words):
            weight = 1.0 / (1 + 0.35 * distance)
            for key, part in (((side, word), _SIDE_SHARE), ((0, word), 1 - _SIDE_SHARE)):
                weights[key] = max(weights.get(key, 0.0), weight * part)
    return weights


def beside(text: str, start: int, end: int, without: Collection[str] = ()) -> Beside:
    """Return the words of meaning right before and right after the characters *start* to *end* of *text*, *without* some stems."""
    before, after = normal(text[max(0, start - _BESIDE_CHARS) : start]), normal(text[end : end + _BESIDE_CHARS])
    sides = (_WORD.findall(before)[::-1], _WORD.findall(after))
    first, second = (next((stem(word) for word in words if stems(word) and stem(word) not in without), "") for words in sides)
    return first, second


@lru_cache(maxsize=4096)
def placed_values(text: str) -> tuple[PlacedValue, ...]:
    """Return the values of *text* with the words around them."""
    return tuple(PlacedValue(value.normal, shape_of(value), around(text, value.start, value.end)) for value in exact_values(text))


def fit(place: Around, candidate: Around, weight_of: Callable[[str], float]) -> float:
    """Return the share of the words around *place* that are around *candidate*, too, 0 to 1, rare words counting more."""
    total = sum(weight * weight_of(word) for (_, word), weight in place.items())
    if not total:
        return 0.0
    return sum(min(weight, candidate.get(key, 0.0)) * weight_of(key[1]) for key, weight in place.items()) / total
