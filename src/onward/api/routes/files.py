"""Project files: what the sessions touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Response

from onward.api.desk import At
from onward.api.envelope import pages
from onward.api.paging import Paging
from onward.api.parsing import routes
from onward.api.shapes import MOST_ID, Id, Text
from onward.app import projects, touched
from onward.app.touched import ProjectFile
from onward.errors import NotFound

router = routes("files")


@dataclass(frozen=True, slots=True)
class FileTouchShape:
    """What one session did to a file, `times` times from `first_turn` (a handle) to `last_turn`. Lines are null where its transcript does not show them."""

    session_number: int
    change: str
    added_lines: int | None
    removed_lines: int | None
    times: int
    first_turn: str
    last_turn: str


@dataclass(frozen=True, slots=True)
class FileShape:
    """A file that sessions touched: what became of it, the lines of all sessions together, and the parts of the last twenty."""

    path: str
    change: str
    added_lines: int | None
    removed_lines: int | None
    session_count: int
    sessions: list[FileTouchShape]


def file_shape(one: ProjectFile) -> FileShape:
    """Return a file as it is answered."""
    touches = [
        FileTouchShape(
            touch.session, touch.change, touch.added_lines, touch.removed_lines, touch.times,
            f"s{touch.session}.{touch.first_turn}", f"s{touch.session}.{touch.last_turn}",
        )
        for touch in one.sessions
    ]  # fmt: skip
    return FileShape(one.path, one.change, one.added_lines, one.removed_lines, one.session_count, touches)


@router.get("/projects/{project_id}/files", summary="List the files that sessions touched", **pages(FileShape, NotFound))
def listed(
    at: At,
    project_id: Id,
    page: Paging,
    session: Annotated[int | None, Query(ge=1, le=MOST_ID, description="Only files that the session of this number touched.")] = None,
    path: Annotated[Text, Query(max_length=500, description="Only files with this in their path.")] = "",
) -> Response:
    """Answer the files that completed sessions touched, by path: `created`, `edited`, `deleted` or `renamed`, with lines added and removed."""
    project = projects.of_id(at.store, project_id)
    found = touched.listed(at.store, project, session=session, text=path, after=page.last(str), limit=page.limit + 1)
    return page.answer(found, shape=file_shape, last=lambda one: (one.path,))
