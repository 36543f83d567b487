"""What is composed below the pages, in the language of the request: reasons, errors and their hints, findings, progress.

Nothing below knows of languages: it composes English, for programs and people alike, and some of it is stored so. `texts/<language>/below/` says it otherwise, by what the source says with
`{1}`, `{2}` … for what is filled in. A sentence is read back by these patterns: the reading is taken that knows the most letters of it, a piece at a time where it is several.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from typing import NamedTuple

from onward.web.language import TEXTS, Language, current_language

_PLACEHOLDER = re.compile(r"\{\d\}")
_SEPARATOR = re.compile(r"(?<=[.!?]) |; |: |, ")
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})*(?:\.\d+)?")
_SWAPPED_MARKS = str.maketrans(",.", ".,")
_CACHE_SIZE = 4096


class Pattern(NamedTuple):
    """A text as it is composed, and as it is said. `longest` stands in every such text; `letters` are those that are not filled in."""

    longest_piece: str
    regex: re.Pattern[str]
    letters: int
    text: str


class Translation(NamedTuple):
    """What a text says, and how many letters of it are known."""

    letters: int
    text: str


def translate_message(text: object) -> str:
    """Return what was composed below in the language of the request; what is not known stays as it is."""
    language = current_language.get()
    return str(text) if language == "en" else translate_text(str(text), language).text


@lru_cache(_CACHE_SIZE)
def translate_text(text: str, language: Language) -> Translation:
    """Return the reading of *text* that knows the most of it."""
    candidates = [_translate_piece(text, language)]
    for separator in _SEPARATOR.finditer(text):
        left, right = _translate_piece(text[: separator.start()], language), translate_text(text[separator.end() :], language)
        candidates.append(Translation(left.letters + right.letters, left.text + separator[0] + right.text))
    return max(candidates, key=lambda candidate: candidate.letters)


def _translate_piece(text: str, language: Language) -> Translation:
    """Return the best reading of *text* as one piece. A full stop at its end belongs to no pattern."""
    bare = text.removesuffix(".")
    stop = text[len(bare) :]
    best = Translation(0, bare.translate(_SWAPPED_MARKS) if _NUMBER.fullmatch(bare) else bare)
    for pattern in load_patterns(language):
        if pattern.longest_piece in bare and pattern.letters > best.letters and (match := pattern.regex.fullmatch(bare)):
            values = [translate_text(value, language) for value in match.groups()]
            best = Translation(
                pattern.letters + sum(value.letters for value in values), pattern.text.format("", *(value.text for value in values))
            )
    return Translation(best.letters, best.text + stop)


@cache
def load_patterns(language: Language) -> list[Pattern]:
    """Return what is composed below and how it is said, those with the most letters first."""
    texts: dict[str, str] = {}
    for path in sorted((TEXTS / language / "below").glob("*.toml")):
        texts.update(tomllib.loads(path.read_text(encoding="utf-8")))
    return sorted((_compile_pattern(english, text) for english, text in texts.items()), key=lambda pattern: -pattern.letters)


def _compile_pattern(english: str, text: str) -> Pattern:
    pieces = _PLACEHOLDER.split(english.removesuffix("."))
    regex = re.compile("(.+?)".join(map(re.escape, pieces)), re.DOTALL)
    return Pattern(max(pieces, key=len), regex, sum(map(str.isalpha, "".join(pieces))), text.removesuffix("."))
