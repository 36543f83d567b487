"""Import of transcripts: files that are sent, or a folder of this machine."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
from anyio.to_thread import run_sync
from fastapi import Query, Request, Response
from starlette.datastructures import UploadFile

from onward.api.answers.envelope import answers, ok, pages
from onward.api.answers.paging import Paging
from onward.api.bodies import MAX_ID, Id
from onward.api.context import ApiContext, Context
from onward.api.field_names import field_error, unknown_field
from onward.api.middleware.access import is_local
from onward.api.parsing import create_router
from onward.api.routes.handoffs import MAX_BUDGET_TOKENS
from onward.api.routes.jobs import JOB_DOCS, accept_job
from onward.api.routes.session_shapes import SessionShape, session_shape
from onward.app.jobs import jobs, kinds
from onward.app.projects import projects
from onward.app.repository.origin import Origin
from onward.app.transcripts import imports
from onward.app.transcripts.imports import ImportedPath
from onward.core.import_result import ImportedFile, ImportedSession, ImportResult
from onward.errors import BadInput, NotAllowed, NotFound
from onward.message import Message
from onward.private_files import create_file
from onward.settings import MIN_BUDGET_TOKENS, read_machine

router = create_router("imports")

MAX_FILES = 1000
_CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ImportedSessionShape:
    """The outcome for one session of a file. `handoff_version` is the version that completing it produced, null if it was not completed."""

    session_id: int
    session_number: int
    project_id: int
    session: SessionShape
    new_turns: int
    known_turns: int
    handoff_version: int | None


@dataclass(frozen=True, slots=True)
class MalformedShape:
    """A record that cannot be read."""

    line: int
    problem: str


@dataclass(frozen=True, slots=True)
class ImportedFileShape:
    """The outcome for every record of a file: imported, skipped by reason, malformed by line (the first hundred). `unknown_parts` counts
    the parts of messages by the types that the reader does not know; `error` says why the file was not read to its end.
    """

    path: str
    format: str
    records: int
    imported_records: int
    turns: int
    session_count: int
    truncated: int
    unknown_parts: dict[str, int]
    skipped: dict[str, int]
    malformed: list[MalformedShape]
    malformed_count: int
    sessions: list[ImportedSessionShape]
    error: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class ImportedShape:
    """The outcome for every file, in the order of import. `skipped_files` are files that are no transcripts."""

    files: list[ImportedFileShape]
    skipped_files: list[str]


@dataclass(frozen=True, slots=True)
class _ImportOptions:
    """The options of an import."""

    project_id: int | None
    complete: bool
    name: str
    budget_tokens: int | None = None


_PLACES_DOCS: dict[str, Any] = {
    "type": "string",
    "contentMediaType": "application/json",
    "description": "The origins of sessions, by the `cwd` and `remote` in their transcript: a list of "
    "`{cwd, remote, named, root, address}`. Only a client can inspect the folders of its machine.",
    "example": '[{"cwd": "/home/me/shop", "remote": "", "named": "", "root": "/home/me/shop", "address": "github.com/kopi/shop"}]',
}
_BODY_DOCS: dict[str, Any] = {
    "requestBody": {
        "description": "Any number of files as a form, or one transcript as the body.",
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"files": {"type": "array", "items": {"type": "string", "format": "binary"}}, "places": _PLACES_DOCS},
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "application/json": {"schema": {}},
            "text/plain": {"schema": {"type": "string"}, "example": "User: Move the checkout to port 8443\nAssistant: Done."},
        },
    }
}


@dataclass(frozen=True, slots=True)
class ImportedPathShape:
    """The last import of a file."""

    path: str
    format: str
    records: int
    imported_records: int
    turns: int
    malformed_count: int
    imported_at: datetime


@router.get("/projects/{project_id}/imports", summary="List the imported files", **pages(ImportedPathShape, NotFound))
def list_imports(context: Context, project_id: Id, page: Paging) -> Response:
    """List the files that a project's turns were imported from, by path."""
    imported_paths = imports.list_imported_paths(
        context.store, projects.require(context.store, project_id), after=page.last_key(str), limit=page.limit + 1
    )
    return page.answer(imported_paths, shape=_path_shape, key_of=lambda imported_path: (imported_path.path,))


def _path_shape(imported_path: ImportedPath) -> ImportedPathShape:
    report = imported_path.report
    return ImportedPathShape(
        path=imported_path.path,
        format=report.format,
        records=report.records,
        imported_records=report.imported_records,
        turns=report.turns,
        malformed_count=report.malformed_count,
        imported_at=imported_path.imported_at,
    )


@router.post(
    "/imports",
    summary="Import transcripts",
    openapi_extra=_BODY_DOCS,
    **answers(ImportedShape, NotFound, NotAllowed, other_responses=JOB_DOCS),
)
async def import_transcripts(
    request: Request,
    context: Context,
    project_id: Annotated[
        int | None,
        Query(ge=1, le=MAX_ID, description="The project of all sessions. Default: the project of each session's folder or repository."),
    ] = None,
    complete: Annotated[bool, Query(description="Complete each session before the next is imported.")] = False,
    name: Annotated[str, Query(max_length=4000, description="The name of a transcript that is sent as the body.")] = "",
    path: Annotated[str, Query(max_length=4000, description="A file or folder of this machine, for callers on it; instead of files.")] = "",
    budget_tokens: Annotated[
        int | None, Query(ge=MIN_BUDGET_TOKENS, le=MAX_BUDGET_TOKENS, description="The most tokens of the new handoffs.")
    ] = None,
    in_background: Annotated[bool, Query(description="Answer a job at once and run in the background.")] = False,
) -> Response:
    """Import transcripts of any format, recognised by content, and return the outcome of each. Importing again adds only what is new."""
    options = _ImportOptions(project_id, complete, name.replace("\0", ""), budget_tokens)
    if path:
        if not is_local(request.scope):
            raise NotAllowed("Only a caller on this machine may name one of its folders.", "Send the files themselves.")
        if int(request.headers.get("content-length", "0") or 0):
            raise BadInput("Both a folder and files were sent.", "Send only one of them.")
        import_path = _import_path_later if in_background else _import_path
        return await run_sync(import_path, context, options, Path(path.replace("\0", "")))
    if in_background:
        return await _import_uploads_later(context, request, options)
    with tempfile.TemporaryDirectory(prefix="onward-") as folder:
        uploads = await _save_uploads(request, Path(folder), options.name)
        return await run_sync(_import_uploads, context, options, uploads)


async def _import_uploads_later(context: ApiContext, request: Request, options: _ImportOptions) -> Response:
    """Write the uploads to the home folder, where the job reads and deletes them."""
    folder = kinds.create_upload_folder(context.settings.home)
    try:
        uploads = await _save_uploads(request, folder, options.name)
        return await run_sync(_queue_uploads, context, options, folder, uploads.files)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _queue_uploads(context: ApiContext, options: _ImportOptions, folder: Path, uploads: list[tuple[str, Path]]) -> Response:
    if not uploads:
        raise _no_upload()
    return _queue_import(
        context, options, {"uploads": [(name, str(path)) for name, path in uploads], "upload": str(folder), "complete": options.complete}
    )


def _import_path_later(context: ApiContext, options: _ImportOptions, path: Path) -> Response:
    return _queue_import(context, options, {"paths": [str(_require_path(context, path))], "complete": options.complete})


def _queue_import(context: ApiContext, options: _ImportOptions, arguments: dict[str, Any]) -> Response:
    project = projects.require(context.store, options.project_id) if options.project_id else None
    return accept_job(jobs.request_job(context.store, "import", arguments, project=project, requested_by="api"))


def _require_path(context: ApiContext, path: Path) -> Path:
    """Return the path without links, below the user's home or a named root. Errors show no other paths. Raises `NotAllowed`."""
    resolved_path = path.resolve()
    roots = (read_machine().home, *map(Path, context.settings.import_roots))
    if not any(resolved_path.is_relative_to(root.resolve()) for root in roots):
        raise NotAllowed(
            Message("{path} is not in your home folder.", path=path),
            "Name its folder in ONWARD_IMPORT_ROOTS for the server, or import it with the command: onward import PATH",
        )
    if not path.is_absolute() or not resolved_path.exists():
        raise BadInput(Message("{path} does not exist.", path=path), "Name a file or a folder by its absolute path.")
    return resolved_path


def _no_upload() -> BadInput:
    return BadInput("Nothing was sent.", "Send files as a form, or one transcript as the body.")


def _import_path(context: ApiContext, options: _ImportOptions, path: Path) -> Response:
    project = projects.require(context.store, options.project_id) if options.project_id else None
    report = imports.import_paths(
        context.store,
        [_require_path(context, path)],
        project=project,
        complete=options.complete,
        budget_tokens=options.budget_tokens or context.settings.budget_tokens,
        worktrees=context.settings.worktrees,
    )
    return ok(_imported_shape(report))


def _import_uploads(context: ApiContext, options: _ImportOptions, uploads: _Uploads) -> Response:
    if not uploads.files:
        raise _no_upload()
    project = projects.require(context.store, options.project_id) if options.project_id else None
    report = imports.import_uploads(
        context.store,
        uploads.files,
        project=project,
        complete=options.complete,
        budget_tokens=options.budget_tokens or context.settings.budget_tokens,
        worktrees=context.settings.worktrees,
        remote_origins=uploads.places,
    )
    return ok(_imported_shape(report))


@dataclass(slots=True)
class _Uploads:
    """The files of a request by their original names, each written to a path of ours, and the origins of their sessions
    (`Destination.remote_origins`).
    """

    files: list[tuple[str, Path]] = field(default_factory=list[tuple[str, Path]])
    places: dict[tuple[str, str], Origin] = field(default_factory=dict[tuple[str, str], Origin])


async def _save_uploads(request: Request, folder: Path, name: str) -> _Uploads:
    """Return the uploads of a request, each written to *folder*. A single file is called *name* if given."""
    uploads = _Uploads()
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "multipart/form-data":
        path = folder / "0"
        create_file(path)
        with path.open("wb") as file:
            async for chunk in request.stream():
                file.write(chunk)
        if path.stat().st_size:
            uploads.files.append((name or "upload", path))
        return uploads
    async with request.form(max_files=MAX_FILES) as form:
        for number, (field_name, value) in enumerate(form.multi_items()):
            if isinstance(value, UploadFile):
                path = folder / str(number)
                create_file(path)
                with path.open("wb") as file:
                    while chunk := await value.read(_CHUNK_BYTES):
                        file.write(chunk)
                uploads.files.append(((value.filename or "upload").replace("\0", ""), path))
            elif field_name == "places":
                uploads.places = _read_places(value)
            else:
                raise field_error("body", field_name, unknown_field(field_name, ("files", "places")))
    if name and len(uploads.files) == 1:
        uploads.files = [(name, uploads.files[0][1])]
    return uploads


def _read_places(text: str) -> dict[tuple[str, str], Origin]:
    """Return the origins of sessions, by the `cwd` and `remote` in their transcript."""
    try:
        places = orjson.loads(text)
        return {
            (str(place["cwd"]), str(place["remote"])): Origin(
                str(place["named"]), str(place["root"]), str(place["address"]), str(place["cwd"])
            )
            for place in places
        }
    except (ValueError, TypeError, KeyError) as error:
        raise BadInput("`places` is not a list of origins.", "Send it as shown at /docs, or leave it out.") from error


def _imported_shape(report: ImportResult) -> ImportedShape:
    return ImportedShape([_imported_file_shape(file) for file in report.files], report.skipped_files)


def _imported_file_shape(file: ImportedFile) -> ImportedFileShape:
    report = asdict(file.report)
    return ImportedFileShape(
        path=file.path,
        format=report["format"],
        records=report["records"],
        imported_records=report["imported_records"],
        turns=report["turns"],
        session_count=report["sessions"],
        truncated=report["truncated"],
        unknown_parts=report["unknown_parts"],
        skipped=report["skipped"],
        malformed=[MalformedShape(line, problem) for line, problem in report["malformed"]],
        malformed_count=report["malformed_count"],
        sessions=[_imported_session_shape(session) for session in file.sessions],
        error={"code": file.error.code, "message": str(file.error.message), "hint": str(file.error.hint)} if file.error else None,
    )


def _imported_session_shape(imported: ImportedSession) -> ImportedSessionShape:
    session = imported.session
    return ImportedSessionShape(
        session_id=session.id,
        session_number=session.number,
        project_id=session.project_id,
        session=session_shape(session),
        new_turns=imported.new_turns,
        known_turns=imported.known_turns,
        handoff_version=imported.version,
    )
