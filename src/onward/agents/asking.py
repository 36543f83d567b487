"""The master handoff of the project that a folder belongs to, where the store is elsewhere: on a PostgreSQL server, or behind an Onward of another machine."""

from __future__ import annotations

from pathlib import Path

from onward.agents.master import Master, Told
from onward.app.belonging import Belonging
from onward.desk import open_desk
from onward.errors import NotFound
from onward.settings import read_settings


def find(told: Told) -> Master | None:
    """Return the same as `master.find`."""
    with open_desk(read_settings(folder=Path(told.cwd))) as at:
        try:
            project = at.projects.meant(Belonging(told.named, told.root, told.remote, told.cwd), guess=False)
        except NotFound:
            return None
        try:
            current = at.handoffs.current(project)
            session = at.sessions.find(project, current.handoff.session)
        except NotFound:
            return Master(project.name, project.root, project.remote)
    since = session.ended_at or current.created_at
    assert since
    return Master(
        project.name, project.root, project.remote, current.markdown, session.number, session.native_id or "", since.isoformat()
    )  # fmt: skip
