"""`onward import`: transcripts into the store."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import click

from onward.app.discovery import agent_folders, files_in
from onward.app.finding import files_under
from onward.cli import plan
from onward.cli.desk import Desk, as_json, desk, within_budget
from onward.cli.inputs import named
from onward.cli.present import Progress, counted, note, paint, say, say_json
from onward.cli.reports import account, as_data
from onward.core.imported import Imported, ImportedFile, ImportedSession
from onward.core.imported import Progress as Step
from onward.errors import BadInput
from onward.settings import read_machine

SOME_FAILED = 1


@click.command("import")
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option(
    "--project",
    metavar="NAME",
    help="The project for all of them, made where it is missing. Default: that of the repository each session ran in.",
)
@click.option("--complete", is_flag=True, help="Complete each session, in order of time, so that each makes its handoff.")
@click.option("--dry-run", is_flag=True, help="Say what it would take, by agent and by project, and stop there.")
@click.option("--yes", is_flag=True, help="Without PATH: do not ask before taking everything that was found.")
@click.option(
    "--follow", "follows", is_flag=True, help="Stay, and keep up as the files grow, until Ctrl-C. With --complete, sessions are completed when they fall quiet."
)  # fmt: skip
@within_budget
@as_json
def import_(
    paths: tuple[str, ...], project: str | None, complete: bool, dry_run: bool, yes: bool, follows: bool, budget_tokens: int | None, as_json: bool
) -> int:  # fmt: skip
    """Bring transcripts into the store: files, whole folders, or everything that the agents of this machine keep.

    Sessions are told apart and put in order of time. Importing again is harmless: what is kept already is not kept twice, and a session that has grown
    gets its new turns. Each session goes to the project that the nearest .onward.toml names, or that of the repository it ran in, unless --project names
    one, which is made where it is missing; a transcript that does not say where it ran goes where its file lies.

    Without PATH the agents' own folders are looked through, and you are asked before anything is taken. PATH may be `-` for standard input.

    \b
    Examples:
      onward import --dry-run
      onward import --complete --yes
      onward import ~/.claude/projects/-home-me-kopi-shop --complete
      onward import rollout.jsonl.zst chat.md --project kopi-shop
      onward import --follow --yes
    """
    with desk(project=project, budget_tokens=budget_tokens) as at:
        sources = [named(path) for path in paths]
        places = [source for source in sources if isinstance(source, Path)]
        if (dry_run or follows) and len(places) < len(sources):
            raise BadInput("Only files and folders can be looked at beforehand, or followed.", "Save the input to a file first.")
        if dry_run or not paths:
            found, what = plan.planned(at, places, project=at.settings.project_for_all)
            if dry_run or not (yes and as_json):
                (plan.tell_json if as_json else plan.tell)(what)
            if dry_run or not plan.is_agreed(what, yes=yes):
                return 0
            sources = [one.path for one in found if not one.error]
        if follows:
            return _follow(at, places, sources, complete=complete, as_json=as_json)
        outcome = _run(at, sources, complete=complete)
        _answer(at, outcome, as_json=as_json)
    return _code(outcome.files)


def _code(files: Sequence[ImportedFile]) -> int:
    errors = [file.error for file in files if file.error]
    if not errors:
        return 0
    return SOME_FAILED if len(errors) < len(files) else max(error.exit_code for error in errors)


def _answer(at: Desk, outcome: Imported, *, as_json: bool) -> None:
    names = _project_names(at)
    if as_json:
        say_json(_as_data(outcome, names))
    else:
        _tell(outcome, names)


def _run(at: Desk, sources: Sequence[Path | BinaryIO], *, complete: bool) -> Imported:
    with Progress("importing") as progress:

        def show(step: Step) -> None:
            progress.at(step.done, step.files, step.path)

        return at.imports.paths(
            sources,
            project=at.project(create=True) if at.settings.project_for_all else None,
            fallback=lambda: at.project(create=True),
            worktrees=at.settings.worktrees,
            complete=complete,
            budget_tokens=at.settings.budget_tokens,
            on_progress=show,
        )


def _follow(at: Desk, places: Sequence[Path], sources: Sequence[Path | BinaryIO], *, complete: bool, as_json: bool) -> int:
    """Import what is there, then what comes in, until a signal says that it is enough."""
    # Imported here: only what stays needs it, and it works on the store of this machine.
    from onward.app.destination import Destination
    from onward.app.following import Follower, follow

    project = at.project(create=True) if at.settings.project_for_all else None
    to = Destination(at.store, project, lambda: at.project(create=True), at.settings.worktrees)
    quiet = timedelta(minutes=at.settings.quiet_minutes) if complete else None
    follower = Follower(to, _finding(places), quiet=quiet, budget_tokens=at.settings.budget_tokens)
    follower.begin()
    outcome = _run(at, sources, complete=False)
    follower.note(outcome.files)
    _answer(at, outcome, as_json=as_json)
    over = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: over.set())
    note("Following. Ctrl-C ends it.")

    def show(file: ImportedFile) -> None:
        names = _project_names(at)
        if as_json:
            say_json(_file_data(file, names))
        else:
            _tell_batch(file, names)
        sys.stdout.flush()

    follow(follower, over.wait, show)
    note("Stopped. What came in is kept.")
    return 0


def _finding(places: Sequence[Path]) -> Callable[[], tuple[list[Path], list[Path]]]:
    """Return what finds the files to follow, again and again: those that were named, and those in folders."""
    if not places:
        folders = agent_folders(read_machine(), Path.cwd())
        return lambda: ([], files_in(folders))
    return lambda: (
        [place for place in places if not place.is_dir()],
        [path for place in places if place.is_dir() for path in files_under(place)],
    )


def _tell_batch(file: ImportedFile, names: dict[int, str]) -> None:
    """Print what came in of one file, on one line."""
    if file.error:
        note(f"{file.path}: {paint('not to its end', 'red', sys.stderr)}: {file.error}")
    if told := "; ".join(_session(one, names) for one in file.sessions if one.new_turns or one.version is not None):
        say(f"{file.path}: {told}")


def _project_names(at: Desk) -> dict[int, str]:
    return {line.project.id: line.project.name for archived in (False, True) for line in at.projects.listed(archived=archived)}


def _tell(outcome: Imported, names: dict[int, str]) -> None:
    """Print what became of each file, and of all together."""
    for file in outcome.files:
        if file.error:
            note(
                f"{file.path}: {paint('not imported', 'red', sys.stderr)}: {file.error}"
                if not file.sessions
                else f"{file.path}: not to its end: {file.error}"
            )
        if file.sessions or not file.error:
            say(f"{paint(file.path, 'bold')}: {account(file.report)}")
        for one in file.sessions:
            say("  " + _session(one, names))
    kept = [one for file in outcome.files for one in file.sessions]
    new, known = sum(one.new_turns for one in kept), sum(one.known_turns for one in kept)
    parts = [counted(len(outcome.files), "file"), counted(len(kept), "session"), f"{counted(new, 'new turn')}, {known:,} known already"]
    if outcome.passed_over:
        parts.append(f"{counted(len(outcome.passed_over), 'file')} passed over as no transcript")
    if failed := sum(file.error is not None for file in outcome.files):
        parts.append(paint(f"{counted(failed, 'file')} with an error", "red"))
    say(" · ".join(parts))


def _session(one: ImportedSession, names: dict[int, str]) -> str:
    session = one.session
    came = f"{counted(one.new_turns, 'new turn')}" + (f", {one.known_turns:,} known already" if one.known_turns else "")
    made = f" → handoff {one.version}" if one.version is not None else ""
    return f"session {session.number} of {names.get(session.project_id, session.project_id)}: {came}{made}"


def _as_data(outcome: Imported, names: dict[int, str]) -> dict[str, object]:
    return {"files": [_file_data(file, names) for file in outcome.files], "passed_over": outcome.passed_over}


def _file_data(file: ImportedFile, names: dict[int, str]) -> dict[str, object]:
    sessions = [
        {
            "project": names.get(one.session.project_id),
            "session_id": one.session.id,
            "session_number": one.session.number,
            "new_turns": one.new_turns,
            "known_turns": one.known_turns,
            "handoff_version": one.version,
        }
        for one in file.sessions
    ]
    error = {"code": file.error.code, "message": file.error.message, "hint": file.error.hint} if file.error else None
    return {"file": file.path, **as_data(file.report), "sessions_kept": sessions, "error": error}
