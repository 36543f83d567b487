"""Project files: what the sessions touched, by the edits in their transcripts."""

from __future__ import annotations

from onward.core.effort.touched_files import FileTouch, ProjectFile
from onward.core.project import Project
from onward.errors import NotFound
from onward.message import Message
from onward.store import Store, project_files, sessions

__all__ = ["FileTouch", "ProjectFile", "list_files"]


def list_files(
    store: Store, project: Project, *, session: int | None = None, text: str = "", after: str | None = None, limit: int | None = None
) -> list[ProjectFile]:
    """Return the files that completed sessions of a project touched, by path, from *after* one path on.

    *session* leaves those that the session of that number touched, *text* those with it in their path. Raises `NotFound` for a session that is not there.
    """
    with store.read() as connection:
        if session is not None and sessions.find_by_number(connection, project.id, session) is None:
            raise NotFound(
                Message("There is no session {session} in {project}.", session=session, project=project.name),
                "List sessions: onward session list",
            )
        return project_files.list_files(connection, project.id, session=session, text=text, after=after, limit=limit)
