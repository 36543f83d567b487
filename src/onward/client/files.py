"""Files of this machine, read as they are sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from onward.errors import UnreadableFile

PIECE_BYTES = 2**18


def pieces_of(file: Path) -> Iterator[bytes]:
    """Return what yields *file* piece by piece. Raises `UnreadableFile` at once where it cannot be read."""
    try:
        stream = file.open("rb")
    except OSError as error:
        raise UnreadableFile(f"{file} cannot be read: {error.strerror}.", "Check the path, and that you may read it.") from error

    def pieces() -> Iterator[bytes]:
        with stream:
            while piece := stream.read(PIECE_BYTES):
                yield piece

    return pieces()
