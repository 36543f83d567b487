"""Finding the places in a text that hold a secret.

Almost every text is clean, so the search is built around a cheap no. A text is folded into bytes of equal length, in which a few plain
substring scans show every *site* where a secret can stand: a telling name (`…token`, `…key`, `…secret`, `…pass…`), an `authoriz…` header,
a URL's `@`, and the start of every unbroken run of twenty characters. Patterns are compiled when first needed and matched at sites only.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING

from onward.redact import shapes, urls
from onward.redact.names import Names
from onward.redact.secret import PLACEHOLDER, PLACEHOLDER_HEAD, Secret

if TYPE_CHECKING:
    from collections.abc import Callable

SHORTEST = 12
"""No text shorter than this holds a secret together with what gives it away."""


def _table(images: dict[str, str], other: int | None = None) -> bytes:
    """Return a translation table: each character in a key of *images* becomes its value, any other *other*, or stays as it is."""
    table = bytearray(range(256)) if other is None else bytearray([other] * 256)
    for characters, image in images.items():
        for character in characters:
            table[ord(character)] = ord(image)
    return bytes(table)


_LOWER = {chr(code).upper(): chr(code) for code in range(ord("a"), ord("z") + 1)}
_WORDS = _table({"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-": "w"}, other=ord(" "))
_RUN = b"w" * shapes.RUN_LENGTH
# `_key`, `-key`, ` key`, `.key`, `ikey` and `oken` look the same when the letters that differ are made one: one scan for all.
_NAMES = _table({**_LOWER, "-_. IiOo": "_", "Nn": "y"})
_IN_PLACEHOLDERS = b"secret"
_NEEDLES: tuple[tuple[bytes, Callable[[Names, int], Secret | None]], ...] = (
    (_IN_PLACEHOLDERS, Names.secret),
    (b"_key", Names.keyed),
    (b"pass", Names.password),
    (b"auth_r_z", Names.authorized),
)


def find_secrets(text: str) -> list[Secret]:
    """Return the secrets in *text*, in order, none overlapping another."""
    if len(text) < SHORTEST:
        return []
    # One byte per character, so that a place in the bytes is the same place in the text.
    octets = text.encode("ascii", "replace")
    found: list[Secret] = []
    words = octets.translate(_WORDS)
    start = words.find(_RUN)
    if start >= 0:
        _at_runs(text, words, start, found)
    _at_names(text, octets.translate(_NAMES), found)
    if "@" in text and "://" in text:
        _at_urls(text, found)
    return _apart(text, found) if found else found


def _at_runs(text: str, words: bytes, start: int, found: list[Secret]) -> None:
    """Add the secrets that have a shape of their own, from the run at *start* on."""
    heads, links = shapes.HEADS, shapes.LINKS
    while start >= 0:
        end = words.find(b" ", start + shapes.RUN_LENGTH)
        if end < 0:
            end = len(words)
        if text[start - 1 : start] == "\\":
            # In text that is itself JSON, the n of a written-out "\n" sticks to the word behind it.
            start += 1
        if text[start : start + 3] in heads or text[start - 3 : start] in links:
            secret = shapes.shaped(text, start, end)
            if secret:
                found.append(secret)
                end = secret.end
        start = words.find(_RUN, end)


def _at_names(text: str, folded: bytes, found: list[Secret]) -> None:
    """Add the secrets that are known by the name before them."""
    names: Names | None = None
    for needle, judge in _NEEDLES:
        at = folded.find(needle)
        if at >= 0 and needle == _IN_PLACEHOLDERS and PLACEHOLDER_HEAD in text:
            folded = _without_placeholders(text, folded)
            at = folded.find(needle)
        while at >= 0:
            names = names or Names(text)
            secret = judge(names, at)
            if secret:
                found.append(secret)
            at = folded.find(needle, at + 1)


def _without_placeholders(text: str, folded: bytes) -> bytes:
    """Return *folded* with blanks where the placeholders of *text* stand: the words in them name nothing."""
    parts: list[bytes] = []
    end = 0
    for match in _placeholder().finditer(text):
        parts += folded[end : match.start()], b" " * len(match.group())
        end = match.end()
    return b"".join((*parts, folded[end:]))


def _at_urls(text: str, found: list[Secret]) -> None:
    """Add the passwords in URLs."""
    at = text.find("@")
    while at >= 0:
        secret = urls.userinfo(text, at)
        if secret:
            found.append(secret)
        at = text.find("@", at + 1)


def _apart(text: str, found: list[Secret]) -> list[Secret]:
    """Return *found* in order, overlapping ones made one under the first's kind, and none that touches a placeholder."""
    spared = [match.span() for match in _placeholder().finditer(text)] if PLACEHOLDER_HEAD in text else []
    kept: list[Secret] = []
    for secret in sorted(found, key=lambda each: (each.start, -each.end)):
        after = bisect_right(spared, secret.start, key=itemgetter(1))
        if after < len(spared) and spared[after][0] < secret.end:
            continue
        if kept and secret.start < kept[-1].end:
            kept[-1] = kept[-1]._replace(end=max(kept[-1].end, secret.end))
        else:
            kept.append(secret)
    return kept


@cache
def _placeholder() -> re.Pattern[str]:
    return re.compile(PLACEHOLDER)
