"""`onward import`: imports transcripts."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import click

from onward.app.transcripts.agent_folders import agent_folders, list_files
from onward.app.transcripts.files import walk_files
from onward.cli import import_preview
from onward.cli.context import Backend, budget_option, json_option, use_backend
from onward.cli.import_report import describe_report, report_data
from onward.cli.input_file import resolve_input
from onward.cli.presentation import ProgressBar, note, paint, quantity, say, say_json
from onward.core.import_result import ImportedFile, ImportedSession, ImportProgress, ImportResult
from onward.errors import BadInput
from onward.settings import read_machine

SOME_FAILED = 1


@click.command("import")
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option(
    "--project",
    metavar="NAME",
    help="The project of all sessions; created if missing. Default: the project of each session's repository.",
)
@click.option("--complete", is_flag=True, help="Complete each session in chronological order and create its handoff.")
@click.option("--dry-run", is_flag=True, help="Show what would be imported, by agent and project; import nothing.")
@click.option("--yes", is_flag=True, help="Without PATH: skip the confirmation.")
@click.option(
    "--follow",
    "keep_following",
    is_flag=True,
    help="Keep importing as files grow, until Ctrl-C. With --complete, inactive sessions are completed.",
)
@budget_option
@json_option
def import_(
    paths: tuple[str, ...],
    project: str | None,
    complete: bool,
    dry_run: bool,
    yes: bool,
    keep_following: bool,
    budget_tokens: int | None,
    as_json: bool,
) -> int:
    """Import transcripts: files, folders, or all sessions of the agents on this machine.

    Importing again is safe: duplicates are skipped, and a session that has grown gets its new turns. Each session is assigned to the
    project of the nearest .onward.toml or of the repository it ran in, unless --project is given. Without either, the folder of the
    file decides.

    Without PATH, the folders of all supported agents are searched, and you are asked before the import. PATH may be `-` for standard
    input.

    \b
    Examples:
      onward import --dry-run
      onward import --complete --yes
      onward import ~/.claude/projects/-home-me-kopi-shop --complete
      onward import rollout.jsonl.zst chat.md --project kopi-shop
      onward import --follow --yes
    """
    with use_backend(project=project, budget_tokens=budget_tokens) as backend:
        sources = [resolve_input(path) for path in paths]
        named_paths = [source for source in sources if isinstance(source, Path)]
        if (dry_run or keep_following) and len(named_paths) < len(sources):
            raise BadInput("--dry-run and --follow need files or folders, not standard input.", "Save the input to a file first.")
        if dry_run or not paths:
            transcripts, preview = import_preview.survey_imports(backend, named_paths, project=backend.settings.forced_project)
            if dry_run or not (yes and as_json):
                (import_preview.say_preview_json if as_json else import_preview.say_preview)(preview)
            if dry_run or not import_preview.is_confirmed(preview, yes=yes):
                return 0
            sources = [transcript.path for transcript in transcripts if not transcript.error]
        if keep_following:
            return _follow_files(backend, named_paths, sources, complete=complete, as_json=as_json)
        outcome = _import_sources(backend, sources, complete=complete)
        _say_result(backend, outcome, as_json=as_json)
    return _exit_code(outcome.files)


def _exit_code(files: Sequence[ImportedFile]) -> int:
    errors = [file.error for file in files if file.error]
    if not errors:
        return 0
    return SOME_FAILED if len(errors) < len(files) else max(error.exit_code for error in errors)


def _say_result(backend: Backend, outcome: ImportResult, *, as_json: bool) -> None:
    names = _project_names(backend)
    if as_json:
        say_json(_outcome_data(outcome, names))
    else:
        _say_outcome(outcome, names)


def _import_sources(backend: Backend, sources: Sequence[Path | BinaryIO], *, complete: bool) -> ImportResult:
    with ProgressBar("importing") as progress:

        def show_progress(step: ImportProgress) -> None:
            progress.update(step.done, step.files, step.path)

        return backend.imports.import_paths(
            sources,
            project=backend.require_project(create=True) if backend.settings.forced_project else None,
            fallback=lambda: backend.require_project(create=True),
            worktrees=backend.settings.worktrees,
            complete=complete,
            budget_tokens=backend.settings.budget_tokens,
            on_progress=show_progress,
        )


def _follow_files(
    backend: Backend, named_paths: Sequence[Path], sources: Sequence[Path | BinaryIO], *, complete: bool, as_json: bool
) -> int:
    """Import the existing turns, then new ones until SIGINT or SIGTERM."""
    # Imported here: only --follow needs it, and it works on the local store.
    from onward.app.transcripts.destination import Destination
    from onward.app.transcripts.file_follower import Follower, follow

    project = backend.require_project(create=True) if backend.settings.forced_project else None
    destination = Destination(
        store=backend.store, project=project, fallback=lambda: backend.require_project(create=True), worktrees=backend.settings.worktrees
    )
    quiet_period = timedelta(minutes=backend.settings.quiet_minutes) if complete else None
    follower = Follower(destination, _file_finder(named_paths), quiet=quiet_period, budget_tokens=backend.settings.budget_tokens)
    follower.start()
    outcome = _import_sources(backend, sources, complete=False)
    follower.record_imports(outcome.files)
    _say_result(backend, outcome, as_json=as_json)
    stopping = threading.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda *_: stopping.set())
    note("Following. Press Ctrl-C to stop.")

    def show_file(file: ImportedFile) -> None:
        names = _project_names(backend)
        if as_json:
            say_json(_file_data(file, names))
        else:
            _say_file(file, names)
        sys.stdout.flush()

    follow(follower, stopping.wait, show_file)
    note("Stopped. All imported turns are stored.")
    return 0


def _file_finder(named_paths: Sequence[Path]) -> Callable[[], tuple[list[Path], list[Path]]]:
    """Return a function that lists the files to follow: the named files, and the files in folders."""
    if not named_paths:
        folders = agent_folders(read_machine(), Path.cwd())
        return lambda: ([], list_files(folders))
    return lambda: (
        [path for path in named_paths if not path.is_dir()],
        [path for folder in named_paths if folder.is_dir() for path in walk_files(folder)],
    )


def _say_file(file: ImportedFile, names: dict[int, str]) -> None:
    """Print the new turns of one file on one line."""
    if file.error:
        note(f"{file.path}: {paint('partly imported', 'red', sys.stderr)}: {file.error}")
    if session_lines := "; ".join(
        _session_line(imported, names) for imported in file.sessions if imported.new_turns or imported.version is not None
    ):
        say(f"{file.path}: {session_lines}")


def _project_names(backend: Backend) -> dict[int, str]:
    return {line.project.id: line.project.name for archived in (False, True) for line in backend.projects.list_projects(archived=archived)}


def _say_outcome(outcome: ImportResult, names: dict[int, str]) -> None:
    """Print the result of each file, and the totals."""
    for file in outcome.files:
        if file.error:
            note(
                f"{file.path}: {paint('not imported', 'red', sys.stderr)}: {file.error}"
                if not file.sessions
                else f"{file.path}: partly imported: {file.error}"
            )
        if file.sessions or not file.error:
            say(f"{paint(file.path, 'bold')}: {describe_report(file.report)}")
        for imported in file.sessions:
            say("  " + _session_line(imported, names))
    all_sessions = [imported for file in outcome.files for imported in file.sessions]
    new_turns, known_turns = sum(imported.new_turns for imported in all_sessions), sum(imported.known_turns for imported in all_sessions)
    parts = [
        quantity(len(outcome.files), "file"),
        quantity(len(all_sessions), "session"),
        f"{quantity(new_turns, 'new turn')}, {quantity(known_turns, 'duplicate')}",
    ]
    if outcome.skipped_files:
        parts.append(f"{quantity(len(outcome.skipped_files), 'file')} skipped (not a transcript)")
    if failed := sum(file.error is not None for file in outcome.files):
        parts.append(paint(f"{quantity(failed, 'file')} with an error", "red"))
    say(" · ".join(parts))


def _session_line(imported: ImportedSession, names: dict[int, str]) -> str:
    session = imported.session
    turn_counts = f"{quantity(imported.new_turns, 'new turn')}" + (
        f", {quantity(imported.known_turns, 'duplicate')}" if imported.known_turns else ""
    )
    handoff_note = f" → handoff {imported.version}" if imported.version is not None else ""
    return f"session {session.number} of {names.get(session.project_id, session.project_id)}: {turn_counts}{handoff_note}"


def _outcome_data(outcome: ImportResult, names: dict[int, str]) -> dict[str, object]:
    return {"files": [_file_data(file, names) for file in outcome.files], "skipped_files": outcome.skipped_files}


def _file_data(file: ImportedFile, names: dict[int, str]) -> dict[str, object]:
    session_list = [
        {
            "project": names.get(imported.session.project_id),
            "session_id": imported.session.id,
            "session_number": imported.session.number,
            "new_turns": imported.new_turns,
            "known_turns": imported.known_turns,
            "handoff_version": imported.version,
        }
        for imported in file.sessions
    ]
    error = {"code": file.error.code, "message": file.error.message, "hint": file.error.hint} if file.error else None
    return {"path": file.path, **report_data(file.report), "sessions": session_list, "error": error}
