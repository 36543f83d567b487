"""Sessions: those of every project, and one of them."""

from __future__ import annotations

from typing import Literal

from fastapi import Response

from onward.app import projects, sessions
from onward.web.rendering import page
from onward.web.visit import At, routes

router = routes()

MOST_SESSIONS = 50


@router.get("/sessions")
def listed(at: At, status: Literal["", "active", "completed", "abandoned"] = "", before: int | None = None) -> Response:
    """Show the sessions of every project, the one begun last first."""
    found = sessions.of_all(at.store, status=status or None, before=before, limit=MOST_SESSIONS + 1)
    shown = found[:MOST_SESSIONS]
    names = {project_id: projects.of_id(at.store, project_id).name for project_id in {one.project_id for one in shown}}
    return page(at, "pages/sessions.html", sessions=shown, names=names, status=status, has_more=len(found) > MOST_SESSIONS)


@router.get("/sessions/{session_id}")
def show(at: At, session_id: int) -> Response:
    """Show a session and the handoff that completing it made."""
    found = sessions.show(at.store, sessions.of_id(at.store, session_id))
    return page(at, "pages/session.html", detail=found, project=projects.of_id(at.store, found.session.project_id))
