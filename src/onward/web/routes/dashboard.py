"""The first page: how everything stands; and where there is nothing yet, how to begin."""

from __future__ import annotations

from fastapi import Response

from onward.app import analytics, jobs, projects, sessions, stats
from onward.web.rendering import page
from onward.web.visit import CurrentVisit, page_router

router = page_router()

MOST_PROJECTS = 50
MOST_ACTIVE = 5
MOST_JOBS = 3


@router.get("/")
def show_dashboard(visit: CurrentVisit, after: str = "") -> Response:
    """Show the totals, the sessions that go on, and the projects by name; of an empty store, the ways to begin."""
    summaries = projects.list_projects(visit.store, after=after or None, limit=MOST_PROJECTS + 1)
    open_jobs = [job for job in jobs.list_jobs(visit.store, limit=20) if job.is_open][:MOST_JOBS]
    if not summaries and not after:
        return page(visit, "pages/first.html", jobs=open_jobs)
    active_sessions = sessions.list_all(visit.store, status="active", limit=MOST_ACTIVE)
    return page(
        visit,
        "pages/dashboard.html",
        stats=stats.read_stats(visit.store),
        lines=summaries[:MOST_PROJECTS],
        next_after=summaries[MOST_PROJECTS - 1].project.name if len(summaries) > MOST_PROJECTS else "",
        kept=analytics.kept_ratios(visit.store, [summary.project for summary in summaries]),
        active=active_sessions,
        names={session.project_id: projects.require(visit.store, session.project_id).name for session in active_sessions},
        jobs=open_jobs,
    )
