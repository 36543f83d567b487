"""What a query asks for beside its words: phrases, words that must not occur, and filters such as `project:` or `before:`. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from onward.core.search_result import SEARCH_KINDS, SearchKind

FILTERS = ("project", "agent", "before", "after", "kind", "file")
_TOKEN = re.compile(
    rf'(?:(?<=\s)|^)(?:(?P<not>-)?"(?P<phrase>[^"\n]+)"'
    rf'|(?P<filter>{"|".join(FILTERS)}):(?:"(?P<quoted>[^"\n]+)"|(?P<value>(?!//)[^\s"]+))'
    # Options of commands (`-m`, `--all`, `-rf`) are words to search for.
    r"|-(?P<word>[^\W\d_][\w.]{2,}))(?=\s|$)"
)
_MIN_STEM = 4
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?$")


@dataclass(frozen=True, slots=True)
class QueryFilters:
    """A query in its parts. `text` are its words, those of `phrases` included; every phrase must occur, and no excluded word or phrase.

    `before` and `after` are the bounds of a turn's time: the first moment of the date, and the first one after it.
    """

    text: str
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    project: str = ""
    agent: str = ""
    before: datetime | None = None
    after: datetime | None = None
    kinds: tuple[SearchKind, ...] = ()
    files: tuple[str, ...] = ()


def parse_filters(query: str) -> QueryFilters:
    """Return the parts of *query*. What looks like a filter but has no value that it could take is text."""
    phrases: list[str] = []
    excluded: list[str] = []
    values: dict[str, list[str]] = {}
    text: list[str] = []
    end = 0
    for match in _TOKEN.finditer(query):
        name, value = match["filter"], match["quoted"] or match["value"]
        if name and not _is_value(name, value):
            continue
        text.append(query[end : match.start()])
        end = match.end()
        if name:
            values.setdefault(name, []).append(value)
        elif match["word"] or match["not"]:
            excluded.append(match["word"] or match["phrase"])
        else:
            phrases.append(match["phrase"])
            text.append(match["phrase"])
    text.append(query[end:])
    return QueryFilters(
        text=" ".join(part for part in map(str.strip, text) if part),
        phrases=tuple(phrases),
        excluded=tuple(excluded),
        project=_last(values.get("project")),
        agent=_last(values.get("agent")),
        before=_date_bounds(_last(values.get("before")))[0],
        after=_date_bounds(_last(values.get("after")))[1],
        kinds=tuple(cast("SearchKind", kind) for kind in values.get("kind", ())),
        files=tuple(values.get("file", ())),
    )


def _is_value(name: str, value: str) -> bool:
    if name in ("before", "after"):
        return _date_bounds(value)[0] is not None
    return value in SEARCH_KINDS if name == "kind" else True


def _last(values: Sequence[str] | None) -> str:
    return values[-1] if values else ""


def _date_bounds(text: str) -> tuple[datetime | None, datetime | None]:
    """Return the first moment of a year, month or day, and the first one after it; None for any other text."""
    match = _DATE.match(text)
    if match is None:
        return None, None
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        start = datetime(cast("int", year), month or 1, day or 1, tzinfo=UTC)
    except ValueError:
        return None, None
    if day:
        return start, start + timedelta(days=1)
    if month:
        return start, (start + timedelta(days=31)).replace(day=1)
    return start, start.replace(year=start.year + 1)


def match_spans(text: str, query: str) -> list[tuple[int, int]]:
    """Return where *text* has the words of *query*, as (start, end) in characters. Other forms of a word match, too."""
    words = sorted({_rough_stem(word) for word in re.findall(r"\w+", parse_filters(query).text.casefold())}, key=len, reverse=True)
    if not words:
        return []
    # In scripts without spaces a word may begin anywhere, and ends with itself.
    options = "|".join(rf"(?<!\w){re.escape(word)}\w*" if word.isascii() else re.escape(word) for word in words)
    return [match.span() for match in re.finditer(options, text, re.IGNORECASE)]


def _rough_stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= _MIN_STEM:
            return word.removesuffix(ending)
    return word
