"""Resolves a file argument: a path, standard input, or a pipe."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import BinaryIO

from onward.errors import UnreadableFile
from onward.message import Message

_WAIT_SECONDS = 5
"""How long the first byte of a named pipe may take."""


def resolve_input(name: str) -> Path | BinaryIO:
    """Return the path or stream to read for *name*. `-` is standard input; a pipe (`<(command)`) is opened for the life of the process.

    Raises `UnreadableFile` for a named pipe to which no program writes.
    """
    if name == "-":
        return sys.stdin.buffer
    path = Path(name)
    if not path.is_fifo():
        return path
    return path.open("rb") if path.is_relative_to("/dev/fd") else _open_named_pipe(path)


def _open_named_pipe(path: Path) -> BinaryIO:
    import select

    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if not select.select([descriptor], [], [], _WAIT_SECONDS)[0]:
        os.close(descriptor)
        raise UnreadableFile(
            Message("{name} is a pipe to which no program writes.", name=path),
            "Start the program that writes to it first, or save its output to a file.",
        )
    os.set_blocking(descriptor, True)
    return os.fdopen(descriptor, "rb")
