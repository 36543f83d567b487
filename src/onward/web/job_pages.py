"""Long work that a page asked for: a moment is waited for it, and what takes longer is followed at an address of its own, which can be left and come back to."""

from __future__ import annotations

from urllib.parse import urlencode

from anyio import current_time, sleep
from anyio.to_thread import run_sync
from fastapi import Response

from onward.app.admin import backups
from onward.app.handoffs import refiner
from onward.app.jobs import jobs
from onward.app.jobs.jobs import Job
from onward.app.sessions import completion_job
from onward.web.language import _, ngettext
from onward.web.render import redirect
from onward.web.visit import Toast, Visit

WAIT_SECONDS = 2.0
"""So long somebody who pressed a button looks at it; what is done by then needs no page of its own."""
_POLL_SECONDS = 0.05


async def wait_briefly(visit: Visit, job: Job) -> Job:
    """Return a job as it is when it is over, or after a moment."""
    deadline = current_time() + WAIT_SECONDS
    while job.is_open and current_time() < deadline:
        await sleep(_POLL_SECONDS)
        job = await run_sync(jobs.require, visit.store, job.id)
    return job


def redirect_to_job(visit: Visit, job: Job, next_url: str = "") -> Response:
    """Lead to the page of a job, and from there to *then* when it is done; by itself to where its result is seen."""
    query = urlencode({"then": next_url}) if next_url else ""
    return redirect(
        visit, f"/jobs/{job.id}" + (f"?{query}" if query else ""), toast=Toast(_("It has begun. You may leave this page."), "info")
    )


def job_title(job: Job) -> str:
    """Return what a job is called."""
    if job.kind == completion_job.JOB_KIND:
        return _("Completing a session") if job.arguments["said"] else _("Adding a transcript")
    titles = {
        "import": _("Importing sessions"),
        refiner.JOB_KIND: _("Refining a handoff"),
        "rebuild": _("Extracting facts anew"),
        "export": _("Exporting a project"),
        "import-project": _("Bringing in a project"),
        backups.KIND: _("Safe copy"),
    }
    return titles.get(job.kind, job.kind)


def result_url(job: Job) -> str:
    """Return the page on which the result of a job is seen; nothing where the job itself tells it."""
    if job.kind == completion_job.JOB_KIND:
        return f"/sessions/{job.arguments['session_id']}" + ("/handoff" if job.arguments["said"] else "")
    if job.kind in ("import", refiner.JOB_KIND):
        return (
            (f"/handoff?project={job.project_id}" if job.arguments.get("complete", True) else f"/projects/{job.project_id}")
            if job.project_id
            else "/"
        )
    return ""


def completion_toast(job: Job) -> Toast | None:
    """Return what is said when a job has just come to its end; None where its result is all there is to say."""
    if job.kind != completion_job.JOB_KIND or job.state != "done":
        return None
    number, version, new_turns = (job.result.get(name) for name in ("session_number", "handoff_version", "new_turns"))
    if version:
        return Toast(_("Session %(number)s is completed: handoff %(version)s is ready", number=number, version=version))
    if new_turns:
        return Toast(ngettext("%(num)s new turn", "%(num)s new turns", new_turns))
    return Toast(_("The session has all of these turns already"), "info")
