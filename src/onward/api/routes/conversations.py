"""Saving what was said, some turns at a time."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response
from pydantic import Field

from onward.api.desk import At
from onward.api.envelope import answers, ok
from onward.api.parsing import routes
from onward.api.routes.sessions import MOST_TURNS, TurnBodies
from onward.api.shapes import Body, IdField
from onward.app.saving import appending, spoken
from onward.errors import NotFound

router = routes("conversations")


class NewTurns(Body):
    """Turns of a session, as a list or as text of any format."""

    session_id: IdField = Field(examples=[1])
    turns: TurnBodies | None = Field(None, max_length=MOST_TURNS)
    conversation_text: str | None = Field(None, examples=[None])


@dataclass(frozen=True, slots=True)
class SavedShape:
    """How many of the turns were new to the session, and how many it had; and how many it has now."""

    session_id: int
    session_number: int
    status: str
    new_turns: int
    known_turns: int
    turn_count: int


@router.post("/conversations/save", summary="Save turns", **answers(SavedShape, NotFound))
@router.post("/ai/save-conversation", summary="Save turns, as /conversations/save does", **answers(SavedShape, NotFound))
async def save(request: Request, at: At, body: NewTurns) -> Response:
    """Append turns to a session, each once: a request that begins with what the session ends with overlaps, and sending it again adds nothing."""
    append = await at.at_once(
        lambda: appending(at.store, body.session_id, spoken(body.turns, body.conversation_text)),
        of_bytes=len(await request.body()),
    )
    saved = await at.write(append)
    one = saved.session
    return ok(SavedShape(one.id, one.number, one.status, saved.new_turns, saved.known_turns, one.turns))
