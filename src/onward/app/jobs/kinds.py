"""The step functions: what each kind of job does in one step. Every step is idempotent, so that an interrupted one can run again."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any, TypeAlias

from onward.app.admin import backups
from onward.app.admin.ledger_rebuild import rebuild
from onward.app.archives import archives
from onward.app.handoffs import writer
from onward.app.jobs.jobs import Job, JobContext, StepFunction, StepProgress, StepResult
from onward.app.lookup import require_project
from onward.app.models import gateway
from onward.app.projects import shared_rules
from onward.app.sessions import completion_job
from onward.app.transcripts.files import find_files, inspect_file
from onward.app.transcripts.imports import import_paths, import_uploads
from onward.core.handoff.writer_report import WriterReport
from onward.core.import_result import ImportedFile, ImportProgress
from onward.core.project import Project
from onward.errors import BadInput, OnwardError, StoreError
from onward.message import Message, as_message
from onward.private_files import create_folder
from onward.store import Store, projects

ImportFile: TypeAlias = tuple[str, str]
"""A file of an import: the name it was uploaded with (empty for a file of this machine), and its path."""

UPLOADS, EXPORTS = "uploads", "exports"
RETENTION_SECONDS = 7 * 24 * 3600
"""How long unused uploads and exported files are kept."""

_PIECE_FILES = 10
_PIECE_BYTES = 50_000_000
_MAX_ERRORS, _MAX_REPORTS = 100, 500


def import_transcripts(context: JobContext, job: Job, progress: StepProgress) -> StepResult:
    """Import files in order of time: those in `paths`, or `uploads` as pairs of a name and a path. With `complete`, complete each
    session.

    The folder `upload` is deleted at the end. With `refine`, a language model then writes the handoff of `project`.
    """
    files = job.memo.get("files")
    if files is None:
        progress.report(0, None, "reading the files")
        files, skipped_count = _find_files(job)
        if files:
            return StepResult(False, {"files": files, "next": 0}, {"files": 0, "skipped_files": skipped_count})
    start = int(job.memo.get("next", 0))
    end = _piece_end(files, start)
    imported_files = _import_piece(context, job, progress, files[start:end], start, len(files))
    for file in imported_files:
        # An error of the store is not the file's fault: the step runs again.
        if isinstance(file.error, StoreError):
            raise file.error
    progress.report(end, len(files), "")
    result = _add_to_result(context.store, job.result, imported_files)
    if end < len(files):
        return StepResult(False, {"files": files, "next": end}, result)
    if files and result["failed"] == len(files):
        raise _describe_failures(imported_files)
    if job.arguments.get("refine"):
        result = {**result, **writer.request_after(context, job, _require_project(context, job))}
    upload = job.arguments.get("upload")
    return StepResult(True, {}, result, Path(upload) if upload else None)


def _find_files(job: Job) -> tuple[list[ImportFile], int]:
    """Return the files of an import in order of time, and how many files of folders are not transcripts."""
    if "uploads" in job.arguments:
        inspected = [(inspect_file(Path(path), is_named=True, name=name), path) for name, path in job.arguments["uploads"]]
        return [(file.name, path) for file, path in sorted(inspected, key=lambda pair: (pair[0].started_at, pair[0].name))], 0
    found_paths, skipped = find_files([Path(path) for path in job.arguments["paths"]])
    return [("", str(file.source)) for file in found_paths], len(skipped)


def _import_piece(
    context: JobContext, job: Job, progress: StepProgress, files: Sequence[ImportFile], start: int, total: int
) -> list[ImportedFile]:
    project = _require_project(context, job) if "project" in job.arguments else None
    complete = bool(job.arguments.get("complete"))
    options: dict[str, Any] = {
        "project": project,
        "complete": complete,
        "budget_tokens": context.budget_tokens,
        "worktrees": context.worktrees,
    }
    if "uploads" in job.arguments:
        progress.report(start, total, files[0][0] if files else "")
        return import_uploads(context.store, [(name, Path(path)) for name, path in files], **options).files

    def report_progress(import_progress: ImportProgress) -> None:
        progress.report(start + import_progress.done, total, Path(import_progress.path).name)

    return import_paths(context.store, [Path(path) for _, path in files], **options, on_progress=report_progress).files


def rebuild_project(context: JobContext, job: Job, progress: StepProgress) -> StepResult:
    """Extract the facts of a project again."""
    report = rebuild(context.store, _require_project(context, job), lambda done, total: progress.report(done, total, "sessions"))
    progress.report(report.sessions, report.sessions, "")
    version = report.handoff.version if report.handoff else None
    return StepResult(True, {}, {"sessions": report.sessions, "facts": report.facts, "handoff_version": version})


def export_project(context: JobContext, job: Job, progress: StepProgress) -> StepResult:
    """Export a project to a file below the data folder; with `training`, as chats too."""
    project = _require_project(context, job)
    target = output_path(context.home, job)
    create_folder(target.parent)
    archive = archives.export_project(
        context.store, project, target, training=bool(job.arguments.get("training")), on_progress=progress.report
    )
    progress.report(archive.turns, archive.turns, "")
    counts = {"sessions": archive.sessions, "turns": archive.turns, "handoffs": archive.handoffs}
    return StepResult(True, {}, {"file": target.name, "name": f"{project.name}.onward.zip", "size_bytes": archive.size_bytes, **counts})


def back_up(context: JobContext, job: Job, progress: StepProgress) -> StepResult:
    """Copy the whole store to a file below the data folder."""
    target = output_path(context.home, job)
    create_folder(target.parent)
    backup = backups.backup_open_store(context.store, target, progress.report)
    counts = {"projects": backup.projects, "sessions": backup.sessions, "turns": backup.turns}
    return StepResult(
        True, {}, {"file": target.name, "name": backups.download_name(job.created_at), "size_bytes": backup.size_bytes, **counts}
    )


def import_project(context: JobContext, job: Job, progress: StepProgress) -> StepResult:
    """Import the project in the archive `path`, named `name` if given. The archive is deleted at the end."""
    path = Path(job.arguments["path"])
    archive = archives.import_archive(context.store, path, name=str(job.arguments.get("name") or ""), on_progress=progress.report)
    counts = {"sessions": archive.sessions, "turns": archive.turns, "handoffs": archive.handoffs}
    return StepResult(
        True, {}, {"project_id": archive.project.id, "name": archive.project.name, "is_unchanged": archive.is_unchanged, **counts}, path
    )


def write_handoff(context: JobContext, job: Job, progress: StepProgress) -> StepResult:
    """Have a language model write the newest handoff of a project: one call a step. The page is stored as a version if code accepts it.

    `handoff_version` and `ledger_version` are those at the time of the request. If either has changed, the job ends without a new
    version.
    """
    project = _require_project(context, job)
    model_context = gateway.find_model_context(context.store, context.model_setup, project=project, job=job)
    if model_context is None:
        raise writer.no_model_error()
    if (stored_handoff := writer.find_by_job(context.store, project, job.id)) is not None and stored_handoff.refinement:
        # The handoff was stored just before the worker was killed.
        return StepResult(True, {}, _writer_result(stored_handoff.refinement, stored_handoff.version))
    target = writer.require_target(context.store, project, model_context)
    if (target.handoff.version, target.ledger_version) != (job.arguments["handoff_version"], job.arguments["ledger_version"]):
        return StepResult(True, {}, {"is_stored": False, "reason": SUPERSEDED_MESSAGE})
    page = writer.PageAnswers()
    is_written = bool(job.memo.get("written"))
    step = REPAIR_STEP if is_written else WRITE_STEP
    progress.report(int(is_written), writer.MAX_REQUESTS, step)

    def watch(_: int) -> None:
        progress.report(int(is_written), writer.MAX_REQUESTS, step)

    writer.write_page(context.store, model_context, target.plan, page, watch=watch)
    if not is_written:
        progress.report(1, writer.MAX_REQUESTS, step)
        return StepResult(False, {"written": True}, {})
    # The first answer is stored already: no request was sent for it again.
    writer.repair_page(context.store, model_context, target.plan, page, watch=watch)
    result = writer.conclude(context.store, target.plan, model_context, page, job.id)
    progress.report(writer.MAX_REQUESTS, writer.MAX_REQUESTS, "")
    if result.handoff is None:
        return StepResult(True, {}, _writer_result(result.report, None))
    new_handoff = writer.store_result(context.store, project, target, result)
    return StepResult(
        True,
        {},
        _writer_result(result.report, new_handoff.version) if new_handoff else {"is_stored": False, "reason": SUPERSEDED_MESSAGE},
    )


WRITE_STEP, REPAIR_STEP = "writing the handoff", "repairing refused lines"
SUPERSEDED_MESSAGE = writer.REPLACED


def _writer_result(report: WriterReport, version: int | None) -> dict[str, Any]:
    return {"is_stored": version is not None, "reason": report.why, "handoff_version": version, "refinement": report.to_json()}


def update_rules(context: JobContext, job: Job, progress: StepProgress) -> StepResult:
    """Bring the rules for every project into the handoffs of all projects."""
    return StepResult(True, {}, {"projects": shared_rules.update_handoffs(context.store, job, progress.report)})


STEP_FUNCTIONS: Mapping[str, StepFunction] = {
    "import": import_transcripts,
    "rebuild": rebuild_project,
    "export": export_project,
    "import-project": import_project,
    writer.JOB_KIND: write_handoff,
    completion_job.JOB_KIND: completion_job.run_step,
    backups.KIND: back_up,
    shared_rules.JOB_KIND: update_rules,
}


FOREGROUND_KINDS = frozenset({completion_job.JOB_KIND, shared_rules.JOB_KIND})
"""Kinds of jobs that a user usually waits for."""


def create_upload_folder(home: Path) -> Path:
    """Create a folder for uploaded files and return it. The job that imports the files deletes it."""
    folder = home / UPLOADS / token_hex(16)
    create_folder(folder)
    return folder


def output_path(home: Path, job: Job) -> Path:
    """Return the path of the file that an export or backup job writes. The file is kept for `RETENTION_SECONDS`."""
    return home / EXPORTS / f"{job.id}.{'db' if job.kind == backups.KIND else 'zip'}"


def delete_expired_files(home: Path, now_seconds: float) -> None:
    """Delete uploads and exported files that are older than `RETENTION_SECONDS` at *now_seconds*, a Unix time."""
    for folder in (home / UPLOADS, home / EXPORTS):
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.stat().st_mtime < now_seconds - RETENTION_SECONDS:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _piece_end(files: Sequence[ImportFile], start: int) -> int:
    """Return the end of the step that starts with the file at index *start*: at most `_PIECE_FILES` files or `_PIECE_BYTES` bytes, at
    least one file.
    """
    size = 0
    for index in range(start, min(start + _PIECE_FILES, len(files))):
        path = Path(files[index][1])
        size += path.stat().st_size if path.exists() else 0
        if size > _PIECE_BYTES:
            return index + 1
    return min(start + _PIECE_FILES, len(files))


def _add_to_result(store: Store, result: Mapping[str, Any], files: list[ImportedFile]) -> dict[str, Any]:
    """Return *result* with the counts, errors and reports of more files added."""
    with store.read() as connection:
        project_ids = {session.session.project_id for file in files for session in file.sessions}
        found_projects = [projects.find(connection, project_id) for project_id in project_ids]
    project_names = {project.id: project.name for project in found_projects if project}
    sessions = [session for file in files for session in file.sessions]
    errors = [{"file": file.path, "code": file.error.code, "message": file.error.message} for file in files if file.error]
    counts = {
        "files": len(files),
        "sessions": len(sessions),
        "new_turns": sum(session.new_turns for session in sessions),
        "known_turns": sum(session.known_turns for session in sessions),
        "handoffs": sum(session.version is not None for session in sessions),
        "failed": len(errors),
    }
    reports = [*result.get("reports", []), *(_file_report(file, project_names) for file in files)][:_MAX_REPORTS]
    all_errors = [*result.get("errors", []), *errors][:_MAX_ERRORS]
    return {**result, **{name: result.get(name, 0) + count for name, count in counts.items()}, "errors": all_errors, "reports": reports}


def _file_report(file: ImportedFile, project_names: Mapping[int, str]) -> dict[str, Any]:
    """Return the result for a file: its format and turns, what was skipped by reason, and its sessions. `is_new` is true for a session that
    this import created.
    """
    return {
        "file": file.path,
        "format": file.report.format,
        "turns": file.report.turns,
        "skipped": dict(file.report.skipped),
        "error": bool(file.error),
        "sessions": [
            {
                "id": imported.session.id,
                "number": imported.session.number,
                "project": project_names.get(imported.session.project_id, ""),
                "is_new": not imported.known_turns and imported.new_turns == imported.session.turns,
            }
            for imported in file.sessions
        ],
    }


def _describe_failures(imported_files: Sequence[ImportedFile]) -> OnwardError:
    """Return the error of an import that could read none of its files; *imported_files* are the last of them."""
    error = next(file.error for file in imported_files if file.error)
    return (
        error
        if len(imported_files) == 1
        else BadInput(Message("None of the files could be imported. {first}", first=as_message(error.message)), error.hint)
    )


def _require_project(context: JobContext, job: Job) -> Project:
    with context.store.read() as connection:
        return require_project(connection, job.project_id)
