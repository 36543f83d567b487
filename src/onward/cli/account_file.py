"""Reads a file of accounts: CSV with a header line, a JSON list, or JSON Lines."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, BinaryIO

from onward.errors import BadInput, UnreadableFile
from onward.message import Message

MAX_BYTES = 16 * 2**20


def read_rows(source: Path | BinaryIO) -> list[dict[str, Any]]:
    """Return the fields of each row of *source*, without empty cells. Raises `BadInput`."""
    try:
        data = source.read_bytes() if isinstance(source, Path) else source.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableFile(
            Message("Cannot read {path}: {problem}.", path=source, problem=error.strerror), "Check the path and its permissions."
        ) from error
    if len(data) > MAX_BYTES:
        raise BadInput("The file is larger than 16 MiB.", "Split it into smaller files.")
    text = data.decode("utf-8-sig", "replace").strip()
    if text[:1] in ("[", "{"):
        return _read_json_rows(text)
    reader = csv.DictReader(text.splitlines())
    rows = [row for row in reader if any(row.values())]
    if any(None in row for row in rows):
        raise BadInput("A row has more cells than the header line.", "Quote cells that contain a comma.")
    return [{name: cell for name, cell in row.items() if cell} for row in rows]


def _read_json_rows(text: str) -> list[dict[str, Any]]:
    import json

    try:
        rows = json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        raise BadInput(Message("The file is neither CSV nor JSON: {problem}.", problem=error), "Correct that line.") from error
    if not all(isinstance(row, dict) for row in rows):
        raise BadInput("A row is not a JSON object.", 'Write each account as {"name": …}.')
    return list(rows)
