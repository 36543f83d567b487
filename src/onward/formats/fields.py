"""Values of unknown JSON, converted to the expected type, since a transcript may hold anything anywhere."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

UNKNOWN_TYPE = "unknown record type"
"""How the reason begins for which a record is skipped that its reader has never seen."""


def as_text(value: object) -> str:
    """Return *value* if it is text, else ""."""
    return value if isinstance(value, str) else ""


def as_count(value: object) -> int:
    """Return *value* if it is a positive whole number, else 0."""
    return value if isinstance(value, int) and value > 0 else 0


def as_list(value: object) -> list[Any]:
    """Return *value* if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def as_object(value: object) -> dict[str, Any]:
    """Return *value* if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_time(value: object) -> datetime | None:
    """Return the aware UTC time in ISO 8601 text (naive: taken as UTC) or in seconds or milliseconds since 1970; None for anything else."""
    try:
        if isinstance(value, str):
            at = datetime.fromisoformat(value)
            if at.tzinfo is UTC:
                return at
            return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def as_folder(value: object) -> str:
    """Return the folder that *value*, a path or a `file://` address, names, else ""; of a Windows address without the slash before it."""
    path = as_text(value)
    if not path.startswith("file://"):
        return path
    # Few sessions have an address, and its import costs milliseconds.
    from urllib.parse import unquote

    path = unquote(path.removeprefix("file://"))
    return path[1:] if path[2:3] == ":" else path


def skip_reason(counts: dict[str, int], text: str) -> str:
    """Return *wanted* as a reason for skipping; only its part before the colon once a file has many kinds."""
    return text if text in counts or (len(counts) < 40 and len(text) < 80) else text.partition(":")[0]


def unknown_reason(counts: dict[str, int], kind: str) -> str:
    """Return the reason for skipping a record of the type *kind*, which the reader has never seen."""
    return skip_reason(counts, f"{UNKNOWN_TYPE}: {kind[:40] or 'none'}")


def compact_json(head: bytes, length: int = 16 * 1024) -> bytes:
    """Return the first *length* bytes of a document without blanks and NUL bytes, so that its keys can be looked for."""
    return head[:length].translate(None, b"\0 \r\n\t")


def first_record(head: bytes) -> dict[str, Any]:
    """Return the object in the first line of an input; empty if there is none, or its line is longer than *head*."""
    line = head.translate(None, b"\0").lstrip().partition(b"\n")[0]
    if not line.startswith(b"{"):
        return {}
    try:
        return as_object(orjson.loads(line))
    except orjson.JSONDecodeError:
        return {}


def holds_objects(head: bytes) -> bool:
    """Whether an input begins with a JSON object, or with the end of a torn one and then another, as JSON-lines files do and prose never
    does.
    """
    start = head.lstrip(b"\0 \t\r\n")
    if start.startswith(b"{"):
        return True
    first, newline, rest = start.partition(b"\n")
    return bool(newline) and first.rstrip().endswith(b"}") and rest.lstrip(b"\0 \t\r\n").startswith(b'{"')
