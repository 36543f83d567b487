"""The elements of a JSON array too large for memory: one conversation of an export at a time, and a damaged one does not affect the
others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from json import JSONDecodeError
from typing import IO, Any

import orjson

from onward.core.transcript.transcript import ImportReport
from onward.formats.source import TranscriptSource, strip_comments

_CHUNK_BYTES = 4 * 1024 * 1024
_OVERLAP_BYTES = 64 * 1024
"""Maximum length of the text between two elements."""
_SINGLE_TRIES = 64
"""The first cuts are tried one by one; then each try waits for twice as many as the last."""
_BEGINNING = rb'\s*\{\s*("[^"\\]{1,80}")\s*:\s*(?:(?:"(?:[^"\\]|\\.)*"|[\w.+-]+)\s*,\s*("[^"\\]{1,80}")\s*:)?'
_SCALAR = rb'(?:"(?:[^"\\]|\\.){0,8192}"|[\w.+-]+)'


def read_objects(source: TranscriptSource, report: ImportReport) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of the array (or several arrays in sequence) in *source* with their 0-based numbers; a single object is number 0.

    Damage is reported under the number that the element would have had.
    """
    number = 0
    with source.open_stream() as stream:
        for values, damage in _read_elements(stream):
            for value in values:
                if isinstance(value, dict):
                    yield number, value
                else:
                    report.reject(number, "not a JSON object")
                number += 1
            if damage:
                report.reject(number, damage)
                number += 1


def _read_elements(stream: IO[bytes]) -> Iterator[tuple[list[Any], str]]:
    """Yield elements in small lists, each with the damage after them.

    The text is cut at places that look like the end of the first element. Such a place may occur inside an element: then the piece is
    incomplete and grows, in the end by more and more cuts, so that the number of tries stays small.
    """
    text = strip_comments(_read_chunk(stream)).lstrip().removeprefix(b"[").lstrip()
    separator = _separator_pattern(text)
    start, searched = 0, 0
    cut_count, next_try = 0, 1
    while True:
        match = separator.search(text, searched) if separator else None
        if match is None:
            chunk = _read_chunk(stream)
            if not chunk:
                break
            searched = max(0, searched - start, len(text) - start - _OVERLAP_BYTES)
            text, start = text[start:] + chunk, 0
            continue
        searched, cut_count = match.end(), cut_count + 1
        if cut_count < next_try:
            continue
        values, is_complete = _parse_elements(text[start : match.start() + 1])
        if values is None and not is_complete:
            next_try = cut_count + (1 if cut_count < _SINGLE_TRIES else cut_count)
            continue
        yield values or [], "" if values is not None else "a conversation that is not JSON"
        start = searched = match.start("next")
        cut_count, next_try = 0, 1
    yield _last_elements(text[start:])


def _read_chunk(stream: IO[bytes]) -> bytes:
    return stream.read(_CHUNK_BYTES).replace(b"\0", b"")


def _separator_pattern(text: bytes) -> re.Pattern[bytes] | None:
    """Return the text between two elements, derived from the first keys of the first one; None if it is not an object with keys."""
    first = re.match(_BEGINNING, text)
    if first is None:
        return None
    keys = rb"\{\s*" + re.escape(first[1]) + rb"\s*:"
    if first[2]:
        keys += rb"\s*" + _SCALAR + rb"\s*,\s*" + re.escape(first[2]) + rb"\s*:"
    return re.compile(rb"\}\s*(?:,|\]\s*\[)\s*(?P<next>" + keys + rb")")


def _parse_elements(piece: bytes) -> tuple[list[Any] | None, bool]:
    """Return the elements in *piece*, or None; and whether it is complete, even if damaged."""
    try:
        return orjson.loads(b"[" + piece + b"]"), True
    except orjson.JSONDecodeError:
        pass
    from onward.formats.json_repair import loads

    text = b"[" + piece + b"]"
    try:
        return loads(text), True
    except JSONDecodeError as error:
        return None, error.pos < len(text.decode("utf-8", "replace")) - 1
    except ValueError:
        return None, True


def _last_elements(text: bytes) -> tuple[list[Any], str]:
    """Return the elements in the last piece, and the damage if it ends too early."""
    end = text.rfind(b"}") + 1
    # After the last element the arrays end, and empty ones may follow.
    trimmed_text = text[:end] if not text[end:].strip(b"[], \t\r\n") else text.rstrip().removesuffix(b"]")
    if not trimmed_text.strip():
        return [], ""
    for piece in (trimmed_text, text):
        values, _ = _parse_elements(piece)
        if values is not None:
            return values, ""
    from onward.formats.json_repair import close_document

    values = close_document(b"[" + text)
    if not isinstance(values, list):
        return [], "a conversation that is not JSON"
    return values, "the document ends too early; what came before was read"
