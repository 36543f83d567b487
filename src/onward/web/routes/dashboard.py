"""The first page: how everything stands; and where there is nothing yet, how to begin."""

from __future__ import annotations

from fastapi import Response

from onward.app import analytics, jobs, projects, sessions, stats
from onward.web.rendering import page
from onward.web.visit import At, routes

router = routes()

MOST_PROJECTS = 50
MOST_ACTIVE = 5
MOST_JOBS = 3


@router.get("/")
def home(at: At, after: str = "") -> Response:
    """Show the totals, the sessions that go on, and the projects by name; of an empty store, the ways to begin."""
    found = projects.listed(at.store, after=after or None, limit=MOST_PROJECTS + 1)
    working = [job for job in jobs.listed(at.store, limit=20) if job.is_open][:MOST_JOBS]
    if not found and not after:
        return page(at, "pages/first.html", jobs=working)
    active = sessions.of_all(at.store, status="active", limit=MOST_ACTIVE)
    return page(
        at,
        "pages/dashboard.html",
        stats=stats.stats(at.store),
        lines=found[:MOST_PROJECTS],
        next_after=found[MOST_PROJECTS - 1].project.name if len(found) > MOST_PROJECTS else "",
        kept=analytics.kept_ratios(at.store, [line.project for line in found]),
        active=active,
        names={one.project_id: projects.of_id(at.store, one.project_id).name for one in active},
        jobs=working,
    )
