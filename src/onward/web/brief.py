"""The briefing for an active session's agent: its starting handoff, with the repository changes made since, as one prompt."""

from __future__ import annotations

from pathlib import Path

from onward.app.handoffs.brief import briefing
from onward.core.handoff.document import Handoff
from onward.core.handoff.prompt import render_prompt
from onward.core.handoff.versions import StoredHandoff
from onward.core.project import Project
from onward.core.session_results import SessionDetail
from onward.web.page_request import PageRequest


def add_repository_changes(request: PageRequest, project: Project, handoff: StoredHandoff) -> Handoff:
    """Return *handoff* with the changes made in the project's repository since, if the repository is on this machine."""
    root = Path(project.root) if project.root else None
    if root is None or not root.is_absolute() or not root.is_dir():
        return handoff.handoff
    return briefing(request.store, project, handoff, root)[0]


def render_briefing(request: PageRequest, project: Project, detail: SessionDetail) -> str:
    """Return the prompt for a session's agent; empty if the session started without a handoff."""
    if detail.previous is None:
        return ""
    return render_prompt(
        add_repository_changes(request, project, detail.previous),
        next_goal="; ".join(detail.session.objectives),
        agent=detail.session.agent,
    )
