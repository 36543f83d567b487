"""Importing transcripts: files and folders in, sessions and turns kept, and an account of every file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from onward.app import completing, projects
from onward.app.intake import SessionIntake
from onward.core.transcript import ImportReport, SessionHead, Turn
from onward.errors import BadInput, OnwardError, UnknownFormat, UnreadableFile
from onward.formats import detect, open_source, read
from onward.store import Store, provenance
from onward.store import projects as projects_kept
from onward.store.projects import Project
from onward.store.sessions import Session

FREE_FORM = "pasted"
"""The format that takes any text."""

_NO_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ImportedSession:
    """What became of one session of a file. `version` is of the handoff that completing it made, None where it was not completed now."""

    session: Session
    new_turns: int
    known_turns: int
    version: int | None = None


@dataclass(slots=True)
class ImportedFile:
    """What became of one file: what was read, the sessions in it, and why it could not be read, or not to its end, where it could not."""

    path: str
    report: ImportReport = field(default_factory=ImportReport)
    sessions: list[ImportedSession] = field(default_factory=list[ImportedSession])
    error: OnwardError | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is: files done of all, and the one at work."""

    done: int
    files: int
    path: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of every file, in the order of import. `passed_over` are files of a folder that are no transcripts."""

    files: list[ImportedFile]
    passed_over: list[str]


def import_paths(
    store: Store,
    paths: Sequence[Path | BinaryIO],
    *,
    project: Project | None = None,
    fallback: Callable[[], Project] | None = None,
    complete: bool = False,
    budget_tokens: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Imported:
    """Import files and whole folders, sessions in order of time, and return what became of each. Importing again keeps only what is new.

    Without *project*, each session goes to the project of the repository it ran in, and to what *fallback* answers where the transcript does
    not say. With *complete*, each session is completed before the next is imported, also one that an interrupted run left open. One file's failure never costs the rest.
    """
    passed_over: list[str] = []
    found = sorted(_found(paths, passed_over), key=lambda one: one.key)
    outcome = Imported([], passed_over)
    for done, one in enumerate(found):
        if on_progress:
            on_progress(Progress(done, len(found), one.name))
        file = ImportedFile(one.name, error=one.error)
        if one.error is None:
            importer = _Importer(store, project, fallback, complete=complete, budget_tokens=budget_tokens)
            importer.run(one.source, file)
        outcome.files.append(file)
    if on_progress:
        on_progress(Progress(len(found), len(found), ""))
    return outcome


@dataclass(frozen=True, slots=True)
class _Found:
    source: Path | BinaryIO
    name: str
    key: tuple[datetime, str]
    error: OnwardError | None = None


def _found(paths: Iterable[Path | BinaryIO], passed_over: list[str]) -> Iterator[_Found]:
    """Yield every transcript once. In a folder, what is no transcript is passed over; a file that was named is a transcript or an error."""
    seen: set[str] = set()
    for given in paths:
        if not isinstance(given, Path):
            yield _Found(given, "standard input", (_NO_TIME, ""))
        elif given.is_dir():
            for path in _files(given):
                if os.path.realpath(path) in seen:
                    continue
                seen.add(os.path.realpath(path))
                one = _looked_at(path, named=False)
                if isinstance(one.error, UnknownFormat | BadInput) and not isinstance(one.error, UnreadableFile):
                    passed_over.append(one.name)
                else:
                    yield one
        elif os.path.realpath(given) not in seen:
            seen.add(os.path.realpath(given))
            yield _looked_at(given, named=True)


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        paths = [Path(place, name) for name in sorted(names)]
        # A pipe or a device in a folder would be waited for without end.
        yield from (path for path in paths if path.is_file() and not path.is_symlink())


def _looked_at(path: Path, *, named: bool) -> _Found:
    """Return when the first session of *path* began, which decides its place in the order. Text that no agent speaks in is a transcript only when it is *named*."""
    name = str(path)
    try:
        source = open_source(path)
        if detect(source).NAME == FREE_FORM and not named and not _is_answered(path):
            raise UnknownFormat(f"No agent speaks in {name}.", "Name the file itself to import it all the same.")
        for item in read(source, ImportReport()):
            at = item.started_at if isinstance(item, SessionHead) else item.at if isinstance(item, Turn) else None
            if at or isinstance(item, Turn):
                return _Found(path, name, (at or _NO_TIME, name))
        return _Found(path, name, (_NO_TIME, name))
    except OnwardError as error:
        return _Found(path, name, (_NO_TIME, name), error)


def _is_answered(path: Path) -> bool:
    return any(isinstance(item, Turn) and item.role == "assistant" for item in read(open_source(path), ImportReport()))


class _Importer:
    """Imports one file: its sessions one after the other, each completed before the next where that is asked for."""

    def __init__(
        self, store: Store, project: Project | None, fallback: Callable[[], Project] | None, *, complete: bool, budget_tokens: int | None
    ) -> None:
        self._store = store
        self._project = project
        self._fallback = fallback
        self._complete = complete
        self._budget_tokens = budget_tokens

    def run(self, given: Path | BinaryIO, file: ImportedFile) -> None:
        """Import *given* and write into *file* what became of it."""
        intakes: list[SessionIntake] = []
        try:
            for item in read(open_source(given), file.report):
                if isinstance(item, SessionHead) or not intakes:
                    head = item if isinstance(item, SessionHead) else SessionHead(file.report.format)
                    if intakes:
                        self._finish(intakes[-1], file)
                    intakes.append(SessionIntake(self._store, self._project_of(head), head, file.path))
                if not isinstance(item, SessionHead):
                    intakes[-1].take(item)
            if intakes:
                self._finish(intakes[-1], file)
        except OnwardError as error:
            file.error = error
        with self._store.write() as connection:
            for project_id in {intake.project.id for intake in intakes}:
                if projects_kept.hold(connection, project_id):
                    provenance.note(connection, project_id, file.path, file.report)

    def _project_of(self, head: SessionHead) -> Project:
        project = self._project or projects.of_head(self._store, head) or (self._fallback and self._fallback())
        if not project:
            raise BadInput("The transcript does not say which project it belongs to.", "Name one with --project.")
        return project

    def _finish(self, intake: SessionIntake, file: ImportedFile) -> None:
        session = intake.finish()
        if session is None:
            return
        version = None
        if self._complete and session.status == "active":
            completed = completing.complete(self._store, session, budget_tokens=self._budget_tokens)
            session, version = completed.session, completed.handoff.version
        file.sessions.append(ImportedSession(session, intake.new_turns, intake.known_turns, version))
