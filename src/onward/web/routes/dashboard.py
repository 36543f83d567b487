"""The start page: totals, active sessions and projects; for an empty store, the ways to import sessions."""

from __future__ import annotations

from fastapi import Response

from onward.app import analytics
from onward.app.admin import stats
from onward.app.jobs import jobs
from onward.app.projects import projects
from onward.app.sessions import sessions
from onward.web.page_request import CurrentPageRequest, page_router
from onward.web.render import page

router = page_router()

MAX_PROJECTS = 50
MAX_ACTIVE = 5
MAX_JOBS = 3


@router.get("/")
def show_dashboard(request: CurrentPageRequest, after: str = "") -> Response:
    """Show the start page."""
    summaries = projects.list_projects(request.store, after=after or None, limit=MAX_PROJECTS + 1)
    open_jobs = [job for job in jobs.list_jobs(request.store, limit=20) if job.is_open][:MAX_JOBS]
    if not summaries and not after:
        return page(request, "pages/welcome.html", jobs=open_jobs)
    active_sessions = sessions.list_all(request.store, status="in_progress", limit=MAX_ACTIVE)
    return page(
        request,
        "pages/dashboard.html",
        stats=stats.read_stats(request.store),
        project_lines=summaries[:MAX_PROJECTS],
        next_after=summaries[MAX_PROJECTS - 1].project.name if len(summaries) > MAX_PROJECTS else "",
        preserved_ratios=analytics.kept_ratios(request.store, [summary.project for summary in summaries]),
        active_sessions=active_sessions,
        project_names={session.project_id: projects.require(request.store, session.project_id).name for session in active_sessions},
        jobs=open_jobs,
    )
