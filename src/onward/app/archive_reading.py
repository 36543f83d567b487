"""Reading an archive that may be foreign, damaged or hostile: nothing of it is unpacked to a file, and nothing is believed before its sum is right."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import orjson

from onward.app.archive_writing import FORMAT, MANIFEST, VERSION
from onward.errors import BadArchive, UnreadableFile

_NAME = re.compile(r"[a-z_]+\.(?:json|jsonl)|(?:handoffs|transcripts)/\d{1,9}\.md")
"""What a part may be called. Nothing is ever unpacked under its name, so this only tells an archive of ours from others."""

MOST_MANIFEST_BYTES = 64 << 20
MOST_LINE_BYTES = 256 << 20
LEAST_SUSPECT_BYTES = 16 << 20
MOST_RATIO = 250
"""Beyond the first 16 MiB a part that unpacks to more than this many times its size is made to fill a disk: what people and programs say is a tenth of it."""

_READ_BYTES = 1 << 20
_ENCRYPTED = 0x1
# What unpacking raises over bytes that are not whole; the last two stand for a packing or a cipher that it does not know.
_DAMAGE = (BadZipFile, EOFError, OSError, zlib.error, NotImplementedError, RuntimeError)
_ANEW = "Export the project again, and copy the file whole."


@dataclass(frozen=True, slots=True)
class Part:
    """What the manifest says of one part."""

    size_bytes: int
    sha256: str


class ArchiveReader:
    """One archive, its manifest believed. `line` is the line of `lines` read last, of the part `path`."""

    def __init__(self, archive: ZipFile, manifest: dict[str, Any], parts: dict[str, Part]) -> None:
        self._archive = archive
        self.manifest = manifest
        self.parts = parts
        self.path = ""
        self.line = 0

    def verify(self, *, but: str) -> Iterator[str]:
        """Read every part *but* one, which is read anyway, to its end, yielding its path after each. Raises `BadArchive` at the first that is not as the manifest says."""
        for path in self.parts.keys() - {but}:
            for _ in self._pieces(path):
                pass
            yield path

    def at(self, path: str) -> None:
        """Note that what follows is of this part."""
        self.path, self.line = path, 0

    def document(self, path: str) -> dict[str, Any]:
        """Return a part that is one JSON object."""
        self.at(path)
        if self.parts[path].size_bytes > MOST_MANIFEST_BYTES:
            raise BadArchive(f"{path} in the archive is too large.", _ANEW)
        return _object(b"".join(self._pieces(path)), path)

    def lines(self, path: str) -> Iterator[dict[str, Any]]:
        """Yield a part's JSON objects, one a line; its sum is checked again as it is read."""
        self.at(path)
        begun: list[bytes] = []
        begun_bytes = 0
        for piece in self._pieces(path):
            *whole, rest = piece.split(b"\n")
            for line in whole:
                self.line += 1
                yield _object(b"".join((*begun, line)) if begun else line, f"Line {self.line} of {path}")
                begun, begun_bytes = [], 0
            if rest:
                begun.append(rest)
                begun_bytes += len(rest)
            if begun_bytes > MOST_LINE_BYTES:
                raise BadArchive(f"Line {self.line + 1} of {path} in the archive is too long.", _ANEW)
        if begun:
            raise BadArchive(f"{path} in the archive ends in the middle of a line.", _ANEW)

    def _pieces(self, path: str) -> Iterator[bytes]:
        said, digest, size = self.parts[path], sha256(), 0
        try:
            with self._archive.open(path) as part:
                while piece := part.read(_READ_BYTES):
                    size += len(piece)
                    if size > said.size_bytes:
                        break
                    digest.update(piece)
                    yield piece
        except _DAMAGE as error:
            raise BadArchive(f"The archive is damaged in {path}: {error}.", _ANEW) from error
        if size != said.size_bytes or digest.hexdigest() != said.sha256:
            raise BadArchive(f"{path} in the archive is not what its manifest says: its sum is wrong.", _ANEW)


@contextmanager
def reading(path: Path) -> Iterator[ArchiveReader]:
    """Open the archive at *path*. Raises `BadArchive` where it is none of ours, `UnreadableFile` where there is nothing to read."""
    try:
        archive = ZipFile(path)
    except BadZipFile as error:
        raise BadArchive(f"{path.name} is no archive of a project, or not whole: {error}.", _ANEW) from error
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror}.", "Check the path, and that you may read it.") from error
    with archive:
        yield _opened(archive, path)


def _opened(archive: ZipFile, path: Path) -> ArchiveReader:
    entries = archive.infolist()
    by_name = {entry.filename: entry for entry in entries}
    if len(by_name) != len(entries):
        raise BadArchive(f"{path.name} holds two parts of one name.", _ANEW)
    if MANIFEST not in by_name:
        raise BadArchive(f"{path.name} is no archive of a project: it has no {MANIFEST}.", "Make one: onward project export NAME FILE")
    for entry in entries:
        _judge(entry)
    if sum(entry.compress_size for entry in entries) > path.stat().st_size:
        raise BadArchive(f"{path.name} holds parts that lie over each other.", _ANEW)
    manifest = _manifest(archive, by_name[MANIFEST])
    parts = _parts(manifest)
    for name in (set(by_name) - {MANIFEST}) ^ set(parts):
        what = "is not in its manifest" if name in by_name else "is missing"
        raise BadArchive(f"{name!r} {what}: the archive is not as it was written.", _ANEW)
    for name, part in parts.items():
        if by_name[name].file_size != part.size_bytes:
            raise BadArchive(f"{name} in the archive has another length than its manifest says.", _ANEW)
    return ArchiveReader(archive, manifest, parts)


def _judge(entry: ZipInfo) -> None:
    """Raise `BadArchive` for an entry that no archive of ours has."""
    if entry.filename != MANIFEST and not _NAME.fullmatch(entry.filename):
        raise BadArchive(f"The archive holds {entry.filename[:200]!r}, which is no part of a project.", "Import only what Onward exported.")
    if entry.flag_bits & _ENCRYPTED or entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise BadArchive(f"{entry.filename} in the archive is encrypted, or packed in a way that Onward does not use.", _ANEW)
    if entry.file_size > LEAST_SUSPECT_BYTES and entry.file_size > MOST_RATIO * entry.compress_size:
        raise BadArchive(f"{entry.filename} would unpack to {entry.file_size:,} bytes from {entry.compress_size:,}.", _ANEW)


def _manifest(archive: ZipFile, entry: ZipInfo) -> dict[str, Any]:
    if entry.file_size > MOST_MANIFEST_BYTES:
        raise BadArchive("The archive's manifest is too large.", _ANEW)
    try:
        data = archive.read(entry)
    except _DAMAGE as error:
        raise BadArchive(f"The archive's manifest is damaged: {error}.", _ANEW) from error
    manifest = _object(data, MANIFEST)
    if manifest.get("format") != FORMAT:
        raise BadArchive("The archive is none of a project.", "Make one: onward project export NAME FILE")
    if manifest.get("version") != VERSION:
        raise BadArchive(
            f"The archive is of version {str(manifest.get('version'))[:20]}; this Onward knows {VERSION}.", "Upgrade: pip install -U onward"
        )
    return manifest


def _parts(manifest: dict[str, Any]) -> dict[str, Part]:
    try:
        parts = {str(path): Part(int(said["bytes"]), str(said["sha256"])) for path, said in manifest["parts"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadArchive("The archive's manifest does not say what its parts are.", _ANEW) from error
    return parts


def _object(data: bytes, what: str) -> dict[str, Any]:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadArchive(f"{what} in the archive is no JSON: {error}.", _ANEW) from error
    if not isinstance(value, dict):
        raise BadArchive(f"{what} in the archive is no object.", _ANEW)
    return value
