"""Project files: which files the sessions touched, according to the edits in their transcripts."""

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
    """Return the files that completed sessions of a project touched, by path, *after* the given path.

    *session* limits them to those of the session with that number, *text* to paths that contain it. Raises `NotFound` if there is no such
    session.
    """
    with store.read() as connection:
        if session is not None and sessions.find_by_number(connection, project.id, session) is None:
            raise NotFound(
                Message("There is no session {session} in {project}.", session=session, project=project.name),
                "List sessions: onward session list",
            )
        return project_files.list_files(connection, project.id, session=session, text=text, after=after, limit=limit)
