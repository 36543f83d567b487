"""Files of this machine, read while they are sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from onward.errors import UnreadableFile
from onward.message import Message

CHUNK_BYTES = 2**18


def read_chunks(file: Path) -> Iterator[bytes]:
    """Return an iterator over *file* in chunks. Raises `UnreadableFile` at once if it cannot be read."""
    try:
        stream = file.open("rb")
    except OSError as error:
        raise UnreadableFile(
            Message("{path} cannot be read: {problem}.", path=file, problem=error.strerror), "Check the path and its permissions."
        ) from error

    def chunks() -> Iterator[bytes]:
        with stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk

    return chunks()
