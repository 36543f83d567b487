"""Changes of one session: its title, its project, and its deletion with undo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from onward.api.answers.envelope import answers, ok
from onward.api.bodies import MAX_ID, Body, EditVersion, Id, IdField, Text
from onward.api.context import Context
from onward.api.parsing import create_router
from onward.api.routes.session_shapes import SessionShape, session_shape
from onward.app.projects import projects
from onward.app.sessions import reassignment, removal, sessions, titles
from onward.core.session import RemovedSession
from onward.errors import Conflict, NotFound

router = create_router("sessions")


class SessionChangeBody(Body):
    """The new title; an empty one returns to the agent's title, or to the first request."""

    title: Text = Field(max_length=titles.MAX_TITLE_CHARS, examples=["Move the checkout to port 8443"])
    version: EditVersion = Field("", description="The version that was read; 409 if it changed since.", examples=[""])


class SessionMoveBody(Body):
    """The project that the session moves to."""

    project_id: IdField = Field(examples=[2])


@dataclass(frozen=True, slots=True)
class RemovedSessionShape:
    """A deleted session, which can be restored for a day from `removed_at` on."""

    id: int
    project_id: int
    number: int
    title: str
    turn_count: int
    removed_at: datetime


def _removed_shape(session: RemovedSession) -> RemovedSessionShape:
    return RemovedSessionShape(
        id=session.id,
        project_id=session.project_id,
        number=session.number,
        title=session.title,
        turn_count=session.turns,
        removed_at=session.removed_at,
    )


@router.patch("/sessions/{session_id}", summary="Rename a session", **answers(SessionShape, NotFound, Conflict))
def rename_session(context: Context, session_id: Id, body: SessionChangeBody) -> Response:
    """Give a session a title, which no import changes any more."""
    return ok(
        session_shape(titles.rename(context.store, sessions.require_by_id(context.store, session_id), body.title, version=body.version))
    )


@router.delete("/sessions/{session_id}", summary="Delete a session, with undo for a day", **answers(RemovedSessionShape, NotFound))
def delete_session(context: Context, session_id: Id) -> Response:
    """Delete a session: its turns, facts and lines in handoffs are hidden at once, and gone after a day. `undelete` brings it back until
    then.
    """
    return ok(_removed_shape(removal.delete(context.store, sessions.require_by_id(context.store, session_id))))


@router.post("/sessions/{session_id}/undelete", summary="Bring a deleted session back", **answers(SessionShape, NotFound))
def undelete_session(context: Context, session_id: Id) -> Response:
    """Bring back a session that was deleted less than a day ago, with everything that belonged to it."""
    return ok(session_shape(removal.undelete_by_id(context.store, session_id)))


@router.post("/projects/{project_id}/session/undelete", summary="Bring a session back by its number", **answers(SessionShape, NotFound))
def undelete_numbered_session(
    context: Context, project_id: Id, number: Annotated[int, Query(ge=1, le=MAX_ID, description="The number that it had.")]
) -> Response:
    """Bring back the session of a project with that number, as `/sessions/{session_id}/undelete` does."""
    return ok(session_shape(removal.undelete(context.store, projects.require(context.store, project_id), number)))


@router.get("/projects/{project_id}/deleted-sessions", summary="List deleted sessions", **answers(list[RemovedSessionShape], NotFound))
def list_deleted_sessions(context: Context, project_id: Id) -> Response:
    """List the deleted sessions of a project that can be restored, by number."""
    return ok([_removed_shape(session) for session in removal.list_deleted(context.store, projects.require(context.store, project_id))])


@router.post("/sessions/{session_id}/move", summary="Move a session to another project", **answers(SessionShape, NotFound))
def move_session(context: Context, session_id: Id, body: SessionMoveBody) -> Response:
    """Move a session to a project, where it gets the next number; the facts and handoffs of both projects are made again."""
    target = projects.require(context.store, body.project_id)
    return ok(session_shape(reassignment.move(context.store, sessions.require_by_id(context.store, session_id), target)))
