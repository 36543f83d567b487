"""The master handoff of the project that a folder belongs to, where the store is no file: asked for through the use cases."""

from __future__ import annotations

from pathlib import Path

from onward.agents.master import Master, Told
from onward.app import handoffs, projects, sessions
from onward.app.belonging import Belonging
from onward.errors import NotFound
from onward.settings import read_settings
from onward.wiring import open_store


def find(told: Told) -> Master | None:
    """Return the same as `master.find`."""
    with open_store(read_settings(folder=Path(told.cwd))) as store:
        project = projects.found(store, Belonging(told.named, told.root, told.remote, told.cwd))
        if project is None:
            return None
        try:
            current = handoffs.current(store, project)
            session = sessions.find(store, project, current.handoff.session)
        except NotFound:
            return Master(project.name, project.root, project.remote)
    since = session.ended_at or current.created_at
    assert since
    return Master(
        project.name, project.root, project.remote, current.markdown, session.number, session.native_id or "", since.isoformat()
    )  # fmt: skip
