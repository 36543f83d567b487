"""Archives: export and import of whole projects."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Annotated, BinaryIO

from anyio.to_thread import run_sync
from fastapi import Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import Field
from starlette.background import BackgroundTask
from starlette.datastructures import UploadFile

from onward.api.answers.envelope import answers, error_docs, no_store_headers, ok
from onward.api.bodies import Body, IdField
from onward.api.context import ApiContext, Context
from onward.api.parsing import create_router
from onward.api.routes.jobs import JOB_DOCS, ZIP_DOCS, accept_job
from onward.app.archives import archives
from onward.app.jobs import jobs, kinds
from onward.app.projects import projects
from onward.errors import BadArchive, BadInput, Conflict, NotFound
from onward.private_files import create_file, create_folder

router = create_router("archives")

_UPLOAD_DOCS = {
    "requestBody": {
        "required": True,
        "content": {
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
            },
        },
    }
}


class ExportBody(Body):
    """A project to export. `training` adds its sessions as chats for training; `in_background` answers a job, whose file can be fetched
    when it is done.
    """

    project_id: IdField = Field(examples=[1])
    training: bool = False
    in_background: bool = False


@dataclass(frozen=True, slots=True)
class ImportedProjectShape:
    """An imported project. `is_unchanged` if the store already had all of the archive."""

    project_id: int
    name: str
    session_count: int
    turn_count: int
    handoff_count: int
    is_unchanged: bool


@router.post(
    "/private/export-project",
    summary="Export a project",
    response_class=FileResponse,
    responses={**error_docs(NotFound), **ZIP_DOCS, **JOB_DOCS},
)
def export_project(context: Context, body: ExportBody) -> Response:
    """Return a project as a zip: all stored data as JSON lines, every handoff and transcript as Markdown, and a checksum of each part."""
    project = projects.require(context.store, body.project_id)
    if body.in_background:
        key = f"{project.id}:{body.training}"
        return accept_job(
            jobs.request_job(context.store, "export", {"training": body.training}, project=project, key=key, requested_by="api")
        )
    target = _new_path(context.settings.home / kinds.EXPORTS)
    archives.export_project(context.store, project, target, training=body.training)
    name = f"{project.name}.onward.zip"
    return FileResponse(
        target, media_type="application/zip", filename=name, headers=no_store_headers(), background=BackgroundTask(target.unlink)
    )


@router.post(
    "/projects/import",
    summary="Import an exported project",
    openapi_extra=_UPLOAD_DOCS,
    **answers(ImportedProjectShape, BadArchive, Conflict, other_responses=JOB_DOCS),
)
async def import_archive(
    context: Context,
    request: Request,
    name: Annotated[str, Query(max_length=200, description="The project's name here. Default: its own.")] = "",
    in_background: Annotated[bool, Query(description="Answer a job at once and run in the background.")] = False,
) -> Response:
    """Import an exported project as a whole. Its handoffs stay the same; sending it again changes nothing.

    Send the archive as the body, or as the field `file` of a form.
    """
    path = _new_path(context.settings.home / kinds.UPLOADS)
    try:
        await _save_upload(request, path)
        if in_background:
            return await run_sync(_import_later, context, path, name)
        return await run_sync(_import_now, context, path, name)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _import_now(context: ApiContext, path: Path, name: str) -> Response:
    imported = archives.import_archive(context.store, path, name=name)
    path.unlink()
    return ok(
        ImportedProjectShape(
            project_id=imported.project.id,
            name=imported.project.name,
            session_count=imported.sessions,
            turn_count=imported.turns,
            handoff_count=imported.handoffs,
            is_unchanged=imported.is_unchanged,
        )
    )


def _import_later(context: ApiContext, path: Path, name: str) -> Response:
    return accept_job(jobs.request_job(context.store, "import-project", {"path": str(path), "name": name}, requested_by="api"))


def _new_path(folder: Path) -> Path:
    """Return a new path for a request's file, in a private folder of the home."""
    create_folder(folder)
    return folder / f"{token_hex(16)}.zip"


async def _save_upload(request: Request, path: Path) -> None:
    """Write the request's file to *path*, chunk by chunk."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form(max_files=1, max_fields=10) as form:
            upload = form.get("file")
            if not isinstance(upload, UploadFile):
                raise BadInput("The form has no file.", "Send the archive as the field `file`.")
            await run_sync(_copy, upload.file, path)
        return
    create_file(path)
    with path.open("wb") as file:
        async for chunk in _read_chunks(request):
            await run_sync(file.write, chunk)


async def _read_chunks(request: Request) -> AsyncIterator[bytes]:
    """Yield the body in chunks that are large enough to be written in a thread."""
    buffer = bytearray()
    async for chunk in request.stream():
        buffer += chunk
        if len(buffer) >= 2**20:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer)


def _copy(source: BinaryIO, path: Path) -> None:
    create_file(path)
    with path.open("wb") as file:
        while chunk := source.read(2**20):
            file.write(chunk)
