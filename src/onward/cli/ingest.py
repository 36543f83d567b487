"""`onward import`: transcripts into the store."""

from __future__ import annotations

import sys

import click

from onward.app.imports import Imported, ImportedFile, ImportedSession, import_paths
from onward.app.imports import Progress as Step
from onward.app.projects import listed
from onward.cli.desk import Desk, as_json, desk, within_budget
from onward.cli.inputs import named
from onward.cli.present import Progress, counted, note, paint, say, say_json
from onward.cli.reports import account, as_data

SOME_FAILED = 1


@click.command("import")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "--project",
    metavar="NAME",
    help="The project for all of them, made where it is missing. Default: that of the repository each session ran in.",
)
@click.option("--complete", is_flag=True, help="Complete each session, in order of time, so that each makes its handoff.")
@within_budget
@as_json
def import_(paths: tuple[str, ...], project: str | None, complete: bool, budget_tokens: int | None, as_json: bool) -> int:
    """Bring transcripts into the store: files, or whole folders.

    Sessions are told apart and put in order of time. Importing again is harmless: what is kept already is not kept twice, and a session that has grown
    gets its new turns. Each session goes to the project of the repository it ran in, unless --project names one, which is made where it is missing.
    PATH may be `-` for standard input.

    \b
    Examples:
      onward import ~/.claude/projects/-home-me-kopi-shop --complete
      onward import rollout.jsonl.zst chat.md --project kopi-shop
    """
    with desk(project=project, budget_tokens=budget_tokens) as at:
        outcome = _run(at, paths, complete=complete)
        names = _project_names(at)
    if as_json:
        say_json(_as_data(outcome, names))
    else:
        _tell(outcome, names)
    errors = [file.error for file in outcome.files if file.error]
    if not errors:
        return 0
    return SOME_FAILED if len(errors) < len(outcome.files) else max(error.exit_code for error in errors)


def _run(at: Desk, paths: tuple[str, ...], *, complete: bool) -> Imported:
    sources = [named(path) for path in paths]
    with Progress("importing") as progress:

        def show(step: Step) -> None:
            progress.at(step.done, step.files, step.path)

        return import_paths(
            at.store,
            sources,
            project=at.project(create=True) if at.settings.project else None,
            fallback=lambda: at.project(create=True),
            complete=complete,
            budget_tokens=at.settings.budget_tokens,
            on_progress=show,
        )


def _project_names(at: Desk) -> dict[int, str]:
    return {line.project.id: line.project.name for archived in (False, True) for line in listed(at.store, archived=archived)}


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
