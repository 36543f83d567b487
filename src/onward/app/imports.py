"""Importing transcripts: files and folders in, sessions and turns kept, and an account of every file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from onward.app import completing
from onward.app.ahead import Ahead, Job, pays
from onward.app.belonging import Belonging
from onward.app.destination import Destination
from onward.app.finding import FoundFile, found_files, looked_at
from onward.app.intake import SessionIntake
from onward.app.plan import Known
from onward.app.preparing import Ended, Prepared, prepared
from onward.app.projects import found
from onward.core.imported import Imported, ImportedFile, ImportedSession, Progress
from onward.core.project import Project
from onward.core.transcript import SessionHead
from onward.errors import BadInput, OnwardError, StoreError
from onward.formats import Source
from onward.settings import Worktrees
from onward.store import Store, events, provenance
from onward.store import projects as kept_projects
from onward.store.provenance import ImportedPath

__all__ = [
    "Imported",
    "ImportedFile",
    "ImportedPath",
    "ImportedSession",
    "Progress",
    "import_paths",
    "import_uploads",
    "known",
    "of_project",
]


def import_paths(
    store: Store,
    paths: Sequence[Path | BinaryIO],
    *,
    project: Project | None = None,
    fallback: Callable[[], Project] | None = None,
    complete: bool = False,
    budget_tokens: int | None = None,
    worktrees: Worktrees = "together",
    on_progress: Callable[[Progress], None] | None = None,
) -> Imported:
    """Import files and whole folders, sessions in order of time, and return what became of each. Importing again keeps only what is new.

    Without *project*, each session goes to the project it belongs to (`belonging`), and to what *fallback* answers where nothing tells. With *complete*, each session is completed before the next is imported, also one that an interrupted run left open. One file's failure never costs the rest.
    """
    files, passed_over = found_files(paths)
    outcome = Imported([], passed_over)
    destination = Destination(store, project, fallback, worktrees)
    importer = _Importer(destination, complete=complete, budget_tokens=budget_tokens)
    with importer:
        importer.read_ahead(files)
        for done, one in enumerate(files):
            if on_progress:
                on_progress(Progress(done, len(files), one.name))
            outcome.files.append(importer.run(one))
    if on_progress:
        on_progress(Progress(len(files), len(files), ""))
    return outcome


def import_uploads(
    store: Store,
    uploads: Sequence[tuple[str, Path]],
    *,
    project: Project | None = None,
    complete: bool = False,
    budget_tokens: int | None = None,
    worktrees: Worktrees = "together",
    elsewhere: Mapping[tuple[str, str], Belonging] | None = None,
) -> Imported:
    """Import files that came from elsewhere, each under the name it has there, as `import_paths` does. Where they lie here tells nothing of their project; *elsewhere* may (`Destination`)."""
    files = [looked_at(path, named=True, name=name) for name, path in uploads]
    outcome = Imported([], [])
    with (
        ExitStack() as opened,
        _Importer(
            Destination(store, project, None, worktrees, elsewhere or {}), complete=complete, budget_tokens=budget_tokens
        ) as importer,
    ):
        for one in sorted(files, key=lambda one: (one.began_at, one.name)):
            if not one.error and isinstance(one.source, Path):
                stream = Source(opened.enter_context(one.source.open("rb")), one.name)
                one = replace(one, source=stream)  # noqa: PLW2901 - the same file, but it lies nowhere
            outcome.files.append(importer.run(one))
    return outcome


def known(store: Store) -> Known:
    """Return what the store knows, for the plan of an import."""
    with store.read() as connection:
        everything = [one for archived in (False, True) for one in kept_projects.listed(connection, archived=archived)]
        imported = {one.path: one.imported_at for project in everything for one in provenance.listed(connection, project.id)}
    return Known({one.name for one in everything}, imported, partial(found, store))


def of_project(store: Store, project: Project, *, after: str | None = None, limit: int | None = None) -> list[ImportedPath]:
    """Return the files that a project's turns came from, by path, from *after* one path on."""
    with store.read() as connection:
        return provenance.listed(connection, project.id, after=after, limit=limit)


class _Importer(ExitStack):
    """Imports files: their sessions one after the other, each completed before the next where that is asked for."""

    def __init__(self, destination: Destination, *, complete: bool, budget_tokens: int | None) -> None:
        super().__init__()
        self._store = destination.store
        self._destination = destination
        self._complete = complete
        self._budget_tokens = budget_tokens
        self._ahead: Ahead | None = None
        self._failed: OnwardError | None = None
        self._keys: dict[Path, bytes] = {}
        self._notes: list[tuple[int, ImportedFile]] = []
        self.callback(self._note)

    def read_ahead(self, found: Sequence[FoundFile]) -> None:
        """Let processes of their own make the files ready, where that pays and it is known whose they are."""
        able = [(one.source, one.head) for one in found if isinstance(one.source, Path) and one.head]
        if pays([path for path, _ in able]):
            with suppress(BadInput):
                self._keys = {path: self._destination.of(head, path).key for path, head in able}
                self._ahead = self.enter_context(Ahead([Job(path, key) for path, key in self._keys.items()]))

    def run(self, found: FoundFile) -> ImportedFile:
        """Import one file and return what became of it. Once the store failed, what comes after is not tried: smaller files would take the place of those that had no room."""
        if error := found.error or self._failed:
            return ImportedFile(found.name, error=error)
        file = self._imported(found)
        self._failed = file.error if isinstance(file.error, StoreError) else None
        return file

    def _imported(self, found: FoundFile) -> ImportedFile:
        if self._ahead and isinstance(found.source, Path) and found.source in self._keys:
            # A process that is gone, or a session of another project than the file's first: what was made ready is left, and the file read here.
            with suppress(EOFError, OSError):
                file = self._taken(found, self._ahead.items(found.source), self._keys[found.source])
                if file:
                    return file
        path = found.source if isinstance(found.source, Path) else None
        file = self._taken(found, prepared(found.source, lambda head: self._destination.of(head, path).key))
        assert file
        return file

    def _taken(self, found: FoundFile, items: Iterable[Prepared], key: bytes | None = None) -> ImportedFile | None:
        """Keep *items* and return what became of them; None when one of their sessions has another key than the one they were made ready under."""
        file = ImportedFile(found.name)
        path = found.source if isinstance(found.source, Path) else None
        intake: SessionIntake | None = None
        projects_met: set[int] = set()
        is_ours = True
        for item in items:
            if isinstance(item, Ended):
                file.report, file.error = item.report, file.error or item.error
            elif is_ours and not file.error:
                try:
                    if isinstance(item, SessionHead):
                        self._finish(intake, file)
                        project = self._destination.of(item, path)
                        is_ours = key in (None, project.key)
                        projects_met.add(project.id)
                        intake = SessionIntake(self._store, project, item, found.name)
                    elif intake:
                        intake.take(item)
                except OnwardError as error:
                    file.error = error
        if not is_ours:
            return None
        try:
            self._finish(intake, file)
        except OnwardError as error:
            file.error = file.error or error
        self._notes += [(project_id, file) for project_id in projects_met]
        return file

    def _finish(self, intake: SessionIntake | None, file: ImportedFile) -> None:
        session = intake.finish() if intake else None
        if intake is None or session is None:
            return
        version = None
        if self._complete and session.status == "active" and not file.error:
            completed = completing.complete(self._store, session, budget_tokens=self._budget_tokens)
            session, version = completed.session, completed.handoff.version
        file.sessions.append(ImportedSession(session, intake.new_turns, intake.known_turns, version))

    def _note(self) -> None:
        """Keep what became of the files, all at once: a transaction each would take longer than a small file does."""
        if not self._notes:
            return
        with self._store.write() as connection:
            held = {project_id for project_id in {one for one, _ in self._notes} if kept_projects.hold(connection, project_id)}
            for project_id, file in self._notes:
                if project_id in held:
                    provenance.note(connection, project_id, file.path, file.report)
            for project_id in sorted(held):
                files = [file for one, file in self._notes if one == project_id]
                kept = [one for file in files for one in file.sessions if one.session.project_id == project_id]
                told = {"files": len(files), "sessions": len(kept), "new_turns": sum(one.new_turns for one in kept)}
                events.add(connection, "import", project_id=project_id, data=told)
