"""Handoffs: the master handoff of each project."""

from __future__ import annotations

from fastapi import Response

from onward.app import handoffs, projects
from onward.errors import NotFound
from onward.web.rendering import page
from onward.web.visit import At, routes

router = routes()


@router.get("/handoff")
def show(at: At, project: int | None = None) -> Response:
    """Show a project's master handoff: of the one that is named, else of the only one."""
    lines = projects.listed(at.store, limit=100)
    chosen = projects.of_id(at.store, project) if project else lines[0].project if len(lines) == 1 else None
    found = None
    if chosen:
        try:
            found = handoffs.current(at.store, chosen)
        except NotFound:
            found = None
    return page(at, "pages/handoff.html", lines=lines, project=chosen, found=found)
