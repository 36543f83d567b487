"""Reading an archive that may be foreign, damaged or hostile: nothing is unpacked to a file, and nothing is used before its checksum is
verified.
"""

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

from onward.app.archives.writer import FORMAT, MANIFEST, VERSION
from onward.errors import BadArchive, UnreadableFile
from onward.message import Message

_PART_NAME = re.compile(r"[a-z_]+\.(?:json|jsonl)|(?:handoffs|transcripts)/\d{1,9}\.md")
"""The valid names of parts. Parts are never unpacked under their names; the pattern only distinguishes archives of Onward from other zip
files.
"""

MAX_MANIFEST_BYTES = 64 << 20
MAX_LINE_BYTES = 256 << 20
MIN_SUSPECT_BYTES = 16 << 20
MAX_RATIO = 250
"""Above 16 MiB, a part that unpacks to more than this ratio is treated as an attack: real text has a tenth of it."""

_READ_BYTES = 1 << 20
_ENCRYPTED = 0x1
# Raised for damaged data; the last two for an unknown compression or encryption.
_DAMAGE_ERRORS = (BadZipFile, EOFError, OSError, zlib.error, NotImplementedError, RuntimeError)
_EXPORT_HINT = "Export the project again, and copy the complete file."


@dataclass(frozen=True, slots=True)
class ArchivePart:
    """The size and checksum of a part according to the manifest."""

    size_bytes: int
    sha256: str


class ArchiveReader:
    """One open archive with a valid manifest. `path` and `line` are the part and line that were read last, for error messages."""

    def __init__(self, archive: ZipFile, manifest: dict[str, Any], parts: dict[str, ArchivePart]) -> None:
        self._archive = archive
        self.manifest = manifest
        self.parts = parts
        self.path = ""
        self.line = 0

    def verify(self, *, skipped: str) -> Iterator[str]:
        """Read every part except *skipped* to its end and yield its path. Raises `BadArchive` at the first part that does not match the
        manifest.
        """
        for path in self.parts.keys() - {skipped}:
            for _ in self._read_pieces(path):
                pass
            yield path

    def start_part(self, path: str) -> None:
        """Set the part that later errors refer to."""
        self.path, self.line = path, 0

    def read_document(self, path: str) -> dict[str, Any]:
        """Return a part that is one JSON object."""
        self.start_part(path)
        if self.parts[path].size_bytes > MAX_MANIFEST_BYTES:
            raise BadArchive(Message("{path} in the archive is too large.", path=path), _EXPORT_HINT)
        return _parse_object(b"".join(self._read_pieces(path)), path)

    def read_lines(self, path: str) -> Iterator[dict[str, Any]]:
        """Yield the JSON objects of a part, one a line; the checksum is verified again."""
        self.start_part(path)
        pending: list[bytes] = []
        pending_bytes = 0
        for piece in self._read_pieces(path):
            *complete_lines, rest = piece.split(b"\n")
            for line in complete_lines:
                self.line += 1
                yield _parse_object(b"".join((*pending, line)) if pending else line, f"Line {self.line} of {path}")
                pending, pending_bytes = [], 0
            if rest:
                pending.append(rest)
                pending_bytes += len(rest)
            if pending_bytes > MAX_LINE_BYTES:
                raise BadArchive(Message("Line {line} of {path} in the archive is too long.", line=self.line + 1, path=path), _EXPORT_HINT)
        if pending:
            raise BadArchive(Message("{path} in the archive ends in the middle of a line.", path=path), _EXPORT_HINT)

    def _read_pieces(self, path: str) -> Iterator[bytes]:
        expected, digest, size = self.parts[path], sha256(), 0
        try:
            with self._archive.open(path) as part:
                while piece := part.read(_READ_BYTES):
                    size += len(piece)
                    if size > expected.size_bytes:
                        break
                    digest.update(piece)
                    yield piece
        except _DAMAGE_ERRORS as error:
            raise BadArchive(Message("The archive is damaged in {path}: {problem}.", path=path, problem=error), _EXPORT_HINT) from error
        if size != expected.size_bytes or digest.hexdigest() != expected.sha256:
            raise BadArchive(Message("{path} in the archive does not match its manifest: the checksum differs.", path=path), _EXPORT_HINT)


@contextmanager
def open_archive(path: Path) -> Iterator[ArchiveReader]:
    """Open the archive at *path*. Raises `BadArchive` if it is no archive of Onward, `UnreadableFile` if the file cannot be read."""
    try:
        archive = ZipFile(path)
    except BadZipFile as error:
        raise BadArchive(
            Message("{path} is not a project archive, or is incomplete: {problem}.", path=path.name, problem=error), _EXPORT_HINT
        ) from error
    except OSError as error:
        raise UnreadableFile(
            Message("{path} cannot be read: {problem}.", path=path, problem=error.strerror), "Check the path and its permissions."
        ) from error
    with archive:
        yield _create_reader(archive, path)


def _create_reader(archive: ZipFile, path: Path) -> ArchiveReader:
    entries = archive.infolist()
    entries_by_name = {entry.filename: entry for entry in entries}
    if len(entries_by_name) != len(entries):
        raise BadArchive(Message("{path} contains two parts with the same name.", path=path.name), _EXPORT_HINT)
    if MANIFEST not in entries_by_name:
        raise BadArchive(
            Message("{path} is not a project archive: it has no {manifest}.", path=path.name, manifest=MANIFEST),
            "Create one: onward project export NAME FILE",
        )
    for entry in entries:
        _check_entry(entry)
    if sum(entry.compress_size for entry in entries) > path.stat().st_size:
        raise BadArchive(Message("{path} contains parts that overlap.", path=path.name), _EXPORT_HINT)
    manifest = _read_manifest(archive, entries_by_name[MANIFEST])
    parts = _parse_parts(manifest)
    for name in (set(entries_by_name) - {MANIFEST}) ^ set(parts):
        problem = "is not in its manifest" if name in entries_by_name else "is missing"
        raise BadArchive(Message("{name!r} {problem}: the archive was changed after the export.", name=name, problem=problem), _EXPORT_HINT)
    for name, part in parts.items():
        if entries_by_name[name].file_size != part.size_bytes:
            raise BadArchive(Message("{name} in the archive has a different length than its manifest says.", name=name), _EXPORT_HINT)
    return ArchiveReader(archive, manifest, parts)


def _check_entry(entry: ZipInfo) -> None:
    """Raise `BadArchive` for an entry that Onward does not write."""
    if entry.filename != MANIFEST and not _PART_NAME.fullmatch(entry.filename):
        raise BadArchive(
            Message("The archive contains {name!r}, which is not part of a project.", name=entry.filename[:200]),
            "Import only archives that Onward exported.",
        )
    if entry.flag_bits & _ENCRYPTED or entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise BadArchive(
            Message("{name} in the archive is encrypted or compressed in a way that Onward does not support.", name=entry.filename),
            _EXPORT_HINT,
        )
    if entry.file_size > MIN_SUSPECT_BYTES and entry.file_size > MAX_RATIO * entry.compress_size:
        raise BadArchive(
            Message(
                "{name} would unpack to {file_size:,} bytes from {compress_size:,}.",
                name=entry.filename,
                file_size=entry.file_size,
                compress_size=entry.compress_size,
            ),
            _EXPORT_HINT,
        )


def _read_manifest(archive: ZipFile, entry: ZipInfo) -> dict[str, Any]:
    if entry.file_size > MAX_MANIFEST_BYTES:
        raise BadArchive("The archive's manifest is too large.", _EXPORT_HINT)
    try:
        data = archive.read(entry)
    except _DAMAGE_ERRORS as error:
        raise BadArchive(Message("The archive's manifest is damaged: {problem}.", problem=error), _EXPORT_HINT) from error
    manifest = _parse_object(data, MANIFEST)
    if manifest.get("format") != FORMAT:
        raise BadArchive("The archive is not a project archive.", "Create one: onward project export NAME FILE")
    if manifest.get("version") != VERSION:
        raise BadArchive(
            Message(
                "The archive has version {version}; this Onward reads version {known_version}.",
                version=str(manifest.get("version"))[:20],
                known_version=VERSION,
            ),
            "Upgrade: pip install -U onward",
        )
    return manifest


def _parse_parts(manifest: dict[str, Any]) -> dict[str, ArchivePart]:
    try:
        parts = {str(path): ArchivePart(int(entry["bytes"]), str(entry["sha256"])) for path, entry in manifest["parts"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadArchive("The archive's manifest does not list its parts.", _EXPORT_HINT) from error
    return parts


def _parse_object(data: bytes, label: str) -> dict[str, Any]:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadArchive(Message("{label} in the archive is not JSON: {problem}.", label=label, problem=error), _EXPORT_HINT) from error
    if not isinstance(value, dict):
        raise BadArchive(Message("{label} in the archive is not an object.", label=label), _EXPORT_HINT)
    return value
