"""The rows of a file of accounts: CSV with a head line, a JSON list, or one JSON object a line."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, BinaryIO

from onward.errors import BadInput, UnreadableFile

MAX_BYTES = 16 * 2**20


def read_rows(source: Path | BinaryIO) -> list[dict[str, Any]]:
    """Return what each row of *source* says of an account; a cell that is empty says nothing. Raises `BadInput`."""
    try:
        data = source.read_bytes() if isinstance(source, Path) else source.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableFile(f"{source} cannot be read: {error.strerror}.", "Name a file that you may read.") from error
    if len(data) > MAX_BYTES:
        raise BadInput("The file is larger than 16 MiB.", "A pool of accounts is a small file.")
    text = data.decode("utf-8-sig", "replace").strip()
    if text[:1] in ("[", "{"):
        return _read_json_rows(text)
    reader = csv.DictReader(text.splitlines())
    rows = [row for row in reader if any(row.values())]
    if any(None in row for row in rows):
        raise BadInput("A row has more cells than the head line.", "Put cells with a comma in quotes.")
    return [{name: cell for name, cell in row.items() if cell} for row in rows]


def _read_json_rows(text: str) -> list[dict[str, Any]]:
    import json

    try:
        rows = json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        raise BadInput(f"The file is neither CSV nor JSON: {error}.", "Mend that line.") from error
    if not all(isinstance(row, dict) for row in rows):
        raise BadInput("A row is no JSON object.", 'Write each account as {"name": …}.')
    return list(rows)
