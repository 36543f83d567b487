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

from onward.redact import hashes, shapes
from onward.redact.needles import judge_all
from onward.redact.plain_view import PlainView, has_escapes, plain_text
from onward.redact.secret import PLACEHOLDER, PLACEHOLDER_HEAD, Secret

MIN_LENGTH = 12
"""A shorter text cannot hold a secret together with the name or shape that gives it away."""


def _translation_table(images: dict[str, str], other: int | None = None) -> bytes:
    """Return a translation table: a character in a key of *images* becomes its value, any other becomes *other* or stays the same."""
    table = bytearray(range(256)) if other is None else bytearray([other] * 256)
    for characters, image in images.items():
        for character in characters:
            table[ord(character)] = ord(image)
    return bytes(table)


_WORDS = _translation_table({"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+": "w"}, other=ord(" "))
_RUN = b"w" * shapes.RUN_LENGTH


def find_secrets(text: str) -> list[Secret]:
    """Return the secrets in *text*, in order, without overlaps."""
    if len(text) < MIN_LENGTH:
        return []
    if not has_escapes(text):
        secrets = _find(text)
    elif secrets := _find(plain_text(text)):
        view = PlainView(text)
        secrets = [view.original(secret) for secret in _find(view.text)]
    return _merge_overlaps(text, secrets) if secrets else secrets


def _find(text: str, *, is_line: bool = False) -> list[Secret]:
    # One byte per character, so that positions in the bytes are positions in the text.
    octets = text.encode("ascii", "replace")
    secrets: list[Secret] = []
    words = octets.translate(_WORDS)
    start = words.find(_RUN)
    if start >= 0:
        _find_in_runs(text, words, start, secrets, is_line=is_line)
    lowered = octets.lower()
    if PLACEHOLDER_HEAD in text:
        lowered = _blank_placeholders(text, lowered)
    secrets += judge_all(text, lowered)
    return secrets


def _find_in_runs(text: str, words: bytes, start: int, secrets: list[Secret], *, is_line: bool) -> None:
    """Add the secrets that have a shape of their own, from the run at *start* on."""
    heads, links, has_digit = shapes.HEADS, shapes.LINKS, _digit().search
    while start >= 0:
        end = words.find(b" ", start + shapes.RUN_LENGTH)
        if end < 0:
            end = len(words)
        if text[start] in "+-":
            start += 1
        elif text[start - 1 : start] == "%":
            start += 2
        secret = None
        if text[start : start + 3] in heads or text[start - 3 : start] in links:
            secret = shapes.match_shape(text, start, end)
        if secret is None and has_digit(text, start, end):
            secret = shapes.match_part(text, start, end) or hashes.match_run(text, start, end)
        if secret:
            secrets.append(secret)
            end = max(end, secret.end)
        if text[end : end + 1] == "\n" and not is_line and text[end + 1 : end + 2] not in _LINE_STARTS:
            secrets += _find_wrapped(text, start, end)
        start = words.find(_RUN, end)


def _find_wrapped(text: str, start: int, end: int) -> list[Secret]:
    """Return the secrets that a line break at *end* cuts: the line is long and not all one run, and the next goes on without a space."""
    line_start = text.rfind("\n", 0, start) + 1
    if end - line_start < _WRAPPED_COLUMNS or (start == line_start and text[start : start + 3] not in shapes.HEADS):
        return []
    lines = text[line_start : end + _MAX_WRAPPED_CHARS].split("\n")
    joined, breaks = lines[0], [len(lines[0])]
    for line in lines[1:]:
        if not _continuation().match(line):
            break
        joined += line
        if len(line) < _WRAPPED_COLUMNS:
            break
        breaks.append(len(joined))
    spans = [secret for secret in _find(joined, is_line=True) if secret.start < breaks[0] < secret.end]
    return [
        secret._replace(start=line_start + secret.start, end=line_start + secret.end + sum(position < secret.end for position in breaks))
        for secret in spans
    ]


_LINE_STARTS = frozenset(" \t\n#<>|*\"'`{}[]()")
_WRAPPED_COLUMNS = 60
_MAX_WRAPPED_CHARS = 1500


def _blank_placeholders(text: str, folded: bytes) -> bytes:
    """Return *folded* with blanks in place of the placeholders of *text*: the words in a placeholder name nothing."""
    parts: list[bytes] = []
    end = 0
    for match in _placeholder().finditer(text):
        parts += folded[end : match.start()], b" " * len(match.group())
        end = match.end()
    return b"".join((*parts, folded[end:]))


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
def _continuation() -> re.Pattern[str]:
    """The rest of a token at the start of a line: no path, and no word."""
    return re.compile(r"(?=[\w+/.-]{0,40}[\d=])[\w+/-]+(?:\.[\w-]{8,})?=*(?=[\s\"'`),;&}\]]|$)")


@cache
def _digit() -> re.Pattern[str]:
    return re.compile(r"\d")


@cache
def _placeholder() -> re.Pattern[str]:
    return re.compile(PLACEHOLDER)
