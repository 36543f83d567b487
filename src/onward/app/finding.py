"""Finding the transcripts that a person means, in the order in which their sessions began."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from onward.core.transcript import ImportReport, SessionHead, Turn
from onward.errors import OnwardError, UnknownFormat, UnreadableFile
from onward.formats import Source, is_one, open_source, read

FREE_FORM = "pasted"
"""The format that takes any text."""

_NO_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A transcript: `began_at` is when its first session did, at the end of time where nothing says. `head` is None for a stream and for what cannot be read."""

    source: Path | BinaryIO | Source
    name: str
    began_at: datetime = _NO_TIME
    head: SessionHead | None = None
    error: OnwardError | None = None


def found_files(paths: Iterable[Path | BinaryIO]) -> tuple[list[FoundFile], list[str]]:
    """Return every transcript once, in order of time and then of name, and the files of folders that are none.

    A file that was named is a transcript or an error; what lies in a folder and is no transcript is passed over.
    """
    found: list[FoundFile] = []
    passed_over: list[str] = []
    for path, named in _once(paths):
        one = looked_at(path, named=named) if isinstance(path, Path) else FoundFile(path, "standard input")
        if named or one.error is None or isinstance(one.error, UnreadableFile):
            found.append(one)
        else:
            passed_over.append(one.name)
    return sorted(found, key=lambda one: (one.began_at, one.name)), passed_over


def _once(paths: Iterable[Path | BinaryIO]) -> Iterator[tuple[Path | BinaryIO, bool]]:
    """Yield every file under *paths* once, and whether it was named itself."""
    seen: set[str] = set()
    for given in paths:
        if not isinstance(given, Path):
            yield given, True
            continue
        named = not given.is_dir()
        for path in [given] if named else files_under(given):
            real = os.path.realpath(path)
            if real not in seen:
                seen.add(real)
                yield path, named


def files_under(folder: Path) -> Iterator[Path]:
    """Yield every plain file below *folder*, in order; a folder whose files are one transcript instead of what lies in it."""
    for place, folders, names in os.walk(folder):
        if is_one(Path(place)):
            folders.clear()
            yield Path(place)
            continue
        folders.sort()
        paths = [Path(place, name) for name in sorted(names)]
        # A pipe or a device in a folder would be waited for without end.
        yield from (path for path in paths if path.is_file() and not path.is_symlink())


def looked_at(path: Path, *, named: bool, name: str = "") -> FoundFile:
    """Return what *path* is, called *name* where that is given. Text in which no agent speaks is a transcript only when it is *named*: a folder's notes are none."""
    name, report, head = name or str(path), ImportReport(), None
    try:
        for item in read(Source(path, name), report):
            at = item.started_at if isinstance(item, SessionHead) else item.at if isinstance(item, Turn) else None
            head = head or (item if isinstance(item, SessionHead) else SessionHead(report.format))
            if report.format == FREE_FORM and not named and not _is_answered(path):
                raise UnknownFormat(f"No agent speaks in {name}.", "Name the file itself to import it all the same.")
            if at or isinstance(item, Turn):
                return FoundFile(path, name, at or _NO_TIME, head)
        return FoundFile(path, name, head=head)
    except OnwardError as error:
        return FoundFile(path, name, error=error)


def _is_answered(path: Path) -> bool:
    return any(isinstance(item, Turn) and item.role == "assistant" for item in read(open_source(path), ImportReport()))
