"""ZIP archives of the chat services: the conversations in all their files as one stream."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO

from onward.errors import BadInput
from onward.message import Message

_MAX_BYTES = 4 * 1024**3
_MAX_RATIO = 200
"""JSON compresses to about a tenth; below a two-hundredth the archive is a bomb."""
_FREE_BYTES = 64 * 1024**2
"""Below this size the ratio does not matter."""
_CHUNK_BYTES = 1024 * 1024
_DAMAGE_ERRORS = (zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, ValueError, RuntimeError, LookupError, OverflowError)
"""Exceptions of the zip reader on damaged archives."""


def extract_conversations(stream: IO[bytes], target: IO[bytes], name: str) -> IO[bytes]:
    """Return *target* after writing every `conversations*.json` of the archive to it, sorted by name, each followed by a line end.

    Raises `BadInput` if the archive is damaged, encrypted, has no such file, would unpack to more than 4 GiB, or names files outside
    itself.
    """
    for chunk in _read_members(stream, name):
        target.write(chunk)
    target.seek(0)
    return target


def _read_members(stream: IO[bytes], name: str) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(stream) as archive:
            for member in _conversation_members(archive, name):
                with archive.open(member) as member_stream:
                    while chunk := member_stream.read(_CHUNK_BYTES):
                        yield chunk
                yield b"\n"
    except _DAMAGE_ERRORS as error:
        raise BadInput(Message("{name} is a damaged archive: {problem}.", name=name, problem=error), "Download the export again.") from None


def _conversation_members(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    members: list[zipfile.ZipInfo] = []
    for member in archive.infolist():
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            raise BadInput(
                Message("{name} names a file outside itself: {file!r}.", name=name, file=member.filename),
                "It is not an export; do not unpack it.",
            )
        if path.name.startswith("conversations") and path.suffix == ".json":
            members.append(member)
    if not members:
        raise BadInput(
            Message("{name} contains no conversations.", name=name),
            "Give the archive that the chat service sent, or the conversations.json in it.",
        )
    if any(member.flag_bits & 1 for member in members):
        raise BadInput(Message("{name} is locked with a password.", name=name), "Unpack it and give the conversations.json in it.")
    size = sum(member.file_size for member in members)
    packed_size = sum(member.compress_size for member in members)
    if size > _MAX_BYTES or size > max(_FREE_BYTES, packed_size * _MAX_RATIO):
        raise BadInput(
            Message("{name} would unpack to {size_mib:,.0f} MiB.", name=name, size_mib=size / 1024**2),
            "If it is a real export, unpack it and give the conversations.json in it.",
        )
    return sorted(members, key=lambda member: member.filename)
