"""Jobs started from a page: the page waits briefly, then redirects to the job's own page, which can be left and reopened."""

from __future__ import annotations

from urllib.parse import urlencode

from anyio import current_time, sleep
from anyio.to_thread import run_sync
from fastapi import Response

from onward.app.admin import backups
from onward.app.handoffs import writer
from onward.app.jobs import jobs
from onward.app.jobs.jobs import Job
from onward.app.projects import shared_rules
from onward.app.sessions import completion_job
from onward.web.language import _, ngettext
from onward.web.page_request import PageRequest, Toast
from onward.web.render import redirect

WAIT_SECONDS = 2.0
"""How long a request waits for a job; a job that ends within this time needs no page."""
_POLL_SECONDS = 0.05


async def wait_briefly(request: PageRequest, job: Job) -> Job:
    """Return *job* once it has ended, or as it is after a short wait."""
    deadline = current_time() + WAIT_SECONDS
    while job.is_open and current_time() < deadline:
        await sleep(_POLL_SECONDS)
        job = await run_sync(jobs.require, request.store, job.id)
    return job


def redirect_to_job(request: PageRequest, job: Job, next_url: str = "") -> Response:
    """Redirect to a job's page. When the job is done, that page leads to *next_url*, or to `result_url`."""
    query = urlencode({"next_url": next_url}) if next_url else ""
    return redirect(
        request, f"/jobs/{job.id}" + (f"?{query}" if query else ""), toast=Toast(_("Started. You can leave this page."), "info")
    )


def job_title(job: Job) -> str:
    """Return the title of a job."""
    if job.kind == completion_job.JOB_KIND:
        return _("Completing a session") if job.arguments["said"] else _("Adding a transcript")
    titles = {
        "import": _("Importing sessions"),
        writer.JOB_KIND: _("Improving a handoff"),
        "rebuild": _("Re-extracting facts"),
        "export": _("Exporting a project"),
        "import-project": _("Importing a project"),
        backups.KIND: _("Backup"),
        shared_rules.JOB_KIND: _("Adding rules to all handoffs"),
    }
    return titles.get(job.kind, job.kind)


def result_url(job: Job) -> str:
    """Return the page that shows a job's result; empty if the job's own page shows it."""
    if job.kind == completion_job.JOB_KIND:
        return f"/sessions/{job.arguments['session_id']}" + ("/handoff" if job.arguments["said"] else "")
    if job.kind in ("import", writer.JOB_KIND):
        return (
            (f"/handoff?project={job.project_id}" if job.arguments.get("complete", True) else f"/projects/{job.project_id}")
            if job.project_id
            else "/"
        )
    return ""


def completion_toast(job: Job) -> Toast | None:
    """Return the toast for a job that has just ended; None if its result says enough."""
    if job.kind != completion_job.JOB_KIND or job.state != "done":
        return None
    number, version, new_turns = (job.result.get(name) for name in ("session_number", "handoff_version", "new_turns"))
    if version:
        return Toast(_("Session %(number)s completed: handoff %(version)s is ready", number=number, version=version))
    if new_turns:
        return Toast(ngettext("%(num)s new turn", "%(num)s new turns", new_turns))
    return Toast(_("No new turns: the session already has them"), "info")
