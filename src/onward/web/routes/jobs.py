"""Background jobs: a list, a page for each, and the progress part that other pages embed."""

from __future__ import annotations

from fastapi import Response

from onward.app.jobs import jobs
from onward.app.projects import projects
from onward.web.job_pages import completion_toast, job_title, result_url
from onward.web.render import page, partial
from onward.web.visit import CurrentVisit, page_router

router = page_router()

MAX_JOBS = 50


@router.get("/jobs")
def list_jobs(visit: CurrentVisit, before: int | None = None) -> Response:
    """Show the jobs, newest first."""
    newest_jobs = jobs.list_jobs(visit.store, before=before, limit=MAX_JOBS + 1)
    shown_jobs = newest_jobs[:MAX_JOBS]
    names = {
        project_id: projects.require(visit.store, project_id).name
        for project_id in {job.project_id for job in shown_jobs if job.project_id}
    }
    return page(
        visit,
        "pages/jobs.html",
        jobs=shown_jobs,
        project_names=names,
        job_title=job_title,
        has_more=len(newest_jobs) > MAX_JOBS,
        is_first=before is None,
    )


@router.get("/jobs/{job_id}")
def show_job(visit: CurrentVisit, job_id: int, then: str = "") -> Response:
    """Show one job and where its result is. Works without scripts: reload the page."""
    job = jobs.require(visit.store, job_id)
    project = projects.require(visit.store, job.project_id) if job.project_id else None
    return page(visit, "pages/job.html", job=job, project=project, name=job_title(job), then=_local_path(then) or result_url(job))


@router.get("/parts/jobs/{job_id}")
def job_progress(visit: CurrentVisit, job_id: int, then: str = "", is_step: bool = False) -> Response:
    """Return the progress of a job. A step request (*is_step*) gets no toast, because a full request follows."""
    job = jobs.require(visit.store, job_id)
    return partial(visit, "partials/_job.html", job=job, then=_local_path(then), toast=None if is_step else completion_toast(job))


@router.post("/parts/jobs/{job_id}/cancel")
def cancel_job(visit: CurrentVisit, job_id: int, then: str = "") -> Response:
    """Cancel a job; what it has done stays."""
    return partial(visit, "partials/_job.html", job=jobs.cancel(visit.store, job_id), then=_local_path(then))


@router.post("/parts/jobs/{job_id}/retry")
def retry_job(visit: CurrentVisit, job_id: int, then: str = "") -> Response:
    """Retry a failed or cancelled job."""
    return partial(visit, "partials/_job.html", job=jobs.retry(visit.store, job_id), then=_local_path(then))


def _local_path(then: str) -> str:
    """Return *then* if it is a path of this server; else an empty text."""
    return then if then.startswith("/") and not then.startswith(("//", "/\\")) else ""
