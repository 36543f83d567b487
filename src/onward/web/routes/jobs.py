"""Long work as a person follows it: a part of any page, and a page of its own to come back to."""

from __future__ import annotations

from fastapi import Response

from onward.app import jobs, projects
from onward.web.long_work import leads, named, told
from onward.web.rendering import page, partial
from onward.web.visit import At, routes

router = routes()

MOST_JOBS = 50


@router.get("/jobs")
def listed(at: At, before: int | None = None) -> Response:
    """Show what was asked for, the newest first: what is at work, what came of it, what failed."""
    found = jobs.listed(at.store, before=before, limit=MOST_JOBS + 1)
    shown = found[:MOST_JOBS]
    names = {number: projects.of_id(at.store, number).name for number in {one.project_id for one in shown if one.project_id}}
    return page(at, "pages/jobs.html", jobs=shown, names=names, named=named, has_more=len(found) > MOST_JOBS, is_first=before is None)


@router.get("/jobs/{job_id}")
def show(at: At, job_id: int, then: str = "") -> Response:
    """Show one job; when it is done, where it leads. Works without a script, too: reload it."""
    job = jobs.find(at.store, job_id)
    project = projects.of_id(at.store, job.project_id) if job.project_id else None
    return page(at, "pages/job.html", job=job, project=project, name=named(job), then=_within(then) or leads(job))


@router.get("/parts/jobs/{job_id}")
def progress(at: At, job_id: int, then: str = "", is_step: bool = False) -> Response:
    """Answer how far a job is. Whoever asks only for what it is at is not told that it has ended: they are about to ask for all of it."""
    job = jobs.find(at.store, job_id)
    return partial(at, "partials/_job.html", job=job, then=_within(then), toast=None if is_step else told(job))


@router.post("/parts/jobs/{job_id}/cancel")
def cancel(at: At, job_id: int, then: str = "") -> Response:
    """Stop a job; what it did stays."""
    return partial(at, "partials/_job.html", job=jobs.cancel(at.store, job_id), then=_within(then))


@router.post("/parts/jobs/{job_id}/retry")
def retry(at: At, job_id: int, then: str = "") -> Response:
    """Begin a job again that failed or was stopped."""
    return partial(at, "partials/_job.html", job=jobs.retry(at.store, job_id), then=_within(then))


def _within(then: str) -> str:
    """Return an address if it is a page of ours, else nothing."""
    return then if then.startswith("/") and not then.startswith(("//", "/\\")) else ""
