"""Jobs: progress, cancelling, retrying, and the file of an export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Query, Response
from fastapi.responses import FileResponse

from onward.api.answers.envelope import Envelope, answers, error_docs, no_store_headers, ok, pages
from onward.api.answers.openapi import json_content
from onward.api.answers.paging import Paging
from onward.api.bodies import MAX_ID, Id
from onward.api.context import ApiContext, Context
from onward.api.parsing import create_router
from onward.app.admin import backups
from onward.app.jobs import jobs, kinds
from onward.app.jobs.jobs import Job, JobState
from onward.app.projects import projects
from onward.errors import Conflict, NotFound
from onward.message import Message, in_english

router = create_router("jobs")

STATUS_ACCEPTED = 202
SQLITE_TYPE = "application/vnd.sqlite3"
DATABASE_DOCS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The backup.", "content": {SQLITE_TYPE: {"schema": {"type": "string", "format": "binary"}}}}
}
ZIP_DOCS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The archive.", "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}
}


@dataclass(frozen=True, slots=True)
class JobErrorShape:
    """Why the last attempt failed, and what to do."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class JobShape:
    """A job. `done` of `total` is its progress (`total` null if unknown), `step` what it is doing; `result` grows while it runs. After a
    failed attempt it waits until `due_at`.
    """

    id: int
    kind: str
    state: JobState
    project_id: int | None
    requested_by: str
    step: str
    done: int
    total: int | None
    attempts: int
    error: JobErrorShape | None
    spend_usd: float
    result: Mapping[str, Any]
    is_being_cancelled: bool
    created_at: datetime
    started_at: datetime | None
    due_at: datetime | None
    finished_at: datetime | None


def job_shape(job: Job) -> JobShape:
    """Return the shape of a job."""
    error = JobErrorShape(job.error["code"], str(job.error["message"]), str(job.error["hint"])) if job.error else None
    return JobShape(
        id=job.id,
        kind=job.kind,
        state=job.state,
        project_id=job.project_id,
        requested_by=job.requested_by,
        step=str(job.step),
        done=job.done,
        total=job.total,
        attempts=job.attempts,
        error=error,
        spend_usd=job.spend_usd,
        result=in_english(job.result),
        is_being_cancelled=job.is_open and job.cancel_asked_at is not None,
        created_at=job.created_at,
        started_at=job.started_at,
        due_at=job.due_at if job.is_open else None,
        finished_at=job.finished_at,
    )


def accept_job(job: Job) -> Response:
    """Return the response for a job that runs in the background."""
    return ok(job_shape(job), status=STATUS_ACCEPTED, headers={"location": f"/api/jobs/{job.id}"}, job_id=job.id)


JOB_DOCS: dict[int | str, dict[str, Any]] = {
    STATUS_ACCEPTED: {"content": json_content(Envelope[JobShape]), "description": "The job that runs in the background."}
}
"""The OpenAPI description of a route that may answer a job."""


@router.get("/jobs", summary="List the jobs", **pages(JobShape, NotFound))
def list_jobs(
    context: Context,
    page: Paging,
    state: Annotated[JobState | None, Query(description="Only with this state.")] = None,
    project_id: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Only of this project.")] = None,
) -> Response:
    """List the jobs, the newest first."""
    project = None if project_id is None else projects.require(context.store, project_id)
    found_jobs = jobs.list_jobs(context.store, state=state, project=project, before=page.last_key(int), limit=page.limit + 1)
    return page.answer(found_jobs, shape=job_shape, key_of=lambda job: (job.id,))


@router.get("/jobs/{job_id}", summary="Show a job", **answers(JobShape, NotFound))
def show_job(context: Context, job_id: Id) -> Response:
    """Return a job: its state, progress and result."""
    return ok(job_shape(jobs.require(context.store, job_id)), headers=no_store_headers())


@router.post("/jobs/{job_id}/cancel", summary="Cancel a job", **answers(JobShape, NotFound))
def cancel_job(context: Context, job_id: Id) -> Response:
    """Cancel a job: at once if it has not started, else as soon as its worker notices. What it did so far stays; a finished job does not
    change.
    """
    return ok(job_shape(jobs.cancel(context.store, job_id)))


@router.post("/jobs/{job_id}/retry", summary="Retry a job", **answers(JobShape, NotFound, Conflict))
def retry_job(context: Context, job_id: Id) -> Response:
    """Start a failed or cancelled job again, from its last step."""
    return ok(job_shape(jobs.retry(context.store, job_id)))


@router.get(
    "/jobs/{job_id}/file", summary="Download an export", response_class=FileResponse, responses={**error_docs(NotFound), **ZIP_DOCS}
)
def download_export(context: Context, job_id: Id) -> Response:
    """Return the archive of an export job. It is deleted after a week."""
    return _file_response(context, job_id, "export", "application/zip")


@router.post("/backups", summary="Create a backup of the store", **answers(JobShape, status=STATUS_ACCEPTED))
def create_backup(context: Context) -> Response:
    """Copy the whole store to a file in the background while it is in use, and verify the copy. Only for SQLite: PostgreSQL has tools of
    its own.
    """
    return accept_job(backups.request_backup(context.store, requested_by="api"))


@router.get(
    "/backups/{job_id}/file", summary="Download a backup", response_class=FileResponse, responses={**error_docs(NotFound), **DATABASE_DOCS}
)
def download_backup(context: Context, job_id: Id) -> Response:
    """Return the file of a backup job, for `onward restore`. It is deleted after a week."""
    return _file_response(context, job_id, backups.KIND, SQLITE_TYPE)


def _file_response(context: ApiContext, job_id: int, kind: str, media_type: str) -> Response:
    job = jobs.require(context.store, job_id)
    path = kinds.output_path(context.settings.home, job)
    if job.kind != kind or job.state != "done" or not path.is_file():
        raise NotFound(
            Message("Job {job_id} has no file.", job_id=job_id), "It is of another kind, is not done, or was done more than a week ago."
        )
    return FileResponse(path, media_type=media_type, filename=str(job.result["name"]), headers=no_store_headers())


@router.post(
    "/projects/{project_id}/rebuild", summary="Extract a project's facts again", **answers(JobShape, NotFound, status=STATUS_ACCEPTED)
)
def rebuild_project(context: Context, project_id: Id) -> Response:
    """Extract the facts of every completed session again in the background, for example after an upgrade. A person's corrections stay."""
    project = projects.require(context.store, project_id)
    return accept_job(jobs.request_job(context.store, "rebuild", {}, project=project, key=str(project.id), requested_by="api"))
