"""Finding transcripts in files and folders, in the order in which their sessions started."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from onward.core.transcript.transcript import ImportReport, SessionHead, Turn
from onward.errors import OnwardError, UnknownFormat, UnreadableFile
from onward.formats import TranscriptSource, is_single_input, open_source, read
from onward.message import Message

FREE_FORM = "pasted"
"""The format that accepts any text."""

_NO_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A transcript. `started_at` is the start of its first session, or the end of time if unknown. `head` is None for a stream and for an
    unreadable file. `session_id` is the only session to read in a database with many; empty for all.
    """

    source: Path | BinaryIO | TranscriptSource
    name: str
    started_at: datetime = _NO_TIME
    head: SessionHead | None = None
    error: OnwardError | None = None
    session_id: str = ""

    def open_source(self) -> Path | BinaryIO | TranscriptSource:
        """Return what the formats read."""
        return TranscriptSource(self.source, self.name, session_id=self.session_id) if isinstance(self.source, Path) else self.source


def find_files(paths: Iterable[Path | BinaryIO], session_id: str = "") -> tuple[list[FoundFile], list[str]]:
    """Return every transcript once, by time and name, and the files in folders that are no transcripts. *session_id* is the only session to
    read in a database with many.

    A file that was named is a transcript or an error; a file in a folder that is no transcript is skipped.
    """
    files: list[FoundFile] = []
    skipped: list[str] = []
    for path, is_named in _unique_files(paths):
        file = inspect_file(path, is_named=is_named, session_id=session_id) if isinstance(path, Path) else FoundFile(path, "standard input")
        if is_named or file.error is None or isinstance(file.error, UnreadableFile):
            files.append(file)
        else:
            skipped.append(file.name)
    return sorted(files, key=lambda file: (file.started_at, file.name)), skipped


def _unique_files(paths: Iterable[Path | BinaryIO]) -> Iterator[tuple[Path | BinaryIO, bool]]:
    """Yield every file under *paths* once, and whether it was named itself."""
    seen_paths: set[str] = set()
    for source in paths:
        if not isinstance(source, Path):
            yield source, True
            continue
        is_named = not source.is_dir()
        for path in [source] if is_named else walk_files(source):
            real_path = os.path.realpath(path)
            if real_path not in seen_paths:
                seen_paths.add(real_path)
                yield path, is_named


def walk_files(folder: Path) -> Iterator[Path]:
    """Yield every regular file below *folder*, in order; a folder that is one transcript is yielded instead of its files."""
    for parent, folders, names in os.walk(folder):
        if is_single_input(Path(parent)):
            folders.clear()
            yield Path(parent)
            continue
        folders.sort()
        paths = [Path(parent, name) for name in sorted(names)]
        # Reading a pipe or a device would block forever.
        yield from (path for path in paths if path.is_file() and not path.is_symlink())


def inspect_file(path: Path, *, is_named: bool, name: str = "", session_id: str = "") -> FoundFile:
    """Return *path* as a transcript, called *name* if that is given; of a database with many sessions only *session_id*. Text
    without an agent's answer is a transcript only if it *is_named*: folders also contain notes.
    """
    name, report, head = name or str(path), ImportReport(), None
    try:
        for item in read(TranscriptSource(path, name, session_id=session_id), report):
            at = item.started_at if isinstance(item, SessionHead) else item.at if isinstance(item, Turn) else None
            head = head or (item if isinstance(item, SessionHead) else SessionHead(report.format))
            if report.format == FREE_FORM and not is_named and not _has_answer(path):
                raise UnknownFormat(
                    Message("{name} contains no message from an agent.", name=name), "Name the file itself to import it anyway."
                )
            if at or isinstance(item, Turn):
                return FoundFile(source=path, name=name, started_at=at or _NO_TIME, head=head, session_id=session_id)
        return FoundFile(path, name, head=head, session_id=session_id)
    except OnwardError as error:
        return FoundFile(path, name, error=error)


def _has_answer(path: Path) -> bool:
    return any(isinstance(item, Turn) and item.role == "assistant" for item in read(open_source(path), ImportReport()))
