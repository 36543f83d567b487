"""Saving turns of a conversation."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response
from pydantic import Field, model_validator

from onward.api.answers.envelope import answers, ok
from onward.api.bodies import Body, IdField
from onward.api.context import Context
from onward.api.parsing import create_router
from onward.api.routes.sessions import MAX_TURNS, TurnBodies
from onward.app.turns.client_turns import parse_conversation, prepare_append
from onward.errors import NotFound

router = create_router("conversations")


class NewTurnsBody(Body):
    """Turns of a session, as a list or as text of any format."""

    session_id: IdField = Field(examples=[1])
    turns: TurnBodies | None = Field(None, max_length=MAX_TURNS)
    conversation_text: str | None = Field(None, examples=[None])

    @model_validator(mode="after")
    def _require_conversation(self) -> NewTurnsBody:
        if self.turns is None and self.conversation_text is None:
            raise ValueError("turns is required: send the turns as a list, or conversation_text")
        return self


@dataclass(frozen=True, slots=True)
class SavedTurnsShape:
    """How many turns were new and how many were already stored, and how many the session has now."""

    session_id: int
    session_number: int
    status: str
    new_turns: int
    known_turns: int
    turn_count: int


@router.post("/conversations/save", summary="Save turns", **answers(SavedTurnsShape, NotFound))
@router.post("/ai/save-conversation", summary="Save turns, as /conversations/save does", **answers(SavedTurnsShape, NotFound))
async def save_turns(request: Request, context: Context, body: NewTurnsBody) -> Response:
    """Append turns to a session, each once. Turns that repeat the end of the stored conversation are recognised, so sending a request again
    adds nothing.
    """
    append = await context.read(
        lambda: prepare_append(context.store, body.session_id, parse_conversation(body.turns, body.conversation_text)),
        size_bytes=len(await request.body()),
    )
    saved = await context.write(append)
    session = saved.session
    return ok(
        SavedTurnsShape(
            session_id=session.id,
            session_number=session.number,
            status=session.status,
            new_turns=saved.new_turns,
            known_turns=saved.known_turns,
            turn_count=session.turns,
        )
    )
