"""What each kind of job does, piece by piece. A piece that was cut off is done again, and that changes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any, TypeAlias

from onward.app import archives, backups, models, refining, session_jobs
from onward.app.finding import found_files, looked_at
from onward.app.imports import import_paths, import_uploads
from onward.app.jobs import Bench, Job, Left, Piece, Running
from onward.app.rebuilding import rebuild
from onward.core.imported import ImportedFile, Progress
from onward.core.project import Project
from onward.core.refinement import Refinement
from onward.errors import NotFound, StoreError
from onward.store import projects

File: TypeAlias = tuple[str, str]
"""A file of an import: the name it had elsewhere, empty for one of this machine; and where it lies."""

UPLOADS, EXPORTS = "uploads", "exports"
KEPT_SECONDS = 7 * 24 * 3600
"""An upload that no job took, and a file that was exported, are kept this long."""

_PIECE_FILES = 50
_PIECE_BYTES = 50_000_000
_MOST_ERRORS = 100


def import_transcripts(bench: Bench, job: Job, running: Running) -> Left:
    """Import some files, in order of time: those that `paths` name, or `uploads`, each as [its name, where it lies]; `complete` completes each session.

    `upload` is a folder that is removed at the end. With `refine`, a model is then asked to write the handoff of the `project` better.
    """
    files = job.memo.get("files")
    if files is None:
        running.at(0, None, "looking at the files")
        files, passed_over = _found(job)
        if files:
            return Left(False, {"files": files, "next": 0}, {"files": 0, "passed_over": passed_over})
    first = int(job.memo.get("next", 0))
    last = _reached(files, first)
    imported = _imported(bench, job, running, files[first:last], first, len(files))
    for file in imported:
        # A store that failed costs no file: the piece is done again.
        if isinstance(file.error, StoreError):
            raise file.error
    running.at(last, len(files), "")
    result = _added(job.result, imported)
    if last < len(files):
        return Left(False, {"files": files, "next": last}, result)
    if job.arguments.get("refine"):
        result = {**result, **refining.ask_after(bench, job, _project(bench, job))}
    upload = job.arguments.get("upload")
    return Left(True, {}, result, Path(upload) if upload else None)


def _found(job: Job) -> tuple[list[File], int]:
    """Return the files of an import in order of time, and how many of folders are no transcripts."""
    if "uploads" in job.arguments:
        looked = [(looked_at(Path(path), named=True, name=name), path) for name, path in job.arguments["uploads"]]
        return [(one.name, path) for one, path in sorted(looked, key=lambda pair: (pair[0].began_at, pair[0].name))], 0
    found, passed_over = found_files([Path(path) for path in job.arguments["paths"]])
    return [("", str(one.source)) for one in found], len(passed_over)


def _imported(bench: Bench, job: Job, running: Running, some: Sequence[File], first: int, total: int) -> list[ImportedFile]:
    project = _project(bench, job) if "project" in job.arguments else None
    complete = bool(job.arguments.get("complete"))
    beside: dict[str, Any] = {"project": project, "complete": complete, "budget_tokens": bench.budget_tokens, "worktrees": bench.worktrees}
    if "uploads" in job.arguments:
        running.at(first, total, some[0][0] if some else "")
        return import_uploads(bench.store, [(name, Path(path)) for name, path in some], **beside).files

    def tell(progress: Progress) -> None:
        running.at(first + progress.done, total, Path(progress.path).name)

    return import_paths(bench.store, [Path(path) for _, path in some], **beside, on_progress=tell).files


def rebuild_project(bench: Bench, job: Job, running: Running) -> Left:
    """Extract the facts of a project anew."""
    made = rebuild(bench.store, _project(bench, job), lambda done, of: running.at(done, of, "sessions"))
    running.at(made.sessions, made.sessions, "")
    version = made.handoff.version if made.handoff else None
    return Left(True, {}, {"sessions": made.sessions, "facts": made.facts, "handoff_version": version})


def export_project(bench: Bench, job: Job, running: Running) -> Left:
    """Write a project to a file of the home folder; with `training`, as chats too."""
    project = _project(bench, job)
    target = made_file(bench.home, job)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = archives.export_project(bench.store, project, target, training=bool(job.arguments.get("training")), on_progress=running.at)
    running.at(made.turns, made.turns, "")
    counts = {"sessions": made.sessions, "turns": made.turns, "handoffs": made.handoffs}
    return Left(True, {}, {"file": target.name, "name": f"{project.name}.onward.zip", "bytes": made.size_bytes, **counts})


def back_up(bench: Bench, job: Job, running: Running) -> Left:
    """Copy the whole store to a file of the home folder."""
    target = made_file(bench.home, job)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = backups.backup_open(bench.store, target, running.at)
    counts = {"projects": made.projects, "sessions": made.sessions, "turns": made.turns}
    return Left(True, {}, {"file": target.name, "name": f"onward-{job.created_at:%Y-%m-%d}.db", "bytes": made.size_bytes, **counts})


def import_project(bench: Bench, job: Job, running: Running) -> Left:
    """Bring in the project of the archive `path`, under `name` where one is given; the file is removed at the end."""
    path = Path(job.arguments["path"])
    made = archives.import_archive(bench.store, path, name=str(job.arguments.get("name") or ""), on_progress=running.at)
    counts = {"sessions": made.sessions, "turns": made.turns, "handoffs": made.handoffs}
    return Left(True, {}, {"project_id": made.project.id, "name": made.project.name, "again": made.again, **counts}, path)


def refine_handoff(bench: Bench, job: Job, running: Running) -> Left:
    """Have a model write the newest handoff of a project better: one request a piece, then what came of all is judged, and kept if it is no worse.

    `handoff_version` and `ledger_version` are what was there when it was asked for. Where something newer is there, that is told and nothing is done.
    """
    project = _project(bench, job)
    asking = models.asking_for(bench.store, bench.models, project=project, job=job)
    if asking is None:
        raise refining.no_model()
    if (kept := refining.kept_by(bench.store, project, job.id)) is not None and kept.refinement:
        # It was kept, and then its worker was killed.
        return Left(True, {}, _told(kept.refinement, kept.version))
    was = refining.target(bench.store, project, asking)
    if (was.handoff.version, was.ledger_version) != (job.arguments["handoff_version"], job.arguments["ledger_version"]):
        return Left(True, {}, {"kept": False, "why": SUPERSEDED})
    parts = was.plan.parts
    place = int(job.memo.get("next", 0))
    told = refining.Answered(unusable={int(at): why for at, why in job.memo.get("unusable", {}).items()})
    if place < len(parts):
        running.at(place, len(parts), parts[place].title)
        refining.ask_part(bench.store, asking, was.plan, place, told, watch=lambda _: running.at(place, len(parts), parts[place].title))
        running.at(place + 1, len(parts), parts[place].title)
        return Left(False, {"next": place + 1, "unusable": {str(at): why for at, why in told.unusable.items()}}, {})
    for at in range(len(parts)):
        if at not in told.unusable:
            # It is there since it was answered: nothing is asked again.
            refining.ask_part(bench.store, asking, was.plan, at, told)
    done = refining.refined(was.plan, asking, told, job.id)
    running.at(len(parts), len(parts), "")
    if done.made is None:
        return Left(True, {}, _told(done.report, None))
    made = refining.keep(bench.store, project, was, done)
    return Left(True, {}, _told(done.report, made.version) if made else {"kept": False, "why": SUPERSEDED})


SUPERSEDED = "Something newer took the place of the handoff meanwhile: a session was completed, or a fact corrected. That one stands."


def _told(report: Refinement, version: int | None) -> dict[str, Any]:
    return {"kept": version is not None, "why": report.why, "handoff_version": version, "refinement": report.to_json()}


PIECES: Mapping[str, Piece] = {
    "import": import_transcripts,
    "rebuild": rebuild_project,
    "export": export_project,
    "import-project": import_project,
    refining.KIND: refine_handoff,
    session_jobs.KIND: session_jobs.carry_out,
    backups.KIND: back_up,
}


WAITED_FOR = frozenset({session_jobs.KIND})
"""Kinds that somebody who asked for one looks at until it is done."""


def new_upload(home: Path) -> Path:
    """Make a folder for what is sent, and return it. The job that takes it in removes it."""
    folder = home / UPLOADS / token_hex(16)
    folder.mkdir(parents=True, mode=0o700)
    return folder


def made_file(home: Path, job: Job) -> Path:
    """Return where the file is that an export or a backup makes. It is kept for `KEPT_SECONDS`."""
    return home / EXPORTS / f"{job.id}.{'db' if job.kind == backups.KIND else 'zip'}"


def tidy(home: Path, now_seconds: float) -> None:
    """Remove uploads and exported files that are older than `KEPT_SECONDS` at the time *now_seconds*, since 1970."""
    for folder in (home / UPLOADS, home / EXPORTS):
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.stat().st_mtime < now_seconds - KEPT_SECONDS:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _reached(files: Sequence[File], first: int) -> int:
    """Return where the piece that begins with file *first* ends: after some files or bytes, and at least one."""
    size = 0
    for place in range(first, min(first + _PIECE_FILES, len(files))):
        path = Path(files[place][1])
        size += path.stat().st_size if path.exists() else 0
        if size > _PIECE_BYTES:
            return place + 1
    return min(first + _PIECE_FILES, len(files))


def _added(result: Mapping[str, Any], files: list[ImportedFile]) -> dict[str, Any]:
    """Return *result* with what became of more files."""
    kept = [one for file in files for one in file.sessions]
    errors = [{"file": file.path, "code": file.error.code, "message": file.error.message} for file in files if file.error]
    more = {
        "files": len(files),
        "sessions": len(kept),
        "new_turns": sum(one.new_turns for one in kept),
        "known_turns": sum(one.known_turns for one in kept),
        "handoffs": sum(one.version is not None for one in kept),
        "failed": len(errors),
    }
    said = [*result.get("errors", []), *errors][:_MOST_ERRORS]
    return {**result, **{name: result.get(name, 0) + count for name, count in more.items()}, "errors": said}


def _project(bench: Bench, job: Job) -> Project:
    with bench.store.read() as connection:
        found = None if job.project_id is None else projects.by_id(connection, job.project_id)
    if found is None:
        raise NotFound("The project is gone: someone deleted it.", "List what there is: onward project list")
    return found
