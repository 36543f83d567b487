"""What every page of a project shows: what it holds, the session that goes on, and where among its pages one is."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from onward.app.handoffs import handoffs, refiner
from onward.app.handoffs.handoffs import CurrentHandoff
from onward.app.jobs import jobs
from onward.app.jobs.jobs import Job
from onward.app.projects import projects
from onward.app.projects.projects import Project
from onward.app.sessions import sessions
from onward.core.facts.kinds import KINDS
from onward.core.handoff.document import CitedLine, Handoff
from onward.errors import NotFound
from onward.web.visit import Visit

Tab: TypeAlias = Literal["overview", "sessions", "facts", "files"]

NEXT_SECTION, BLOCKED_SECTION = KINDS["next_step"].section.title, KINDS["blocker"].section.title
"""The sections of a handoff that hold what is open."""

HANDOFF_CHANGED = "onward:handoff"
"""The event after which what is shown of a project's handoff, and of its facts, is fetched anew."""


def project_context(visit: Visit, project_id: int, tab: Tab) -> dict[str, Any]:
    """Return what stands around the page of a project that *tab* names."""
    line = projects.require_line(visit.store, project_id)
    active_sessions = sessions.list_all(visit.store, project_id=project_id, status="active", limit=1)
    return {"line": line, "project": line.project, "tab": tab, "active": active_sessions[0] if active_sessions else None}


def find_master_handoff(visit: Visit, project: Project) -> CurrentHandoff | None:
    """Return a project's master handoff; None before the first."""
    try:
        return handoffs.current_handoff(visit.store, project)
    except NotFound:
        return None


def find_refinements(visit: Visit, project: Project, version: int) -> list[Job]:
    """Return the job that refined a project's handoff last, while it is open or says why nothing came of it for that *version*; else nothing."""
    job = next(
        (candidate for candidate in jobs.list_jobs(visit.store, project=project, limit=10) if candidate.kind == refiner.JOB_KIND), None
    )
    if job is None:
        return []
    is_same_version = job.arguments.get("handoff_version") == version
    return [job] if job.is_open or (is_same_version and not job.result.get("kept")) else []


def closing_lines(handoff: Handoff) -> list[str]:
    """Return what stands below a handoff, without the account of what it keeps: that is shown beside it."""
    return [line for line in handoff.closing if not line.startswith("Kept at ")]


def open_items(handoff: Handoff) -> list[tuple[bool, CitedLine]]:
    """Return what a handoff says is open: whether something stands in its way, or is not known, and the line."""
    lines_by_title = {section.title: section.lines for section in handoff.sections}
    return [(title == BLOCKED_SECTION, line) for title in (NEXT_SECTION, BLOCKED_SECTION) for line in lines_by_title.get(title, ())]
