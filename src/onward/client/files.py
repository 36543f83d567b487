"""Files of this machine, read as they are sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from onward.errors import UnreadableFile

CHUNK_BYTES = 2**18


def read_chunks(file: Path) -> Iterator[bytes]:
    """Return what yields *file* piece by piece. Raises `UnreadableFile` at once where it cannot be read."""
    try:
        stream = file.open("rb")
    except OSError as error:
        raise UnreadableFile(f"{file} cannot be read: {error.strerror}.", "Check the path, and that you may read it.") from error

    def chunks() -> Iterator[bytes]:
        with stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk

    return chunks()
