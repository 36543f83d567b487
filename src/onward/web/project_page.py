"""What the pages of a project share: its totals, its active session, its master handoff."""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal, TypeAlias

from onward.app.handoffs import handoffs, writer
from onward.app.handoffs.handoffs import CurrentHandoff
from onward.app.jobs import jobs
from onward.app.jobs.jobs import Job
from onward.app.projects import projects
from onward.app.projects.projects import Project
from onward.app.sessions import sessions
from onward.core.facts.headings import MEASURE_PREFIX
from onward.core.facts.kinds import KINDS
from onward.core.handoff.document import CitedLine, Handoff
from onward.core.preservation.groups import GROUPS
from onward.errors import NotFound
from onward.web.page_request import PageRequest

Tab: TypeAlias = Literal["overview", "sessions", "facts", "files"]

OPEN_SECTION = KINDS["next_step"].section.title
"""The section of a handoff that holds open items."""


def _group_headings() -> dict[str, str]:
    """Return for each measured group the heading of the handoff above its facts. Groups that share a heading have its
    beginning and their own name: "Open", "Open: requirements".
    """
    titles = {group: next(kind.section.title for kind in KINDS.values() if kind.group == group) for group in GROUPS}
    shared = {title for title, count in Counter(titles.values()).items() if count > 1}
    beginnings = {title: title.partition(":")[0].partition(",")[0] for title in shared}
    return {
        group: title if title not in shared else beginnings[title] + (f": {group}" if group != beginnings[title].lower() else "")
        for group, title in titles.items()
    }


GROUP_HEADINGS = _group_headings()
"""How pages name the measured groups."""

HANDOFF_CHANGED = "onward:handoff"
"""The event that makes pages refetch what they show of a project's handoff and facts."""


def project_context(request: PageRequest, project_id: int, tab: Tab) -> dict[str, Any]:
    """Return the context of a project's page; *tab* is the selected tab."""
    line = projects.require_line(request.store, project_id)
    active_sessions = sessions.list_all(request.store, project_id=project_id, status="in_progress", limit=1)
    return {"line": line, "project": line.project, "tab": tab, "active": active_sessions[0] if active_sessions else None}


def find_master_handoff(request: PageRequest, project: Project) -> CurrentHandoff | None:
    """Return a project's master handoff; None before the first."""
    try:
        return handoffs.current_handoff(request.store, project)
    except NotFound:
        return None


def find_writer_jobs(request: PageRequest, project: Project, version: int) -> list[Job]:
    """Return the latest job in which a model writes the project's handoff, while it is open or if it made no new handoff for *version*;
    else an empty list.
    """
    job = next(
        (candidate for candidate in jobs.list_jobs(request.store, project=project, limit=10) if candidate.kind == writer.JOB_KIND), None
    )
    if job is None:
        return []
    is_same_version = job.arguments.get("handoff_version") == version
    return [job] if job.is_open or (is_same_version and not job.result.get("is_stored")) else []


def closing_lines(handoff: Handoff) -> list[str]:
    """Return the closing lines of a handoff without the preservation line, which pages show beside it."""
    return [line for line in handoff.closing if not line.startswith(MEASURE_PREFIX)]


def open_items(handoff: Handoff) -> list[tuple[bool, CitedLine]]:
    """Return the open items of a handoff: whether each is a question, and its line."""
    lines = (line for section in handoff.sections if section.title == OPEN_SECTION for line in section.lines)
    return [(line.text.rstrip().endswith(("?", "？", "؟")), line) for line in lines]
