"""Analytics: what sessions were predicted to give, and what they gave."""

from __future__ import annotations

from fastapi import Response

from onward.app import analytics, projects
from onward.web.rendering import page
from onward.web.visit import At, routes

router = routes()


@router.get("/analytics")
def show(at: At, project: int | None = None) -> Response:
    """Show the figures of a project, or of all together."""
    chosen = projects.of_id(at.store, project) if project else None
    return page(at, "pages/analytics.html", project=chosen, report=analytics.growth(at.store, chosen))
