r"""Finds exact values in a model's line and checks whether the source texts contain them.

An exact value is wrong if one character is wrong: paths, URLs, numbers with units, ids, versions, flags, names of variables, code and
products. Other spellings count (`./src/a.py`, `src\a.py`; `3 s`, `3 seconds`; `v1.2`, `1.2`; `twelve`, `12`), but a value must be near
the same words as in the source: the port of another server is a wrong port.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from onward.core.text.prose import STOPWORDS

_EDGE_CHARS = ".,;:!?()[]{}<>\"'“”‘’`*…—–→|"
_CLAUSE_ENDS = (".", "!", "?", ":", "…", "—", "–", "→", ";", "|")
_SENTENCE_ENDS = (".", "!", "?", ";")
_EXACT_MARK = re.compile(r"[\d/\\_@#~=$%+&]|\w[.:]\w|^-{1,2}[a-zA-Z]|\w-\w|[a-z][A-Z]")
_AMOUNT = re.compile(r"[-+~]?(\d+(?:[.,]\d+)*)-?(%|[a-zµ]+(?:/[a-z]+)?)?")
_GROUPED_NUMBER = re.compile(r"\d{1,3}(?:[,.]\d{3})+")
_VERSION = re.compile(r"(\d+)\.(\d+)\.[\w.-]+")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")

_UNITS: dict[str, str] = {
    spelling: unit
    for unit, spellings in {
        "ms": "ms msec millisecond milliseconds milidetik", "s": "s sec secs second seconds detik", "min": "min mins minute minutes menit",
        "h": "h hr hrs hour hours jam", "day": "d day days hari",
        "week": "week weeks minggu", "month": "month months bulan", "year": "year years tahun",
        "b": "byte bytes", "kb": "kb kilobyte kilobytes", "kib": "kib",
        "mb": "mb megabyte megabytes", "mib": "mib", "gb": "gb gigabyte gigabytes", "gib": "gib",
        "tb": "tb", "%": "% percent persen", "px": "px pixel pixels",
        "mm": "mm", "cm": "cm", "usd": "usd dollar dollars", "time": "x times kali",
        "mb/s": "mbps mb/s", "req/s": "rps req/s", "token": "token tokens", "k": "k", "m": "m",
    }.items()
    for spelling in spellings.split()
}  # fmt: skip
"""Units of measurement. Any other word after a number names what is counted, and is a neighbour."""

_NUMBER_WORDS: dict[str, str] = {
    word: str(number)
    for number, words in (
        (2, "two dua"), (3, "three tiga"), (4, "four empat"), (5, "five lima"),
        (6, "six enam"), (7, "seven tujuh"), (8, "eight delapan"), (9, "nine sembilan"),
        (10, "ten sepuluh"), (11, "eleven sebelas"), (12, "twelve"),
        (13, "thirteen"), (14, "fourteen"), (15, "fifteen"), (16, "sixteen"), (17, "seventeen"),
        (18, "eighteen"), (19, "nineteen"), (20, "twenty"), (30, "thirty"),
        (40, "forty"), (50, "fifty"), (60, "sixty"), (90, "ninety"), (100, "hundred"),
    )
    for word in words.split()
}  # fmt: skip

_COMMON_OPENERS = frozenset(
    "add after all also always apply as ask at avoid because before begin build by call change check close commit complete configure "
    "confirm continue create current "
    "currently decide deploy do done during each else ensure every everything finally find finish first fix follow for from given go "
    "has have however if implement in "
    "include install instead it its keep last later let lists make merge move must need needs never new next no none not note now old "
    "on once one only open other "
    "otherwise our out pass please prefer provide put read remaining remove rename replace replaces requires result return returns "
    "rewrite run runs same save see send "
    "set should show shows since some start starts stay stays still stop store stores support supports switch take takes test tests "
    "that the then there these they "
    "this those to try turn two under until update use user users uses via wait was we were what when where while will with without "
    "work works write yet you".split()
)
"""Capitalised words at the start of a sentence that are not names. Any other must be in the source or look like an English verb form."""

_LOWERCASE_PRODUCTS = frozenset(
    "ansible apache apt aws azure bazel brew bun caddy cargo celery chrome conda cron curl cypress debian deno docker ec2 esbuild "
    "eslint fastapi firefox flask gcc git "
    "github gitlab gradle grafana gunicorn haproxy helm jenkins jest kafka kubectl kubernetes lambda linux lldb maven memcached mocha "
    "mypy mysql nextjs nginx node npm "
    "nuxt openai pip playwright pnpm podman poetry postgres postgresql prettier prometheus pytest python rabbitmq react redis rollup "
    "ruff rust s3 sqlite sqlalchemy svelte "
    "swc systemd terraform traefik ubuntu uv uvicorn valkey vercel vite vitest vue webpack wget yarn zsh".split()
)
"""Products usually written in lower case."""

_NEAR_WORDS, _NEIGHBOUR_WORDS = 10, 4
"""The neighbours of a value are `_NEIGHBOUR_WORDS` words on each side of it in the line; one must be within `_NEAR_WORDS` in the source."""


class ExactValue(NamedTuple):
    """One exact value of a line: text, normal form, unit of a number, stems of its neighbours, and whether it starts a sentence."""

    text: str
    normal: str
    unit: str
    neighbours: tuple[str, ...]
    is_opener: bool


class SourceTexts:
    """The source texts of a line, indexed to look up values."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.stems: set[str] = set()
        self._words: list[tuple[str, ...]] = []
        self._positions: dict[str, list[int]] = {}
        """The positions in `_words` of each form of a value."""
        for text in texts:
            self._add_text(text)

    def _add_text(self, text: str) -> None:
        words = text.split()
        self.stems |= set(stems(text))
        previous = ""
        for index, word in enumerate(words):
            next_word = words[index + 1] if index + 1 < len(words) else ""
            self._words.append(stems(word))
            position = len(self._words) - 1
            for form in (*_spellings(word), *_amounts(word, next_word)):
                self._positions.setdefault(form, []).append(position)
            bare = normalize(word)
            if previous and bare:
                # "server sent events" contains "server-sent".
                self._positions.setdefault(f"{previous}-{bare}", []).append(position)
            previous = bare
        # A gap, so that words of different texts are never neighbours.
        self._words.extend([()] * _NEAR_WORDS)

    def has_all_values(self, line: str) -> bool:
        """Return whether the texts contain every exact value of *line*, near any words. Plain words that start a sentence are skipped."""
        return all(self._find_positions(value) for value in exact_values(line) if not (value.is_opener and value.text.isalpha()))

    def _find_positions(self, value: ExactValue) -> list[int]:
        positions = self._positions.get(f"{value.normal} {value.unit}" if value.unit else value.normal)
        if positions is None and not value.unit:
            parts = [normalize(part) for part in re.split(r"[=:]", value.normal) if part]
            if len(parts) > 1 and "://" not in value.normal and all(part in self._positions for part in parts):
                return self._positions[parts[-1]]
            positions = self._positions.get(value.normal.removesuffix("s")) if value.normal.isalpha() else None
        return positions or []


def exact_values(line: str) -> Iterator[ExactValue]:
    """Yield the exact values of *line*, in order."""
    words = line.split()
    is_opener, in_backticks = True, False
    for index, word in enumerate(words):
        is_code = in_backticks or "`" in word
        in_backticks ^= word.count("`") % 2 == 1
        bare = word.strip(_EDGE_CHARS)
        neighbours = tuple(stem for neighbour in _neighbour_words(words, index) for stem in stems(neighbour))
        next_word = words[index + 1] if index + 1 < len(words) else ""
        if amounts := _amounts(word, next_word):
            number, _, unit = amounts[-1].partition(" ")
            yield ExactValue(
                text=f"{bare} {next_word.strip(_EDGE_CHARS)}" if unit and bare.isdigit() else bare,
                normal=number,
                unit=unit,
                neighbours=neighbours,
                is_opener=is_opener,
            )
        elif bare and _is_value(bare, is_opener=is_opener, is_code=is_code):
            yield ExactValue(text=bare, normal=normalize(word), unit="", neighbours=neighbours, is_opener=is_opener and not is_code)
        is_opener = word.rstrip("\"'*_`)").endswith(_CLAUSE_ENDS) or (is_opener and not bare)


def _neighbour_words(words: list[str], index: int) -> list[str]:
    """Return the neighbours of a word within its sentence."""
    words_before = words[max(0, index - _NEIGHBOUR_WORDS) : index]
    words_after = words[index : index + 1 + _NEIGHBOUR_WORDS]
    start = max((offset + 1 for offset, word in enumerate(words_before) if word.endswith(_SENTENCE_ENDS)), default=0)
    end = next((offset + 1 for offset, word in enumerate(words_after) if word.endswith(_SENTENCE_ENDS)), len(words_after))
    return words_before[start:] + words_after[1:end]


def _is_value(word: str, *, is_opener: bool, is_code: bool) -> bool:
    if is_code:
        return len(word) > 1
    if _EXACT_MARK.search(word) or word in _LOWERCASE_PRODUCTS:
        return True
    if not (word.isalpha() and len(word) > 1 and word[0].isupper()) or word.lower() in STOPWORDS:
        return False
    return not is_opener or not word[1:].islower() or not (word.lower() in _COMMON_OPENERS or word.endswith(("ed", "ing", "ly", "tion")))


@lru_cache(maxsize=16384)
def normalize(value: str) -> str:
    """Return the normal form of *value*, used for lookups."""
    value = value.lower().replace("\\", "/").replace("’", "'").lstrip(_EDGE_CHARS.replace(".", "")).removeprefix("./").strip(_EDGE_CHARS)
    value = value.rstrip("=").removesuffix("'s").removesuffix("()")
    if "://" not in value or value.count("/") == 3:
        value = value.rstrip("/") or value
    if _GROUPED_NUMBER.fullmatch(value):
        return value.replace(",", "").replace(".", "")
    return value[1:] if re.fullmatch(r"v\d[\w.-]*", value) else value


@lru_cache(maxsize=16384)
def _amounts(word: str, next_word: str) -> tuple[str, ...]:
    """Return the forms of the number *word*, alone and with its unit, which may be *next_word*; empty if it is not a number."""
    bare = word.strip(_EDGE_CHARS).lower()
    match = _AMOUNT.fullmatch(_NUMBER_WORDS.get(bare, bare))
    if match is None or (match[2] and match[2] not in _UNITS):
        return ()
    number = normalize(match[1])
    unit = _UNITS.get(match[2] or "", "")
    if not unit and word[-1:] not in ",.;)":
        unit = _UNITS.get(next_word.strip(_EDGE_CHARS).lower(), "")
    return (number, f"{number} {unit}") if unit else (number,)


@lru_cache(maxsize=16384)
def _spellings(word: str) -> tuple[str, ...]:
    """Return every acceptable form of *word*."""
    normal = normalize(word)
    if not normal:
        return ()
    spellings = {normal}
    if scheme := _SCHEME.match(normal):
        bare = normal[scheme.end() :]
        spellings |= {bare, bare.split("/", 1)[0], bare.split("/", 1)[0].rsplit(":", 1)[-1]}
    else:
        for part in re.split(r"[=:,|()\[\]{}<>\"'`]", normal):
            spellings.update(_value_parts(normalize(part)))
    if normal.isalpha() and word.strip(_EDGE_CHARS)[:-1].isupper():
        spellings.add(normal.removesuffix("s"))
    return tuple(spelling for spelling in spellings if spelling)


def _value_parts(value: str) -> Iterator[str]:
    """Yield *value*; for a path also its suffixes and prefixes, for a version its major and minor parts."""
    yield value
    if version := _VERSION.fullmatch(value):
        yield from (version[1], f"{version[1]}.{version[2]}")
    if "/" in value:
        steps = value.split("/")
        yield from ("/".join(steps[start:]) for start in range(1, len(steps)))
        yield from ("/".join(steps[:end]) for end in range(1, len(steps)))


@lru_cache(maxsize=16384)
def stems(text: str) -> tuple[str, ...]:
    """Return the stems of the words of *text* that carry meaning."""
    return tuple(part[:6] for part in re.findall(r"[^\W_]+", text.lower()) if len(part) > 1 and part not in STOPWORDS)
