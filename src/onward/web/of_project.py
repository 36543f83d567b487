"""What every page of a project shows: what it holds, the session that goes on, and where among its pages one is."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from onward.app import handoffs, jobs, projects, refining, sessions
from onward.app.handoffs import Current
from onward.app.jobs import Job
from onward.app.projects import Project
from onward.core.handoff import Handoff, Line
from onward.core.headings import SECTIONS
from onward.errors import NotFound
from onward.web.visit import Visit

Tab: TypeAlias = Literal["overview", "sessions", "facts", "files"]

NEXT, BLOCKED = SECTIONS[2], SECTIONS[3]
"""The sections of a handoff that hold what is open."""

CHANGED = "onward:handoff"
"""The event after which what is shown of a project's handoff, and of its facts, is fetched anew."""


def around(at: Visit, project_id: int, tab: Tab) -> dict[str, Any]:
    """Return what stands around the page of a project that *tab* names."""
    line = projects.by_id(at.store, project_id)
    active = sessions.of_all(at.store, project_id=project_id, status="active", limit=1)
    return {"line": line, "project": line.project, "tab": tab, "active": active[0] if active else None}


def newest(at: Visit, project: Project) -> Current | None:
    """Return a project's master handoff; None before the first."""
    try:
        return handoffs.current(at.store, project)
    except NotFound:
        return None


def refinements(at: Visit, project: Project, version: int) -> list[Job]:
    """Return the job that refined a project's handoff last, while it is open or says why nothing came of it for that *version*; else nothing."""
    found = next((one for one in jobs.listed(at.store, project=project, limit=10) if one.kind == refining.KIND), None)
    if found is None:
        return []
    is_of_this = found.arguments.get("handoff_version") == version
    return [found] if found.is_open or (is_of_this and not found.result.get("kept")) else []


def closing(handoff: Handoff) -> list[str]:
    """Return what stands below a handoff, without the account of what it keeps: that is shown beside it."""
    return [line for line in handoff.closing if not line.startswith("Kept at ")]


def open_items(handoff: Handoff) -> list[tuple[bool, Line]]:
    """Return what a handoff says is open: whether something stands in its way, or is not known, and the line."""
    there = {section.title: section.lines for section in handoff.sections}
    return [(title == BLOCKED, line) for title in (NEXT, BLOCKED) for line in there.get(title, ())]
