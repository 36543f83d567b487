"""Importing transcripts: files and folders are read, sessions and turns are stored, and every file is reported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from onward.app.projects.projects import find_by_origin
from onward.app.repository.origin import Origin
from onward.app.sessions.stored_completion import complete_stored
from onward.app.sessions.titles import apply_agent_title
from onward.app.transcripts.destination import Destination
from onward.app.transcripts.files import FoundFile, find_files, inspect_file
from onward.app.transcripts.intake import SessionIntake
from onward.app.transcripts.parallel_reader import ParallelReader, ReadTask, is_worthwhile
from onward.app.transcripts.preview import ImportIndex
from onward.app.turns.preparation import PreparedItem, TranscriptEnd, prepare_transcript
from onward.core.agents import agent_id, profile_folder
from onward.core.import_result import ImportedFile, ImportedSession, ImportProgress, ImportResult
from onward.core.project import Project
from onward.core.transcript.transcript import SessionHead
from onward.errors import BadInput, OnwardError, StoreError
from onward.formats import TranscriptSource
from onward.redact import DISTILL_KEY, Redactor
from onward.settings import Worktrees
from onward.store import Store, events, provenance
from onward.store import projects as stored_projects
from onward.store.limit_readings import store_readings
from onward.store.provenance import ImportedPath

__all__ = [
    "ImportProgress",
    "ImportResult",
    "ImportedFile",
    "ImportedPath",
    "ImportedSession",
    "import_paths",
    "import_uploads",
    "known_imports",
    "list_imported_paths",
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
    session_id: str = "",
    on_progress: Callable[[ImportProgress], None] | None = None,
) -> ImportResult:
    """Import files and whole folders, sessions in order of time, and return the result for each file. Importing again stores only what is
    new.

    Without *project*, each session goes to the project of its origin, and to what *fallback* returns if nothing is known. With *complete*,
    each session is completed before the next one is imported, including a session that an interrupted run left open. *session_id* is the
    only session to import from a database with many. An error in one file does not affect the others.
    """
    files, skipped_files = find_files(paths, session_id)
    outcome = ImportResult([], skipped_files)
    destination = Destination(store=store, project=project, fallback=fallback, worktrees=worktrees)
    importer = _Importer(destination, complete=complete, budget_tokens=budget_tokens)
    with importer:
        importer.start_parallel_reading(files)
        for done, file in enumerate(files):
            if on_progress:
                on_progress(ImportProgress(done, len(files), file.name))
            outcome.files.append(importer.run(file))
    if on_progress:
        on_progress(ImportProgress(len(files), len(files), ""))
    return outcome


def import_uploads(
    store: Store,
    uploads: Sequence[tuple[str, Path]],
    *,
    project: Project | None = None,
    complete: bool = False,
    budget_tokens: int | None = None,
    worktrees: Worktrees = "together",
    remote_origins: Mapping[tuple[str, str], Origin] | None = None,
) -> ImportResult:
    """Import uploaded files under their original names, as `import_paths` does. Their location on this machine says nothing about their
    project; *remote_origins* may.
    """
    files = [inspect_file(path, is_named=True, name=name) for name, path in uploads]
    outcome = ImportResult([], [])
    with (
        ExitStack() as stack,
        _Importer(
            Destination(store=store, project=project, fallback=None, worktrees=worktrees, remote_origins=remote_origins or {}),
            complete=complete,
            budget_tokens=budget_tokens,
        ) as importer,
    ):
        for file in sorted(files, key=lambda item: (item.started_at, item.name)):
            if not file.error and isinstance(file.source, Path):
                stream = TranscriptSource(stack.enter_context(file.source.open("rb")), file.name)
                file = replace(file, source=stream)  # noqa: PLW2901 - the same file, without a path
            outcome.files.append(importer.run(file))
    return outcome


def known_imports(store: Store) -> ImportIndex:
    """Return an index of what is stored, for the preview of an import."""
    with store.read() as connection:
        all_projects = [project for archived in (False, True) for project in stored_projects.list_projects(connection, archived=archived)]
        imported_times = {
            entry.path: entry.imported_at for project in all_projects for entry in provenance.list_imports(connection, project.id)
        }
    return ImportIndex({project.name for project in all_projects}, imported_times, partial(find_by_origin, store))


def list_imported_paths(store: Store, project: Project, *, after: str | None = None, limit: int | None = None) -> list[ImportedPath]:
    """Return the files that a project's turns came from, by path, *after* that path."""
    with store.read() as connection:
        return provenance.list_imports(connection, project.id, after=after, limit=limit)


class _Importer(ExitStack):
    """Imports files, their sessions in order, and completes each session before the next if requested."""

    def __init__(self, destination: Destination, *, complete: bool, budget_tokens: int | None) -> None:
        super().__init__()
        self._store = destination.store
        self._destination = destination
        self._complete = complete
        self._budget_tokens = budget_tokens
        self._parallel_reader: ParallelReader | None = None
        self._store_error: OnwardError | None = None
        self._keys: dict[Path, bytes] = {}
        self._outcomes: list[tuple[int, ImportedFile]] = []
        self.callback(self._record_outcomes)

    def start_parallel_reading(self, files: Sequence[FoundFile]) -> None:
        """Let other processes read the files ahead, if that is worthwhile and the projects are known."""
        readable = [(file.source, file.head) for file in files if isinstance(file.source, Path) and file.head]
        if is_worthwhile([path for path, _ in readable]):
            with suppress(BadInput):
                self._keys = {path: self._destination.project_for(head, path).key for path, head in readable}
                self._parallel_reader = self.enter_context(ParallelReader([ReadTask(path, key) for path, key in self._keys.items()]))

    def run(self, transcript: FoundFile) -> ImportedFile:
        """Import one file and return the result. After a failure of the store nothing else is tried: smaller files would take the space
        that larger ones did not have.
        """
        if error := transcript.error or self._store_error:
            return ImportedFile(transcript.name, error=error)
        outcome = self._import_file(transcript)
        self._store_error = outcome.error if isinstance(outcome.error, StoreError) else None
        return outcome

    def _import_file(self, transcript: FoundFile) -> ImportedFile:
        if self._parallel_reader and isinstance(transcript.source, Path) and transcript.source in self._keys:
            # The reading process is gone, or a session belongs to another project than the file's first session: read the file here.
            with suppress(EOFError, OSError):
                outcome = self._store_items(transcript, self._parallel_reader.items(transcript.source), self._keys[transcript.source])
                if outcome:
                    return outcome
        path = transcript.source if isinstance(transcript.source, Path) else None
        outcome = self._store_items(
            transcript, prepare_transcript(transcript.open_source(), lambda head: self._destination.project_for(head, path).key)
        )
        assert outcome
        return outcome

    def _store_items(self, transcript: FoundFile, items: Iterable[PreparedItem], key: bytes | None = None) -> ImportedFile | None:
        """Store *items* and return the result; None if one of their sessions needs another key than the one they were prepared with."""
        outcome = ImportedFile(transcript.name)
        path = transcript.source if isinstance(transcript.source, Path) else None
        intake: SessionIntake | None = None
        project_ids: set[int] = set()
        is_same_key = True
        for item in items:
            if isinstance(item, TranscriptEnd):
                outcome.report, outcome.error = item.report, outcome.error or item.error
            elif is_same_key and not outcome.error:
                try:
                    if isinstance(item, SessionHead):
                        self._finish(intake, outcome)
                        project = self._destination.project_for(item, path)
                        is_same_key = key in (None, project.key)
                        project_ids.add(project.id)
                        intake = SessionIntake(self._store, project, item, transcript.name)
                    elif intake:
                        intake.take(item)
                except OnwardError as error:
                    outcome.error = error
        if not is_same_key:
            return None
        try:
            self._finish(intake, outcome)
        except OnwardError as error:
            outcome.error = outcome.error or error
        self._apply_titles(outcome)
        self._note_limits(outcome)
        self._outcomes += [(project_id, outcome) for project_id in project_ids]
        return outcome

    def _apply_titles(self, outcome: ImportedFile) -> None:
        """Give the sessions the titles that come after their beginning. The report is stored as it is, so it loses them."""
        agent_titles, outcome.report.titles = outcome.report.titles, {}
        if agent_titles and not isinstance(outcome.error, StoreError):
            outcome.sessions = [
                replace(item, session=apply_agent_title(self._store, item.session, agent_titles.get(item.session.head().id or "", "")))
                for item in outcome.sessions
            ]

    def _note_limits(self, outcome: ImportedFile) -> None:
        """Store the limits of its account that the transcript records. The report is stored as it is, so it loses it."""
        limits, outcome.report.limits = outcome.report.limits, {}
        agent, profile = agent_id(outcome.report.format), profile_folder(outcome.report.format, outcome.path)
        if limits and not isinstance(outcome.error, StoreError):
            with self._store.write() as connection:
                for native_id, readings in limits.items():
                    store_readings(connection, agent, native_id, profile, readings)

    def _finish(self, intake: SessionIntake | None, outcome: ImportedFile) -> None:
        session = intake.finish() if intake else None
        if intake is None or session is None:
            return
        handoff_version = None
        if self._complete and session.status == "in_progress" and not outcome.error:
            completed = complete_stored(self._store, session, budget_tokens=self._budget_tokens)
            session, handoff_version = completed.session, completed.handoff.version
        outcome.sessions.append(ImportedSession(session, intake.new_turns, intake.known_turns, handoff_version))

    def _record_outcomes(self) -> None:
        """Store the results of all files in one transaction: a transaction for each takes longer than a small file."""
        if not self._outcomes:
            return
        with self._store.write() as connection:
            held_ids = {
                project_id
                for project_id in {noted_id for noted_id, _ in self._outcomes}
                if stored_projects.lock_project(connection, project_id)
            }
            for project_id, outcome in self._outcomes:
                if project_id in held_ids:
                    provenance.record_import(connection, project_id, Redactor(DISTILL_KEY).text(outcome.path), outcome.report)
            for project_id in sorted(held_ids):
                outcomes = [outcome for noted_id, outcome in self._outcomes if noted_id == project_id]
                imported_sessions = [item for outcome in outcomes for item in outcome.sessions if item.session.project_id == project_id]
                payload = {
                    "files": len(outcomes),
                    "sessions": len(imported_sessions),
                    "new_turns": sum(item.new_turns for item in imported_sessions),
                }
                events.record(connection, "import", project_id=project_id, data=payload)
