"""Repair of damaged JSON: lone surrogates, bytes that are not UTF-8, torn records, truncated documents, oversized lines.

Imported only when something is damaged, so that intact files do not pay for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import orjson

_STUB_BYTES = 64 * 1024
_IN_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.S)
_TO_NEXT_MARKS = re.compile(r'(?:[^"\[\]{},]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+([\[\]{},]++)', re.S)
"""Matches up to the next brackets and commas outside of strings; nothing in an unterminated string."""
_CLOSERS = {"[": "]", "{": "}"}
_TRIES = 50
"""Limits the search for a complete record per line, so that a hostile line costs little."""
_DECODER = json.JSONDecoder()
_ESCAPE = re.compile(r'\\(["\\/bfnrt]|u[0-9a-fA-F]{4})|\\')


def loads(data: bytes) -> Any:
    """Return the JSON value in *data*, with U+FFFD for bytes that are not UTF-8 and for lone surrogates. Raises `ValueError` if it is not
    JSON.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return _value(data.decode("utf-8", "replace"))


def rescue_records(line: bytes) -> tuple[list[dict[str, Any]], str]:
    """Return the readable objects of a damaged line, and the damage (empty if nothing is lost).

    An agent that was killed while writing leaves a torn record, and the next one follows on the same line: the last one is complete.
    """
    text = line.decode("utf-8", "replace").strip()
    if "\\" in text and isinstance(value := _mended_value(text), dict):
        return [value], ""
    records: list[dict[str, Any]] = []
    problem = ""
    while text:
        try:
            value, end = _DECODER.raw_decode(text)
        except (ValueError, RecursionError) as error:
            problem = "nested too deeply" if isinstance(error, RecursionError) else f"torn or damaged: {error}"
            text = _find_intact_record(text)
            continue
        if isinstance(value, dict):
            records.append(_clean(value))
        else:
            problem = "not a JSON object"
        text = text[end:].strip()
    return records, problem


def _find_intact_record(text: str) -> str:
    """Return what follows a torn record on its line: the first place that begins like it and is complete to the end; empty if there is
    none.
    """
    beginning = text[: text.find(":", 0, 64) + 1]
    start = text.find(beginning, 1) if beginning else -1
    for _ in range(_TRIES):
        if start < 0:
            break
        try:
            _, end = _DECODER.raw_decode(text, start)
            if not text[end:].strip():
                return text[start:]
        except (ValueError, RecursionError):
            pass
        start = text.find(beginning, start + 1)
    return ""


def close_document(data: bytes) -> Any:
    """Return the value in a truncated document, closed after its last complete part, or None."""
    text = data.decode("utf-8", "replace")
    brackets: list[str] = []
    cut_position, depth = 0, 0
    end = 0
    while match := _TO_NEXT_MARKS.match(text, end):
        end = match.end()
        for position, mark in enumerate(match[1], match.start(1)):
            if mark in _CLOSERS:
                brackets.append(_CLOSERS[mark])
                continue
            if mark != "," and (not brackets or brackets.pop() != mark):
                return None
            # Everything opened after this point is cut off again, so the depth identifies the place.
            cut_position, depth = position + (mark != ","), len(brackets)
    if not cut_position:
        return None
    try:
        return loads((text[:cut_position] + "".join(reversed(brackets[:depth]))).encode())
    except ValueError:
        return None


def shorten_line(start: bytes, read_more: Callable[[], bytes], most_bytes: int) -> tuple[bytes, int]:
    """Return a line of JSON with its long strings cut to stubs, and the number of cuts.

    *start* is its beginning, *more* returns the next part, which ends the line or is full. A line still longer than *most_bytes* is cut
    off there.
    """
    pieces: list[bytes] = []
    size = 0
    cut_count = 0
    in_string = False
    is_escaped = False
    string_bytes = 0
    part = start
    while part:
        position = 0
        while position < len(part):
            if not in_string:
                quote = part.find(b'"', position)
                end = len(part) if quote < 0 else quote + 1
                piece = part[position:end]
                in_string, string_bytes, is_escaped = quote >= 0, 0, False
            else:
                end, in_string, is_escaped = _scan_string(part, position, is_escaped=is_escaped)
                piece = part[position:end]
                space_left = _STUB_BYTES - string_bytes
                string_bytes += len(piece)
                if string_bytes > _STUB_BYTES:
                    cut_count += space_left >= 0
                    piece = _stub(piece, space_left) + (b"" if in_string else b'"')
            if size < most_bytes:
                pieces.append(piece)
                size += len(piece)
            position = end
        if part.endswith(b"\n"):
            break
        part = read_more()
    return b"".join(pieces), cut_count


def _stub(piece: bytes, space_left: int) -> bytes:
    """Return the first *room* bytes, never ending inside an escape or a character, with a mark for the cut."""
    if space_left < 0:
        return b""
    head = piece[:space_left].decode("utf-8", "ignore").encode()
    backslash = head.rfind(b"\\", max(0, len(head) - 12))
    return (head[:backslash] if backslash >= 0 else head) + " … [cut]".encode()


def _scan_string(part: bytes, position: int, *, is_escaped: bool) -> tuple[int, bool, bool]:
    """Return (end, still inside the string, next byte is escaped) from *position* inside a string."""
    match = _IN_STRING.match(part, position + is_escaped)
    end = match.end() if match else len(part)
    if end >= len(part):
        return len(part), True, False
    if part[end] == 0x22:
        return end + 1, False, False
    return len(part), True, True  # A trailing backslash escapes the first byte of the next part.


def _value(text: str) -> Any:
    try:
        return _clean(json.loads(text))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError:
        value = _mended_value(text) if "\\" in text else None
        if value is None:
            raise
        return value


def _mended_value(text: str) -> Any:
    r"""Return the value in *text* with every backslash that escapes nothing taken literally, such as those of a Windows path in
    `C:\\REDACTED`; None if it is no JSON even so.
    """
    mended = _ESCAPE.sub(lambda escape: escape[0] if escape[1] else r"\\", text)
    try:
        return _clean(json.loads(mended, strict=False))
    except (ValueError, RecursionError):
        return None


def _clean(value: Any) -> Any:
    """Return *value* with U+FFFD in place of lone surrogates, which no encoder accepts."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if not value.isascii() else value
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return value
