"""Changes of one session: its title."""

from __future__ import annotations

from fastapi import Response
from pydantic import Field

from onward.api.answers.envelope import answers, ok
from onward.api.bodies import Body, Id, Text
from onward.api.context import Context
from onward.api.parsing import create_router
from onward.api.routes.session_shapes import SessionShape, session_shape
from onward.app.sessions import sessions, titles
from onward.errors import NotFound

router = create_router("sessions")


class SessionChangeBody(Body):
    """The new title; an empty one returns to the agent's title, or to the first request."""

    title: Text = Field(max_length=titles.MAX_TITLE_CHARS, examples=["Move the checkout to port 8443"])


@router.patch("/sessions/{session_id}", summary="Rename a session", **answers(SessionShape, NotFound))
def rename_session(context: Context, session_id: Id, body: SessionChangeBody) -> Response:
    """Give a session a title, which no import changes any more."""
    return ok(session_shape(titles.rename(context.store, sessions.require_by_id(context.store, session_id), body.title)))
