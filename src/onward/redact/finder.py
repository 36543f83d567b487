"""Finds the secrets in a text.

Almost every text is clean, so the search is built around a cheap no. A text is folded into bytes of equal length, in which a few plain
substring scans show every *site* where a secret can be: a telling name (`…token`, `…key`, `…secret`, `…pass…`), an `authoriz…`
header, the `@` of a URL, and the start of every unbroken run of twenty characters. Patterns are compiled on first use and matched at
sites only.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING

from onward.redact import shapes, urls
from onward.redact.names import NameJudge
from onward.redact.secret import PLACEHOLDER, PLACEHOLDER_HEAD, Secret

if TYPE_CHECKING:
    from collections.abc import Callable

MIN_LENGTH = 12
"""A shorter text cannot hold a secret together with the name or shape that gives it away."""


def _translation_table(images: dict[str, str], other: int | None = None) -> bytes:
    """Return a translation table: a character in a key of *images* becomes its value, any other becomes *other* or stays the same."""
    table = bytearray(range(256)) if other is None else bytearray([other] * 256)
    for characters, image in images.items():
        for character in characters:
            table[ord(character)] = ord(image)
    return bytes(table)


_LOWER = {chr(code).upper(): chr(code) for code in range(ord("a"), ord("z") + 1)}
_WORDS = _translation_table({"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-": "w"}, other=ord(" "))
_RUN = b"w" * shapes.RUN_LENGTH
# Letters that differ are made one, so that `_key`, `-key`, ` key`, `.key`, `ikey` and `oken` look the same: one scan finds all.
_NAMES = _translation_table({**_LOWER, "-_. IiOo": "_", "Nn": "y"})
_SECRET_NEEDLE = b"secret"
_NEEDLE_JUDGES: tuple[tuple[bytes, Callable[[NameJudge, int], Secret | None]], ...] = (
    (_SECRET_NEEDLE, NameJudge.judge_secret),
    (b"_key", NameJudge.judge_key),
    (b"pass", NameJudge.judge_password),
    (b"auth_r_z", NameJudge.judge_authorization),
)


def find_secrets(text: str) -> list[Secret]:
    """Return the secrets in *text*, in order, without overlaps."""
    if len(text) < MIN_LENGTH:
        return []
    # One byte per character, so that positions in the bytes are positions in the text.
    octets = text.encode("ascii", "replace")
    secrets: list[Secret] = []
    words = octets.translate(_WORDS)
    start = words.find(_RUN)
    if start >= 0:
        _find_in_runs(text, words, start, secrets)
    _find_by_name(text, octets.translate(_NAMES), secrets)
    if "@" in text and "://" in text:
        _find_in_urls(text, secrets)
    return _merge_overlaps(text, secrets) if secrets else secrets


def _find_in_runs(text: str, words: bytes, start: int, secrets: list[Secret]) -> None:
    """Add the secrets that have a shape of their own, from the run at *start* on."""
    heads, links = shapes.HEADS, shapes.LINKS
    while start >= 0:
        end = words.find(b" ", start + shapes.RUN_LENGTH)
        if end < 0:
            end = len(words)
        if text[start - 1 : start] == "\\":
            # In text that is itself JSON, the n of an escaped "\n" sticks to the word behind it.
            start += 1
        if text[start : start + 3] in heads or text[start - 3 : start] in links:
            secret = shapes.match_shape(text, start, end)
            if secret:
                secrets.append(secret)
                end = secret.end
        start = words.find(_RUN, end)


def _find_by_name(text: str, folded: bytes, secrets: list[Secret]) -> None:
    """Add the secrets that a name before them gives away."""
    names: NameJudge | None = None
    for needle, judge in _NEEDLE_JUDGES:
        position = folded.find(needle)
        if position >= 0 and needle == _SECRET_NEEDLE and PLACEHOLDER_HEAD in text:
            folded = _blank_placeholders(text, folded)
            position = folded.find(needle)
        while position >= 0:
            names = names or NameJudge(text)
            secret = judge(names, position)
            if secret:
                secrets.append(secret)
            position = folded.find(needle, position + 1)


def _blank_placeholders(text: str, folded: bytes) -> bytes:
    """Return *folded* with blanks in place of the placeholders of *text*: the words in a placeholder name nothing."""
    parts: list[bytes] = []
    end = 0
    for match in _placeholder().finditer(text):
        parts += folded[end : match.start()], b" " * len(match.group())
        end = match.end()
    return b"".join((*parts, folded[end:]))


def _find_in_urls(text: str, secrets: list[Secret]) -> None:
    """Add the passwords in URLs."""
    position = text.find("@")
    while position >= 0:
        secret = urls.find_password(text, position)
        if secret:
            secrets.append(secret)
        position = text.find("@", position + 1)


def _merge_overlaps(text: str, secrets: list[Secret]) -> list[Secret]:
    """Return *secrets* in order. Overlapping ones are merged under the first one's kind; those that touch a placeholder are left out."""
    placeholders = [match.span() for match in _placeholder().finditer(text)] if PLACEHOLDER_HEAD in text else []
    distinct_secrets: list[Secret] = []
    for secret in sorted(secrets, key=lambda secret: (secret.start, -secret.end)):
        index = bisect_right(placeholders, secret.start, key=itemgetter(1))
        if index < len(placeholders) and placeholders[index][0] < secret.end:
            continue
        if distinct_secrets and secret.start < distinct_secrets[-1].end:
            distinct_secrets[-1] = distinct_secrets[-1]._replace(end=max(distinct_secrets[-1].end, secret.end))
        else:
            distinct_secrets.append(secret)
    return distinct_secrets


@cache
def _placeholder() -> re.Pattern[str]:
    return re.compile(PLACEHOLDER)
