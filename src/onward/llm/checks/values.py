"""Exact values of a written line: code, quotations, paths, urls, ids, flags, numbers and names, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

from onward.llm.checks.tokens import normal

ValueKind: TypeAlias = Literal["code", "quote", "number", "reference", "flag", "name", "word"]
"""A `reference` is the number of an issue or pull request, a `name` a path, url, id or identifier, a `word` a capitalised word."""

_W = r"A-Za-z0-9_À-ʯͰ-ԯ"
"""The characters of words in scripts that put spaces between words; in the others a name stands right beside words."""
_START, _END = f"(?<![{_W}])", f"(?![{_W}])"
_VALUE = re.compile(
    r"(?P<url>https?://[^\s`)>\]、。」）]+)|`(?P<code>(?! )[^`\n]+(?<! ))`|\"(?P<quote>[^\"]{3,})\"|[«“](?P<quote2>[^»”]{3,})[»”]"
    rf"|(?P<path>[{_W}.@~$*-]*/[{_W}./@~$*-]*[{_W}])|(?P<reference>(?<![{_W}&])#\d+{_END})|(?P<flag>(?<![{_W}-])--?[a-zA-Z][{_W}-]+)"
    rf"|{_START}(?P<hex>(?=[0-9a-f]*\d)[0-9a-f]{{7,40}}){_END}"
    rf"|(?P<name>{_START}[A-Za-z]+-\d[{_W}.-]*|{_START}[A-Za-z_]+\d[{_W}.-]*|{_START}[a-z]+[A-Z][{_W}]+"
    rf"|{_START}[A-Z][a-z]+[A-Z][{_W}]+|{_START}[{_W}]+_[{_W}]+"
    rf"|{_START}[{_W}-]+\.(?:py|ts|tsx|jsx?|go|rs|md|json|ya?ml|toml|sh|html|css|sql|rb|java|kt|c|h|cpp|txt|db|lock|env){_END})"
    rf"|(?P<number>(?<![{_W}.])v?\d+(?:[.,:]\d+)*(?:%|[a-zA-Zµ×]{{1,3}}{_END})?{_END})|(?P<word>(?<=[a-zé,] )[A-Z][a-z]{{2,}}{_END})"
)
_KINDS: dict[str, ValueKind] = {
    "url": "name", "code": "code", "quote": "quote", "quote2": "quote", "path": "name", "flag": "flag", "hex": "name", "name": "name",
    "number": "number", "reference": "reference", "word": "word",
}  # fmt: skip
_NUMBER_WORDS = {
    word: str(number)
    for number, names in enumerate(
        ("zero none", "one", "two both dua deux", "three tiga trois", "four empat quatre", "five lima cinq", "six enam", "seven tujuh sept",
         "eight delapan huit", "nine sembilan neuf", "ten sepuluh dix", "eleven", "twelve")
    )
    for word in names.split()
}  # fmt: skip
_WORD_CHARACTER = re.compile(f"[{_W}]")
_ELLIPSIS = re.compile(r"…|\.\.\.|\[\.\.\.\]")
_DIGITS = re.compile(rf"(?<![{_W}.])v?(\d+(?:[.,:]\d+)*)")


class LineValue(NamedTuple):
    """One exact value: as written, in normal form, its kind, and its position in the line."""

    text: str
    normal: str
    kind: ValueKind
    start: int
    end: int


class Occurrence(NamedTuple):
    """The position of a value in a normal text."""

    start: int
    end: int


def exact_values(line: str) -> list[LineValue]:
    """Return the exact values of *line* in order. A list of alternatives in one code span ("a / b") is one value."""
    values: list[LineValue] = []
    for match in _VALUE.finditer(line):
        group = match.lastgroup or ""
        text = match[group].strip().rstrip(".,:;") if group != "code" else match[group].strip()
        if text:
            kind = _KINDS[group]
            values.append(LineValue(text, _normal_value(text, kind), kind=kind, start=match.start(), end=match.end()))
    return values


def _normal_value(text: str, kind: ValueKind) -> str:
    value = re.sub(r"\s+", " ", normal(text)).strip()
    if kind == "number":
        return value.removeprefix("v").rstrip("%abcdefghijklmnopqrstuvwxyzµ×")
    return value.removesuffix("()").removeprefix("./") if kind in ("code", "name") else value


def occurrences(value: LineValue, text: str) -> Iterator[Occurrence]:
    """Yield where *text*, which is normal, contains *value* as a whole, not as a piece of a longer one."""
    if value.kind == "number":
        yield from _number_occurrences(value.normal, text)
        return
    if value.kind == "reference":
        number = value.normal[1:]
        for match in re.finditer(rf"(?:#|/(?:pull|issues|merge_requests|pulls)/|\b(?:pr|pull request|issue|todo) #?){number}(?!\d)", text):
            yield Occurrence(match.start(), match.end())
        return
    needle = value.normal.rstrip("/") if value.kind in ("code", "name") and value.normal.strip("/") else value.normal
    start = text.find(needle)
    while start >= 0:
        end = start + len(needle)
        before, after = text[start - 1 : start], text[end : end + 1]
        is_whole_start = not (_is_inner(needle[0]) and _is_inner(before)) or needle.startswith(("-", "/"))
        is_hash = len(needle) >= 7 and re.fullmatch(r"[0-9a-f]+", needle) and after in "0123456789abcdef"
        is_plural = after == "s" and not text[end + 1 : end + 2].isalnum()
        if is_whole_start and (not (_is_inner(needle[-1]) and _is_inner(after)) or is_hash or is_plural):
            yield Occurrence(start, end)
        start = text.find(needle, start + 1)


def _number_occurrences(number: str, text: str) -> Iterator[Occurrence]:
    plain = number.replace(",", "")
    for match in _DIGITS.finditer(text):
        if match[1] == number or match[1].replace(",", "") == plain:
            yield Occurrence(match.start(), match.end())
    for match in re.finditer(rf"(?<=[a-z_#(x×-]){re.escape(number)}(?![\d.]\d|\d)", text):
        yield Occurrence(match.start(), match.end())
    for word in (word for word, digits in _NUMBER_WORDS.items() if digits == number):
        for match in re.finditer(rf"\b{word}\b", text):
            yield Occurrence(match.start(), match.end())


def _is_inner(character: str) -> bool:
    """Whether *character* belongs to a word of a script that puts spaces between words."""
    return bool(_WORD_CHARACTER.match(character))


def parts_of(value: LineValue) -> list[LineValue]:
    """Return the parts of a code span or quotation that may be apart: around an ellipsis, the words of a command, a list of names."""
    if value.kind not in ("code", "quote"):
        return []
    pieces = [piece.strip() for piece in _ELLIPSIS.split(value.normal) if piece.strip()]
    is_cut = bool(_ELLIPSIS.search(value.normal))
    if len(pieces) == 1 and value.kind == "code":
        pieces = [piece.strip(";,:\"'") for piece in re.split(r"\s+|(?<=\w)(?=\()|=(?=\S)", pieces[0])]
    if len(pieces) < 2 and not is_cut:
        return []
    return [LineValue(piece, piece, kind="name", start=value.start, end=value.end) for piece in pieces if piece.strip("(){}[]<>,;:\"'")]
