"""Project files: what sessions touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Response

from onward.api.answers.envelope import pages
from onward.api.answers.paging import Paging
from onward.api.bodies import MAX_ID, Id, Text
from onward.api.context import Context
from onward.api.parsing import create_router
from onward.app.projects import project_files, projects
from onward.app.projects.project_files import ProjectFile
from onward.errors import NotFound

router = create_router("files")


@dataclass(frozen=True, slots=True)
class FileTouchShape:
    """What one session did to a file, `times` times from `first_turn` (a handle) to `last_turn`. Lines are null if the transcript does not
    show them.
    """

    session_number: int
    change: str
    added_lines: int | None
    removed_lines: int | None
    times: int
    first_turn: str
    last_turn: str


@dataclass(frozen=True, slots=True)
class FileShape:
    """A file that sessions touched: its latest change, the lines of all sessions, and the last twenty sessions."""

    path: str
    change: str
    added_lines: int | None
    removed_lines: int | None
    session_count: int
    sessions: list[FileTouchShape]


def file_shape(file: ProjectFile) -> FileShape:
    """Return the shape of a file."""
    touches = [
        FileTouchShape(
            session_number=touch.session,
            change=touch.change,
            added_lines=touch.added_lines,
            removed_lines=touch.removed_lines,
            times=touch.times,
            first_turn=f"s{touch.session}.{touch.first_turn}",
            last_turn=f"s{touch.session}.{touch.last_turn}",
        )
        for touch in file.sessions
    ]
    return FileShape(
        path=file.path,
        change=file.change,
        added_lines=file.added_lines,
        removed_lines=file.removed_lines,
        session_count=file.session_count,
        sessions=touches,
    )


@router.get("/projects/{project_id}/files", summary="List the files that sessions touched", **pages(FileShape, NotFound))
def list_files(
    context: Context,
    project_id: Id,
    page: Paging,
    session: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Only files that the session of this number touched.")] = None,
    path: Annotated[Text, Query(max_length=500, description="Only files with this in their path.")] = "",
) -> Response:
    """List the files that completed sessions touched, by path: `created`, `edited`, `deleted` or `renamed`, with line counts."""
    project = projects.require(context.store, project_id)
    files = project_files.list_files(context.store, project, session=session, text=path, after=page.last_key(str), limit=page.limit + 1)
    return page.answer(files, shape=file_shape, key_of=lambda file: (file.path,))
