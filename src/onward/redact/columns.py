"""Secrets in tables: the cells below a telling header, whatever divides the columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from onward.redact.secret import Secret
from onward.redact.values import has_digit, is_likely_password, is_long_random, is_strong_password

_MAX_ROWS = 30
_LONGEST_LINE = 600
_LEAST_COLUMNS = 2


def find_in_column(text: str, position: int, end: int) -> Iterator[Secret]:
    """Yield the secrets in the cells below the header of which *text[position:end]* is a part."""
    if not _cell_end().match(text, end):
        return
    start = text.rfind("\n", max(0, position - _LONGEST_LINE), position) + 1
    stop = text.find("\n", end, end + _LONGEST_LINE)
    if stop < 0 or not (divider := _divider_around(text, start, position, end, stop)):
        return
    if sum(bool(cell.strip()) for cell in text[start:stop].split(divider)) < _LEAST_COLUMNS:
        return
    column = text.count(divider, start, position)
    if not _header().fullmatch(text[start:stop]):
        return
    width = text.count(divider, start, stop)
    for _ in range(_MAX_ROWS):
        start, stop = stop + 1, text.find("\n", stop + 1, stop + 1 + _LONGEST_LINE)
        if stop < 0:
            stop = min(len(text), start + _LONGEST_LINE)
        cells = text[start:stop].split(divider)
        if len(cells) <= width:
            if cells != [""] and _rule().fullmatch(text[start:stop]):
                continue
            return
        first = start + sum(len(cell) + 1 for cell in cells[:column])
        value = cells[column].strip(" \"'`\r")
        if value and not _blank().search(value) and _is_secret(value):
            value_start = text.index(value, first)
            yield Secret(value_start, value_start + len(value), "password")


def _divider_around(text: str, start: int, position: int, end: int, stop: int) -> str:
    """Return what divides the cell around *text[position:end]* from its neighbours; nothing if it is no short cell."""
    before, after = _cell_start().search(text, start, position), _cell_end().match(text, end, stop)
    if not before or not after:
        return ""
    marks = {mark for mark in (before["divider"], after["divider"], after["mark"]) if mark}
    return marks.pop() if len(marks) == 1 else ""


def _is_secret(value: str) -> bool:
    return is_strong_password(value) or is_long_random(value) or (is_likely_password(value) and has_digit(value) and not value.islower())


@cache
def _cell_start() -> re.Pattern[str]:
    return re.compile(r"(?:(?P<divider>[|\t,;])|^|(?<=\n))[ \"'`+>-]{0,12}(?:\d{1,6}(?:\t|\u2192|[: ]))?(?:[A-Za-z]{1,16}[ _-]?){0,3}$")


@cache
def _cell_end() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z]{0,8}(?:[ _-][A-Za-z]{1,8})?[\"'`]?(?:[ ]{0,40}(?:(?P<divider>[|\t])|\r?(?=\n|$))|(?P<mark>[,;]))")


@cache
def _blank() -> re.Pattern[str]:
    return re.compile(r"\s")


@cache
def _header() -> re.Pattern[str]:
    """A line of short names without values."""
    return re.compile(r"[^=(){}<>$]*")


@cache
def _rule() -> re.Pattern[str]:
    """The line between the header and the rows."""
    return re.compile(r"[\s|+:=>\d\u2192-]{3,}")
