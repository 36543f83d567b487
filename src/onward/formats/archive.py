"""A ZIP archive as the chat services export it: the conversations in it as one stream, whatever number of files they are spread over."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO

from onward.errors import BadInput

_MOST_BYTES = 4 * 1024**3
_MOST_RATIO = 200
"""JSON shrinks to a tenth; what shrinks to less than a two-hundredth is made to fill a disk."""
_FREE_BYTES = 64 * 1024**2
"""Up to this size the ratio does not matter."""
_CHUNK_BYTES = 1024 * 1024
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, ValueError, RuntimeError, LookupError, OverflowError)
"""What the reader of archives raises where a damaged one leads it astray."""


def conversations(stream: IO[bytes], target: IO[bytes], name: str) -> IO[bytes]:
    """Return *target* with every `conversations*.json` in the archive written to it, in the order of their names, a line end after each.

    `BadInput` where the archive is damaged, locked, holds no such file, would unpack to more than 4 GiB, or names files outside itself.
    """
    for chunk in _unpacked(stream, name):
        target.write(chunk)
    target.seek(0)
    return target


def _unpacked(stream: IO[bytes], name: str) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(stream) as archive:
            for member in _members(archive, name):
                with archive.open(member) as unpacked:
                    while chunk := unpacked.read(_CHUNK_BYTES):
                        yield chunk
                yield b"\n"
    except _DAMAGE as error:
        raise BadInput(f"{name} is a damaged archive: {error}.", "Download the export again.") from None


def _members(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    found: list[zipfile.ZipInfo] = []
    for member in archive.infolist():
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            raise BadInput(f"{name} names a file outside itself: {member.filename!r}.", "It is not an export; do not unpack it.")
        if path.name.startswith("conversations") and path.suffix == ".json":
            found.append(member)
    if not found:
        raise BadInput(f"{name} holds no conversations.", "Give the archive that the chat service sent, or the conversations.json in it.")
    if any(member.flag_bits & 1 for member in found):
        raise BadInput(f"{name} is locked with a password.", "Unpack it and give the conversations.json in it.")
    size = sum(member.file_size for member in found)
    packed = sum(member.compress_size for member in found)
    if size > _MOST_BYTES or size > max(_FREE_BYTES, packed * _MOST_RATIO):
        raise BadInput(
            f"{name} would unpack to {size / 1024**2:,.0f} MiB.", "If it is a real export, unpack it and give the conversations.json in it."
        )
    return sorted(found, key=lambda member: member.filename)
