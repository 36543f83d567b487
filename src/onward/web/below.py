"""What is composed below the pages, in the language of the request: reasons, errors and their hints, findings, progress.

Nothing below knows of languages: it composes English, for programs and people alike, and some of it is stored so. `texts/<language>/below/` says it otherwise, by what the source says with
`{1}`, `{2}` … for what is filled in. A sentence is read back by these patterns: the reading is taken that knows the most letters of it, a piece at a time where it is several.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from typing import NamedTuple

from onward.web.language import TEXTS, Language, current

_PLACE = re.compile(r"\{\d\}")
_CUT = re.compile(r"(?<=[.!?]) |; |: |, ")
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})*(?:\.\d+)?")
_OTHER_MARKS = str.maketrans(",.", ".,")
_REMEMBERED = 4096


class Pattern(NamedTuple):
    """A text as it is composed, and as it is said. `longest` stands in every such text; `letters` are those that are not filled in."""

    longest: str
    shape: re.Pattern[str]
    letters: int
    text: str


class Reading(NamedTuple):
    """What a text says, and how many letters of it are known."""

    letters: int
    text: str


def spoken(text: object) -> str:
    """Return what was composed below in the language of the request; what is not known stays as it is."""
    language = current.get()
    return str(text) if language == "en" else read(str(text), language).text


@lru_cache(_REMEMBERED)
def read(text: str, language: Language) -> Reading:
    """Return the reading of *text* that knows the most of it."""
    readings = [_whole(text, language)]
    for cut in _CUT.finditer(text):
        left, right = _whole(text[: cut.start()], language), read(text[cut.end() :], language)
        readings.append(Reading(left.letters + right.letters, left.text + cut[0] + right.text))
    return max(readings, key=lambda one: one.letters)


def _whole(text: str, language: Language) -> Reading:
    """Return the best reading of *text* as one piece. A full stop at its end belongs to no pattern."""
    bare = text.removesuffix(".")
    stop = text[len(bare) :]
    best = Reading(0, bare.translate(_OTHER_MARKS) if _NUMBER.fullmatch(bare) else bare)
    for one in patterns(language):
        if one.longest in bare and one.letters > best.letters and (found := one.shape.fullmatch(bare)):
            values = [read(value, language) for value in found.groups()]
            best = Reading(one.letters + sum(value.letters for value in values), one.text.format("", *(value.text for value in values)))
    return Reading(best.letters, best.text + stop)


@cache
def patterns(language: Language) -> list[Pattern]:
    """Return what is composed below and how it is said, those with the most letters first."""
    texts: dict[str, str] = {}
    for path in sorted((TEXTS / language / "below").glob("*.toml")):
        texts.update(tomllib.loads(path.read_text(encoding="utf-8")))
    return sorted((_pattern(english, text) for english, text in texts.items()), key=lambda one: -one.letters)


def _pattern(english: str, text: str) -> Pattern:
    pieces = _PLACE.split(english.removesuffix("."))
    shape = re.compile("(.+?)".join(map(re.escape, pieces)), re.DOTALL)
    return Pattern(max(pieces, key=len), shape, sum(map(str.isalpha, "".join(pieces))), text.removesuffix("."))
