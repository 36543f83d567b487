"""Resolves a file argument: a path, standard input, or a pipe."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO


def resolve_input(name: str) -> Path | BinaryIO:
    """Return the path or stream to read for *name*. `-` is standard input; a pipe (`<(command)`) is opened for the life of the process."""
    if name == "-":
        return sys.stdin.buffer
    path = Path(name)
    return path.open("rb") if path.is_fifo() else path
