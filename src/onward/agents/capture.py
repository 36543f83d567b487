"""Importing and completing a session in a background process that a hook starts.

    python -m onward.agents.capture EVENT NOTE…

If the process is interrupted, the note stays, and the next capture repeats the work: importing and completing again only add what is new.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from onward.agents import hook_log, session_notes
from onward.agents.payload import CATCH_UP, COMPACTED, END, STOP
from onward.agents.session_notes import Note
from onward.app.models import writers
from onward.app.repository.origin import Origin, folder_origin
from onward.app.transcripts.agent_folders import agent_folders, list_files
from onward.app.transcripts.files import inspect_file
from onward.backend import Backend, open_backend
from onward.core.project import Project
from onward.core.transcript.transcript import ImportReport, Turn
from onward.errors import BadInput, NothingRead, OnwardError
from onward.formats import TranscriptSource, read
from onward.settings import Settings, project_of_folder, read_machine, read_settings

MAX_SECONDS = 900
END_SECONDS = 1.0
"""How soon after its last answer a session that is not interactive ends."""

ROUNDS = 3
"""A transcript that changed while it was imported is imported again, at most this often: an agent may still write its last lines."""


@dataclass(frozen=True, slots=True)
class CaptureResult:
    """The result for a note: the project, the session numbers and the number of new turns; or the reason why nothing was imported. `fault`
    is an error to fix.
    """

    note: Note
    project: str = ""
    numbers: tuple[int, ...] = ()
    new_turns: int = 0
    skip_reason: str = ""
    fault: OnwardError | None = None

    def sentence(self) -> str:
        """Return the result in one line."""
        if self.fault:
            return f"not imported: {self.fault.message}"
        if self.skip_reason:
            return f"nothing: {self.skip_reason}"
        sessions = ", ".join(f"session {number}" for number in self.numbers)
        return f"{sessions} of {self.project}: {self.new_turns} new turn{'' if self.new_turns == 1 else 's'}"


def main(arguments: list[str]) -> int:
    """Import the sessions of the notes that *arguments* name, and write each result to the log."""
    event, *paths = arguments
    if event != CATCH_UP and hasattr(os, "nice"):
        # Nobody waits for it, unlike for a catch-up.
        os.nice(10)
    if hasattr(signal, "alarm"):
        # A capture that hangs is killed; its note stays.
        signal.alarm(MAX_SECONDS)
    for path in paths:
        note = session_notes.read(path)
        if note and event == STOP and _ends_now(note):
            result = CaptureResult(note, skip_reason="the session has ended, and its end is being imported")
            _log(Path(path).parents[2], event, note, time.monotonic(), result.sentence())
        elif note:
            _capture_and_log(Path(path).parents[2], event, note)
    return 0


def _ends_now(note: Note) -> bool:
    """Wait for a moment, and return whether the session ends after this answer: then one import is enough."""
    time.sleep(END_SECONDS)
    latest = session_notes.read(note.path)
    return latest is None or latest.state == session_notes.ENDED


def _capture_and_log(home: Path, event: str, note: Note) -> None:
    started = time.monotonic()
    try:
        result = capture(note, complete=event not in (STOP, COMPACTED))
        outcome, fault, hint = result.sentence(), result.fault.message if result.fault else "", result.fault.hint if result.fault else ""
        if event == END and result.numbers and not result.fault:
            outcome = f"{outcome}{_write_handoff(result)}"
    except Exception as error:  # noqa: BLE001 - one session's failure never costs the next one
        outcome, fault, hint = "not imported", f"{type(error).__name__}: {error}", "Run `onward sweep` to see the error."
    _log(home, event, note, started, outcome, str(fault), str(hint))


def _write_handoff(result: CaptureResult) -> str:
    """Have the agent that a person chose write the handoff of a session that ended. Return the outcome in words; empty without one."""
    settings = read_settings(folder=Path(result.note.cwd))
    if settings.server or settings.llm.is_off or not writers.find_agent_id(settings.home):
        return ""
    try:
        with open_backend(settings) as backend:
            outcome = backend.handoffs.refine(backend.projects.resolve(Origin(result.project)))
    except OnwardError as error:
        return f"; its handoff was not written: {error.message}"
    return f"; its handoff was written by {outcome.report.model}" if outcome.version and outcome.report else f"; not written: {outcome.why}"


def _log(home: Path, event: str, note: Note, started: float, outcome: str, fault: str = "", hint: str = "") -> None:
    hook_log.add(
        str(home), agent=note.agent, event=f"{hook_log.IMPORTED}{event})", session=note.session, started=started, outcome=outcome,
        fault=fault, hint=hint,
    )  # fmt: skip


def capture(note: Note, *, complete: bool = True, settings: Settings | None = None) -> CaptureResult:
    """Import the transcript of the noted session and complete it. If that fails, the note stays."""
    settings = settings or read_settings(folder=Path(note.cwd))
    try:
        result = _capture_transcript(note, settings, complete=complete)
    except OnwardError as error:
        result = CaptureResult(note, fault=error)
    _update_note(result, complete=complete)
    return result


def _update_note(result: CaptureResult, *, complete: bool) -> None:
    """Update or remove the note after a capture. If a hook wrote it again in the meantime, the new content stays.

    After a failure the note stays and is tried again; an unreadable transcript is tried again only after it has changed.
    """
    with contextlib.suppress(OSError), session_notes.locked(str(Path(result.note.path).parents[2])):
        _update_note_locked(result, complete=complete)


def _update_note_locked(result: CaptureResult, *, complete: bool) -> None:
    note = result.note
    should_retry = result.fault is not None and not isinstance(result.fault, BadInput)
    if note.state == session_notes.ENDED and complete and not should_retry:
        note.remove()
        return
    latest = session_notes.read(note.path)
    if latest:
        latest.transcript = note.transcript
        if complete and not should_retry:
            latest.imported_stamp = note.imported_stamp
        latest.update()


def _capture_transcript(note: Note, settings: Settings, *, complete: bool) -> CaptureResult:
    paths = list(_transcripts(note))
    if not paths:
        return CaptureResult(note, skip_reason="no transcript: the session has no turn yet, or its transcript is elsewhere")
    note.transcript = str(paths[0])
    result = CaptureResult(note, skip_reason="its transcript has no turn yet")
    if not _has_turn(paths[0], note.session):
        # No project is created for an empty session.
        return result
    with open_backend(settings) as backend:
        project = _find_project(backend, note, paths[0])
        for _ in range(ROUNDS):
            stamp = session_notes.file_stamp(note.transcript)
            result = _import_transcript(result, backend, paths, project, complete=complete)
            note.imported_stamp = stamp
            if result.fault or session_notes.file_stamp(note.transcript) == stamp:
                break
    return result


def _import_transcript(
    result: CaptureResult, backend: Backend, paths: list[Path], project: Project | None, *, complete: bool
) -> CaptureResult:
    outcome = backend.imports.import_paths(
        paths, project=project, complete=complete, budget_tokens=backend.settings.budget_tokens, worktrees=backend.settings.worktrees,
        session_id=result.note.session,
    )  # fmt: skip
    imported_sessions = [item for file in outcome.files for item in file.sessions]
    if not imported_sessions:
        fault = next((file.error for file in outcome.files if file.error), None)
        return replace(result, fault=fault)
    project_name = backend.projects.resolve(Origin(str(imported_sessions[0].session.project_id))).name
    numbers = tuple(dict.fromkeys(item.session.number for item in imported_sessions))
    new_turns = result.new_turns + sum(file.new_turns for file in outcome.files)
    return replace(result, project=project_name, numbers=numbers, new_turns=new_turns, fault=outcome.files[0].error, skip_reason="")


def _find_project(backend: Backend, note: Note, path: Path) -> Project | None:
    """Return the project that the settings force; or, if the transcript does not contain its folder, the project of the folder that the
    hook reported.
    """
    if backend.settings.forced_project:
        return backend.projects.resolve(Origin(backend.settings.forced_project), create=True)
    head = inspect_file(path, is_named=False, session_id=note.session).head
    if head is not None and (head.cwd or head.remote):
        return None
    folder = Path(note.cwd)
    return backend.projects.resolve(folder_origin(folder, backend.settings.worktrees, project_of_folder(folder)), create=True)


def _transcripts(note: Note) -> Iterator[Path]:
    """Yield the session's transcript and those of its sub-agents. The path that the agent reported may be wrong or of another session; then
    the id is searched.
    """
    noted_path = Path(note.transcript) if note.transcript else None
    path = (
        noted_path
        if noted_path and _is_transcript_of(noted_path, note.session)
        else _find_by_id(note) or (noted_path if noted_path and _is_transcript_of(noted_path, "") else None)
    )
    if path:
        yield path
        yield from sorted((path.with_suffix("") / "subagents").rglob("*.jsonl"))


def _find_by_id(note: Note) -> Path | None:
    if not note.session:
        return None
    folders = [folder for folder in agent_folders(read_machine(), Path(note.cwd)) if folder.agent == note.agent]
    # Some agents use the whole id in the file name, some only its beginning, and some have all sessions in one database.
    paths = list_files([folder for folder in folders if not folder.holds_many])
    candidates = [path for path in paths if note.session[:8] in str(path) and "subagents" not in path.parts]
    candidates += list_files([folder for folder in folders if folder.holds_many])
    return next((path for path in candidates if _is_transcript_of(path, note.session)), None)


def _has_turn(path: Path, session: str) -> bool:
    try:
        return any(isinstance(item, Turn) for item in read(TranscriptSource(path, session_id=session), ImportReport()))
    except NothingRead:
        return False


def _is_transcript_of(path: Path, session: str) -> bool:
    """Return whether *path* is a transcript of *session*, or one without an id."""
    if not path.is_file():
        return False
    file = inspect_file(path, is_named=False, session_id=session)
    return (file.error is None or isinstance(file.error, NothingRead)) and (
        not session or file.head is None or file.head.id in (None, session)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
