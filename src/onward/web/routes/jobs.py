"""Long work as a person follows it: a part of any page, and a page of its own to come back to."""

from __future__ import annotations

from fastapi import Response

from onward.app import jobs
from onward.web.long_work import leads, told
from onward.web.rendering import page, partial
from onward.web.visit import At, Visit, routes

router = routes()


@router.get("/jobs/{job_id}")
def show(at: At, job_id: int, then: str = "") -> Response:
    """Show one job; when it is done, where it leads. Works without a script, too: reload it."""
    job = jobs.find(at.store, job_id)
    return page(at, "pages/job.html", job=job, then=_within(then) or leads(job))


@router.get("/parts/jobs/{job_id}")
def progress(at: At, job_id: int, then: str = "") -> Response:
    """Answer how far a job is."""
    return _shown(at, jobs.find(at.store, job_id), then)


@router.post("/parts/jobs/{job_id}/cancel")
def cancel(at: At, job_id: int, then: str = "") -> Response:
    """Stop a job; what it did stays."""
    return _shown(at, jobs.cancel(at.store, job_id), then)


@router.post("/parts/jobs/{job_id}/retry")
def retry(at: At, job_id: int, then: str = "") -> Response:
    """Begin a job again that failed or was stopped."""
    return _shown(at, jobs.retry(at.store, job_id), then)


def _shown(at: Visit, job: jobs.Job, then: str) -> Response:
    return partial(at, "partials/_job.html", job=job, then=_within(then), toast=told(job))


def _within(then: str) -> str:
    """Return an address if it is a page of ours, else nothing."""
    return then if then.startswith("/") and not then.startswith(("//", "/\\")) else ""
