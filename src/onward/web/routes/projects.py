"""A project: its sessions, its handoff, and the turns behind a line of it."""

from __future__ import annotations

from fastapi import Response

from onward.app import projects, sessions, sources
from onward.web.rendering import page
from onward.web.visit import At, routes

router = routes()

MOST_SESSIONS = 50


@router.get("/projects/{project_id}")
def show(at: At, project_id: int, after: int = 0) -> Response:
    """Show a project's sessions by number."""
    line = projects.by_id(at.store, project_id)
    found = sessions.timeline(at.store, line.project, after=after, limit=MOST_SESSIONS + 1)
    return page(at, "pages/project.html", line=line, entries=found[:MOST_SESSIONS], has_more=len(found) > MOST_SESSIONS)


@router.get("/projects/{project_id}/sources/{handle}")
def source(at: At, project_id: int, handle: str) -> Response:
    """Show the turns behind a line of a handoff."""
    project = projects.of_id(at.store, project_id)
    return page(at, "pages/source.html", project=project, handle=handle, source=sources.source(at.store, project, handle))
