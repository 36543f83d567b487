r"""Exact values in a line that a model wrote, and whether the texts it was given hold them.

A value is anything that would be wrong if a character of it were: paths, urls, numbers and their units, ids, versions, flags, names of variables, of code and of products. It counts
as held in another spelling (`./src/a.py`, `src\a.py`; `3 s`, `3 seconds`; `v1.2`, `1.2`; `twelve`, `12`), and only beside words that it stood beside: the port of another server is a
wrong port.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from onward.core.text import STOPWORDS

_AROUND = ".,;:!?()[]{}<>\"'“”‘’`*…—–→|"
_ENDS = (".", "!", "?", ":", "…", "—", "–", "→", ";", "|")
_STOPS = (".", "!", "?", ";")
_TELLING = re.compile(r"[\d/\\_@#~=$%+&]|\w[.:]\w|^-{1,2}[a-zA-Z]|\w-\w|[a-z][A-Z]")
_AMOUNT = re.compile(r"[-+~]?(\d+(?:[.,]\d+)*)-?(%|[a-zµ]+(?:/[a-z]+)?)?")
_GROUPED = re.compile(r"\d{1,3}(?:[,.]\d{3})+")
_VERSION = re.compile(r"(\d+)\.(\d+)\.[\w.-]+")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")

_UNITS: dict[str, str] = {
    written: unit
    for unit, ways in {
        "ms": "ms msec millisecond milliseconds milidetik", "s": "s sec secs second seconds detik", "min": "min mins minute minutes menit",
        "h": "h hr hrs hour hours jam", "day": "d day days hari", "week": "week weeks minggu", "month": "month months bulan", "year": "year years tahun",
        "b": "byte bytes", "kb": "kb kilobyte kilobytes", "kib": "kib", "mb": "mb megabyte megabytes", "mib": "mib", "gb": "gb gigabyte gigabytes", "gib": "gib",
        "tb": "tb", "%": "% percent persen", "px": "px pixel pixels", "mm": "mm", "cm": "cm", "usd": "usd dollar dollars", "time": "x times kali",
        "mb/s": "mbps mb/s", "req/s": "rps req/s", "token": "token tokens", "k": "k", "m": "m",
    }.items()
    for written in ways.split()
}  # fmt: skip
"""Units that say how much a number is. Any other word after one says of what, and is a neighbour like others."""

_NUMBER_WORDS: dict[str, str] = {
    word: str(number)
    for number, words in (
        (2, "two dua"), (3, "three tiga"), (4, "four empat"), (5, "five lima"), (6, "six enam"), (7, "seven tujuh"), (8, "eight delapan"), (9, "nine sembilan"),
        (10, "ten sepuluh"), (11, "eleven sebelas"), (12, "twelve"), (13, "thirteen"), (14, "fourteen"), (15, "fifteen"), (16, "sixteen"), (17, "seventeen"),
        (18, "eighteen"), (19, "nineteen"), (20, "twenty"), (30, "thirty"), (40, "forty"), (50, "fifty"), (60, "sixty"), (90, "ninety"), (100, "hundred"),
    )
    for word in words.split()
}  # fmt: skip

_OPENERS = frozenset(
    "add after all also always apply as ask at avoid because before begin build by call change check close commit complete configure confirm continue create current "
    "currently decide deploy do done during each else ensure every everything finally find finish first fix follow for from given go has have however if implement in "
    "include install instead it its keep last later let lists make merge move must need needs never new next no none not note now old on once one only open other "
    "otherwise our out pass please prefer provide put read remaining remove rename replace replaces requires result return returns rewrite run runs same save see send "
    "set should show shows since some start starts stay stays still stop store stores support supports switch take takes test tests that the then there these they "
    "this those to try turn two under until update use user users uses via wait was we were what when where while will with without work works write yet you".split()
)
"""What a sentence may begin with that is nobody's name. Any other capital there has to be held, or be a form of an English verb."""

_SMALL_NAMES = frozenset(
    "ansible apache apt aws azure bazel brew bun caddy cargo celery chrome conda cron curl cypress debian deno docker ec2 esbuild eslint fastapi firefox flask gcc git "
    "github gitlab gradle grafana gunicorn haproxy helm jenkins jest kafka kubectl kubernetes lambda linux lldb maven memcached mocha mypy mysql nextjs nginx node npm "
    "nuxt openai pip playwright pnpm podman poetry postgres postgresql prettier prometheus pytest python rabbitmq react redis rollup ruff rust s3 sqlite sqlalchemy svelte "
    "swc systemd terraform traefik ubuntu uv uvicorn valkey vercel vite vitest vue webpack wget yarn zsh".split()
)
"""Products that are mostly written small."""
_QUOTED = re.compile(r"`([^`\s]+(?:\s[^`\s]+)+)`")

_NEAR, _BESIDE = 10, 4
"""A value's neighbours are so many words on either side of it in the line; one of them has to stand within so many on either side of it in the text that holds it."""


class Value(NamedTuple):
    """One exact value of a line: as it is written, as it is looked for, the unit of a number that has one, the stems beside it, and whether it begins a sentence."""

    written: str
    plain: str
    unit: str
    beside: tuple[str, ...]
    is_opener: bool


class Ground:
    """The texts that a line stands on, ready to be asked whether they hold a value."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.stems: set[str] = set()
        self._texts: list[list[str]] = []
        self._stems_of: list[set[str]] = []
        self._text_at: list[int] = []
        self._words: list[tuple[str, ...]] = []
        self._places: dict[str, list[int]] = {}
        """Where in `_words` each form of a value stands."""
        for text in texts:
            self._take(text)

    def _take(self, text: str) -> None:
        written = text.split()
        self._texts.append([_bare(word) for word in written])
        self._stems_of.append(set(stems(text)))
        self.stems |= self._stems_of[-1]
        self._text_at.extend([len(self._stems_of) - 1] * (len(written) + _NEAR))
        before = ""
        for place, word in enumerate(written):
            following = written[place + 1] if place + 1 < len(written) else ""
            self._words.append(stems(word))
            here = len(self._words) - 1
            for form in (*_forms(word), *_amounts(word, following)):
                self._places.setdefault(form, []).append(here)
            bare = plain(word)
            if before and bare:
                # "server sent events" holds "server-sent".
                self._places.setdefault(f"{before}-{bare}", []).append(here)
            before = bare
        # No word is beside one of another text.
        self._words.extend([()] * _NEAR)

    def lacks(self, line: str) -> list[str]:
        """Return the exact values of *line* that no text holds, or holds only beside other words, as they are written; and words that stand where the texts have another."""
        found = [value.written for value in values(line) if not self.holds(value)]
        found += (quoted for quoted in _QUOTED.findall(line) if not self._says([_bare(word) for word in quoted.split()]))
        return found or [f"{word} instead of {own}" for word, own in self._exchanged(line)]

    def _says(self, words: list[str]) -> bool:
        """Say whether a text has *words* one after another. Two values that are right apart are wrong in one command."""
        return any(words == text[at : at + len(words)] for text in self._texts for at, word in enumerate(text) if word == words[0])

    def _exchanged(self, line: str) -> Iterator[tuple[str, str]]:
        """Yield the words of *line* that no text has, each between two words between which a text has another one that the line has not."""
        said = [_bare(word) for word in line.split()]
        between = {(text[at - 1], text[at + 1]): text[at] for text in self._texts for at in range(1, len(text) - 1)}
        for at in range(1, len(said) - 1):
            own = between.get((said[at - 1], said[at + 1]), "")
            is_new = said[at].isalpha() and bool(stems(said[at])) and self.stems.isdisjoint(stems(said[at]))
            # Another form of the same word is none.
            if is_new and own not in said and stems(own) and said[at][:3] != own[:3]:
                yield said[at], own

    def names_all_of(self, line: str) -> bool:
        """Say whether the texts name every exact value of *line*, whatever stands beside it. A mere word that begins a sentence is not looked for."""
        return all(self._where(value) for value in values(line) if not (value.is_opener and value.written.isalpha()))

    def holds(self, value: Value) -> bool:
        """Say whether a text holds *value*, near one of its neighbours where the texts know any of them, and no text that lacks it knows them better."""
        places = self._where(value)
        known = {stem for stem in value.beside if stem in self.stems}
        if not places or (known and not any(self._is_near(known, place) for place in places)):
            return False
        owners = {self._text_at[place] for place in places}
        own, other = (
            set().union(*(said for text, said in enumerate(self._stems_of) if (text in owners) is wanted)) for wanted in (True, False)
        )
        return len(known & (other - own)) <= len(known & (own - other))

    def _where(self, value: Value) -> list[int]:
        found = self._places.get(f"{value.plain} {value.unit}" if value.unit else value.plain)
        if found is None and not value.unit:
            parts = [plain(part) for part in re.split(r"[=:]", value.plain) if part]
            if len(parts) > 1 and "://" not in value.plain and all(part in self._places for part in parts):
                return self._places[parts[-1]]
            found = self._places.get(value.plain.removesuffix("s")) if value.plain.isalpha() else None
        return found or []

    def _is_near(self, known: set[str], place: int) -> bool:
        return any(not known.isdisjoint(self._words[at]) for at in range(max(0, place - _NEAR), min(len(self._words), place + _NEAR + 1)))


def values(line: str) -> Iterator[Value]:
    """Yield the exact values of *line*, in order."""
    written = line.split()
    begins, is_quoted = True, False
    for place, word in enumerate(written):
        quoted = is_quoted or "`" in word
        is_quoted ^= word.count("`") % 2 == 1
        bare = word.strip(_AROUND)
        beside = tuple(stem for one in _near(written, place) for stem in stems(one))
        following = written[place + 1] if place + 1 < len(written) else ""
        if amounts := _amounts(word, following):
            number, _, unit = amounts[-1].partition(" ")
            yield Value(f"{bare} {following.strip(_AROUND)}" if unit and bare.isdigit() else bare, number, unit, beside, begins)
        elif bare and _is_value(bare, begins=begins, quoted=quoted):
            yield Value(bare, plain(word), "", beside, begins and not quoted)
        begins = word.rstrip("\"'*_`)").endswith(_ENDS) or (begins and not bare)


def _near(written: list[str], place: int) -> list[str]:
    """Return the words on either side of one, in its sentence."""
    before = written[max(0, place - _BESIDE) : place]
    after = written[place : place + 1 + _BESIDE]
    starts = max((at + 1 for at, word in enumerate(before) if word.endswith(_STOPS)), default=0)
    ends = next((at + 1 for at, word in enumerate(after) if word.endswith(_STOPS)), len(after))
    return before[starts:] + after[1:ends]


def _bare(word: str) -> str:
    return plain(word).replace("`", "")


def _is_value(word: str, *, begins: bool, quoted: bool) -> bool:
    if quoted:
        return len(word) > 1
    if _TELLING.search(word) or word in _SMALL_NAMES:
        return True
    if not (word.isalpha() and len(word) > 1 and word[0].isupper()) or word.lower() in STOPWORDS:
        return False
    return not begins or not word[1:].islower() or not (word.lower() in _OPENERS or word.endswith(("ed", "ing", "ly", "tion")))


@lru_cache(maxsize=16384)
def plain(value: str) -> str:
    """Return *value* in the spelling in which it is looked for."""
    value = value.lower().replace("\\", "/").replace("’", "'").lstrip(_AROUND.replace(".", "")).removeprefix("./").strip(_AROUND)
    value = value.rstrip("=").removesuffix("'s").removesuffix("()")
    if "://" not in value or value.count("/") == 3:
        value = value.rstrip("/") or value
    if _GROUPED.fullmatch(value):
        return value.replace(",", "").replace(".", "")
    return value[1:] if re.fullmatch(r"v\d[\w.-]*", value) else value


@lru_cache(maxsize=16384)
def _amounts(word: str, following: str) -> tuple[str, ...]:
    """Return the forms of the number that *word* is, alone and with its unit, which *following* may be; nothing for what is no number."""
    bare = word.strip(_AROUND).lower()
    found = _AMOUNT.fullmatch(_NUMBER_WORDS.get(bare, bare))
    if found is None or (found[2] and found[2] not in _UNITS):
        return ()
    number = plain(found[1])
    unit = _UNITS.get(found[2] or "", "")
    if not unit and word[-1:] not in ",.;)":
        unit = _UNITS.get(following.strip(_AROUND).lower(), "")
    return (number, f"{number} {unit}") if unit else (number,)


@lru_cache(maxsize=16384)
def _forms(word: str) -> tuple[str, ...]:
    """Return every form in which what a text writes as *word* may be given again without being wrong."""
    whole = plain(word)
    if not whole:
        return ()
    found = {whole}
    if scheme := _SCHEME.match(whole):
        bare = whole[scheme.end() :]
        found |= {bare, bare.split("/", 1)[0], bare.split("/", 1)[0].rsplit(":", 1)[-1]}
    else:
        for part in re.split(r"[=:,|()\[\]{}<>\"'`]", whole):
            found.update(_parts(plain(part)))
    if whole.isalpha() and word.strip(_AROUND)[:-1].isupper():
        found.add(whole.removesuffix("s"))
    return tuple(one for one in found if one)


def _parts(value: str) -> Iterator[str]:
    """Yield *value*; of a path its ends and its folders, of a version what it begins with."""
    yield value
    if version := _VERSION.fullmatch(value):
        yield from (version[1], f"{version[1]}.{version[2]}")
    if "/" in value:
        steps = value.split("/")
        yield from ("/".join(steps[first:]) for first in range(1, len(steps)))
        yield from ("/".join(steps[:last]) for last in range(1, len(steps)))


@lru_cache(maxsize=16384)
def stems(text: str) -> tuple[str, ...]:
    """Return the stems of the words of *text* that carry meaning."""
    return tuple(part[:6] for part in re.findall(r"[^\W_]+", text.lower()) if len(part) > 1 and part not in STOPWORDS)
