"""Background jobs: a list, a page for each, and the progress part that other pages embed."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import Response

from onward.app.jobs import jobs
from onward.app.projects import projects
from onward.app.sessions import removal, sessions
from onward.errors import NotFound
from onward.web.job_pages import completion_toast, job_title, result_url
from onward.web.language import _, ngettext
from onward.web.page_request import CurrentPageRequest, Toast, local_path, page_router
from onward.web.render import page, partial, redirect
from onward.web.routes.session_changes import MAX_CHOICES

router = page_router()

MAX_JOBS = 50


@router.get("/jobs")
def list_jobs(request: CurrentPageRequest, before: int | None = None) -> Response:
    """Show the jobs, newest first."""
    newest_jobs = jobs.list_jobs(request.store, before=before, limit=MAX_JOBS + 1)
    shown_jobs = newest_jobs[:MAX_JOBS]
    names = {
        project_id: projects.require(request.store, project_id).name
        for project_id in {job.project_id for job in shown_jobs if job.project_id}
    }
    return page(
        request,
        "pages/jobs.html",
        jobs=shown_jobs,
        project_names=names,
        job_title=job_title,
        has_more=len(newest_jobs) > MAX_JOBS,
        is_first=before is None,
    )


@router.get("/jobs/{job_id}")
def show_job(request: CurrentPageRequest, job_id: int, next_url: str = "") -> Response:
    """Show one job and where its result is. Works without scripts: reload the page."""
    job = jobs.require(request.store, job_id)
    project = projects.require(request.store, job.project_id) if job.project_id else None
    return page(request, "pages/job.html", job=job, project=project, name=job_title(job), next_url=local_path(next_url) or result_url(job))


@router.get("/parts/jobs/{job_id}")
def job_progress(request: CurrentPageRequest, job_id: int, next_url: str = "", is_step: bool = False) -> Response:
    """Return the progress of a job. A step request (*is_step*) gets no toast, because a full request follows."""
    job = jobs.require(request.store, job_id)
    return partial(request, "partials/_job.html", job=job, next_url=local_path(next_url), toast=None if is_step else completion_toast(job))


@router.post("/parts/jobs/{job_id}/cancel")
def cancel_job(request: CurrentPageRequest, job_id: int, next_url: str = "") -> Response:
    """Cancel a job; what it has done stays."""
    return partial(request, "partials/_job.html", job=jobs.cancel(request.store, job_id), next_url=local_path(next_url))


@router.post("/parts/jobs/{job_id}/retry")
def retry_job(request: CurrentPageRequest, job_id: int, next_url: str = "") -> Response:
    """Retry a failed or cancelled job."""
    return partial(request, "partials/_job.html", job=jobs.retry(request.store, job_id), next_url=local_path(next_url))


@router.post("/parts/jobs/{job_id}/undo")
def undo_import(request: CurrentPageRequest, job_id: int) -> Response:
    """Delete the sessions that an import made; each can be brought back for a day. Sessions that it only added turns to stay."""
    reports = jobs.require(request.store, job_id).result.get("reports", [])
    session_ids = [session["id"] for report in reports for session in report["sessions"] if session["is_new"]]
    deleted_ids: list[int] = []
    for session_id in dict.fromkeys(session_ids):
        try:
            removal.delete(request.store, sessions.require_by_id(request.store, session_id))
        except NotFound:
            continue
        deleted_ids.append(session_id)
    if not deleted_ids:
        return redirect(request, "/", toast=Toast(_("Nothing left to undo."), "info"))
    text = ngettext("%(num)s session deleted", "%(num)s sessions deleted", len(deleted_ids))
    undo_url = f"/parts/sessions/undelete?{urlencode({'session': deleted_ids}, doseq=True)}" if len(deleted_ids) <= MAX_CHOICES else ""
    return redirect(request, "/", toast=Toast(text, undo=undo_url))
