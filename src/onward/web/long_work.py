"""Long work that a page asked for: a moment is waited for it, and what takes longer is followed at an address of its own, which can be left and come back to."""

from __future__ import annotations

from urllib.parse import urlencode

from anyio import current_time, sleep
from anyio.to_thread import run_sync
from fastapi import Response

from onward.app import backups, jobs, refining, session_jobs
from onward.app.jobs import Job
from onward.web.language import _, ngettext
from onward.web.rendering import go
from onward.web.visit import Toast, Visit

WAITED_SECONDS = 2.0
"""So long somebody who pressed a button looks at it; what is done by then needs no page of its own."""
_LOOK_SECONDS = 0.05


async def soon(at: Visit, job: Job) -> Job:
    """Return a job as it is when it is over, or after a moment."""
    until = current_time() + WAITED_SECONDS
    while job.is_open and current_time() < until:
        await sleep(_LOOK_SECONDS)
        job = await run_sync(jobs.find, at.store, job.id)
    return job


def follow(at: Visit, job: Job, then: str = "") -> Response:
    """Lead to the page of a job, and from there to *then* when it is done; by itself to where its result is seen."""
    there = urlencode({"then": then}) if then else ""
    return go(at, f"/jobs/{job.id}" + (f"?{there}" if there else ""), toast=Toast(_("It has begun. You may leave this page."), "info"))


def named(job: Job) -> str:
    """Return what a job is called."""
    if job.kind == session_jobs.KIND:
        return _("Completing a session") if job.arguments["said"] else _("Adding a transcript")
    known = {
        "import": _("Importing sessions"),
        refining.KIND: _("Refining a handoff"),
        "rebuild": _("Extracting facts anew"),
        "export": _("Exporting a project"),
        "import-project": _("Bringing in a project"),
        backups.KIND: _("Safe copy"),
    }
    return known.get(job.kind, job.kind)


def leads(job: Job) -> str:
    """Return the page on which the result of a job is seen; nothing where the job itself tells it."""
    if job.kind == session_jobs.KIND:
        return f"/sessions/{job.arguments['session_id']}" + ("/handoff" if job.arguments["said"] else "")
    if job.kind in ("import", refining.KIND):
        return (
            (f"/handoff?project={job.project_id}" if job.arguments.get("complete", True) else f"/projects/{job.project_id}")
            if job.project_id
            else "/"
        )
    return ""


def told(job: Job) -> Toast | None:
    """Return what is said when a job has just come to its end; None where its result is all there is to say."""
    if job.kind != session_jobs.KIND or job.state != "done":
        return None
    number, version, new = (job.result.get(name) for name in ("session_number", "handoff_version", "new_turns"))
    if version:
        return Toast(_("Session %(number)s is completed: handoff %(version)s is ready", number=number, version=version))
    if new:
        return Toast(ngettext("%(num)s new turn", "%(num)s new turns", new))
    return Toast(_("The session has all of these turns already"), "info")
