"""The master handoff of a folder's project if the store is on PostgreSQL or on another Onward server."""

from __future__ import annotations

from pathlib import Path

from onward.agents.stored_handoff import FolderContext, RenderedHandoff
from onward.app.repository.origin import Origin
from onward.backend import open_backend
from onward.errors import NotFound
from onward.settings import read_settings


def find_handoff(context: FolderContext) -> RenderedHandoff | None:
    """Return the same as `stored_handoff.find_handoff`."""
    with open_backend(read_settings(folder=Path(context.cwd))) as backend:
        try:
            project = backend.projects.resolve(Origin(context.project_name, context.root, context.remote, context.cwd), guess=False)
        except NotFound:
            return None
        try:
            current = backend.handoffs.current_handoff(project)
            session = backend.sessions.require(project, current.handoff.session)
        except NotFound:
            return RenderedHandoff(project.name, project.root, project.remote)
    since = session.ended_at or current.created_at
    assert since
    return RenderedHandoff(
        project.name, project.root, project.remote,
        page=current.markdown, files=current.handoff.files, number=session.number, session=session.native_id or "", since=since.isoformat(),
    )  # fmt: skip
