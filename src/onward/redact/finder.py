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

from onward.redact import keys_by_name, shapes
from onward.redact.needles import judge_all
from onward.redact.neighbourhood import match_lone_key
from onward.redact.plain_view import PlainView, has_escapes, plain_text
from onward.redact.secret import PLACEHOLDER, PLACEHOLDER_HEAD, Secret
from onward.redact.values import is_random

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
        _find_in_runs(text, words, start, secrets)
    lowered = octets.lower()
    if PLACEHOLDER_HEAD in text:
        lowered = _blank_placeholders(text, lowered)
    secrets += judge_all(text, lowered)
    return secrets if is_line else secrets + _find_wrapped(text, octets)


def _find_in_runs(text: str, words: bytes, start: int, secrets: list[Secret]) -> None:
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
        if secret is None and (has_digit(text, start, end) or (end - start > 32 and "_" in text[start : end - 30])):
            secret = shapes.match_part(text, start, end) or keys_by_name.match_run(text, start, end) or match_lone_key(text, start, end)
        if secret:
            secrets.append(secret)
            end = max(end, secret.end)
        start = words.find(_RUN, end)


def _find_wrapped(text: str, octets: bytes) -> list[Secret]:
    """Return the secrets that the breaks of long lines cut."""
    secrets: list[Secret] = []
    end = 0
    for match in _line_break().finditer(octets):
        position = match.start()
        line_start = text.rfind("\n", max(0, position - _LONGEST_LINE), position) + 1
        if position < end or not _WRAPPED_COLUMNS <= position - line_start < _LONGEST_LINE or not _is_cut(text, position):
            continue
        if _whole_run().match(text, line_start, position) and text[line_start : line_start + 3] not in shapes.HEADS:
            continue
        joined, breaks = _join_lines(text[line_start : position + _MAX_WRAPPED_CHARS].split("\n"))
        end = line_start + len(joined)
        for secret in _find(joined, is_line=True):
            if any(secret.start <= place < secret.end for place in breaks):
                start, stop = (place + line_start + sum(cut < place for cut in breaks) for place in (secret.start, secret.end))
                secrets.append(secret._replace(start=start + (secret.start in breaks), end=stop))
    return secrets


def _is_cut(text: str, position: int) -> bool:
    """Return whether the line break at *position* may cut a token, or come right before one that looks random."""
    rest = _continuation().match(text, position + 1)
    if not rest:
        return False
    if text[position - 1] in _ENDS_OF_WORDS:
        return len(rest.group()) >= _SHORTEST_CUT // 2 and is_random(rest.group().strip("'\""))
    start = _token_end().search(text, max(0, position - _LONGEST_LINE), position)
    return rest.end() - (start.start() if start else position) > _SHORTEST_CUT


_ENDS_OF_WORDS = " ,&?:"
_SHORTEST_CUT = 16


def _join_lines(lines: list[str]) -> tuple[str, list[int]]:
    """Return the first of *lines* with those that go on with it, and where in the result a line began."""
    joined, breaks = lines[0], list[int]()
    for line in lines[1:]:
        if not _continuation().match(line):
            break
        breaks.append(len(joined))
        joined += line
        if len(line) < _WRAPPED_COLUMNS:
            break
    return joined, breaks


_WRAPPED_COLUMNS = 60
_LONGEST_LINE = 400
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
def _line_break() -> re.Pattern[bytes]:
    """The end of a line that is long enough to be one of several into which a longer one was broken, before what may be the rest."""
    return re.compile(rb"\n(?=[\w+/=%%'\"-])(?<=[^\n]{%d}[\w+/=%%~,&?: -]\n)(?=[\"']?[\w+/.=%%~?-]{0,60}[\d=])" % (_WRAPPED_COLUMNS - 1))


@cache
def _continuation() -> re.Pattern[str]:
    """The rest of a token at the start of a line: no path, and no word."""
    return re.compile(
        r"(?!\d+[\s.:)\u2192]|[\w.-]{1,30}\s+\||\w{1,40}[=:][^=\s])[\"']?(?=[\w+/.=%~-]{0,60}[\d=])[\w+/=%.~&!#$*-]{1,}(?=[\s\"'`),;&}\]]|$)"
    )


@cache
def _token_end() -> re.Pattern[str]:
    return re.compile(r"[^\s\"'`(]+$")


@cache
def _whole_run() -> re.Pattern[str]:
    return re.compile(r"[\w+/=-]+$")


@cache
def _digit() -> re.Pattern[str]:
    return re.compile(r"\d")


@cache
def _placeholder() -> re.Pattern[str]:
    return re.compile(PLACEHOLDER)
