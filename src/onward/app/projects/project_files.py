"""Project files: which files the sessions touched, according to the edits in their transcripts."""

from __future__ import annotations

from onward.app.lookup import require_numbered_session
from onward.core.effort.touched_files import FileTouch, ProjectFile, TouchedFile
from onward.core.project import Project
from onward.core.session import Session
from onward.store import Store, project_files

__all__ = ["FileTouch", "ProjectFile", "list_files", "list_touched"]


def list_files(
    store: Store, project: Project, *, session: int | None = None, text: str = "", after: str | None = None, limit: int | None = None
) -> list[ProjectFile]:
    """Return the files that completed sessions of a project touched, by path, *after* the given path.

    *session* limits them to those of the session with that number, *text* to paths that contain it. Raises `NotFound` if there is no such
    session.
    """
    with store.read() as connection:
        if session is not None:
            require_numbered_session(connection, project, session)
        return project_files.list_files(connection, project.id, session=session, text=text, after=after, limit=limit)


def list_touched(store: Store, session: Session) -> list[TouchedFile]:
    """Return the files that a session touched, by path; none before it is completed."""
    with store.read() as connection:
        return project_files.list_touched(connection, session.id)
