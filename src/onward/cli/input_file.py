"""What a name on the command line stands for: a file, standard input, or a pipe."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO


def resolve_input(name: str) -> Path | BinaryIO:
    """Return what to read for *name*: `-` is standard input, and a pipe (`<(command)`) is a stream that lasts as long as the process."""
    if name == "-":
        return sys.stdin.buffer
    path = Path(name)
    return path.open("rb") if path.is_fifo() else path
