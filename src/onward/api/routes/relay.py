"""Continuing on another account when a limit is reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fastapi import Request, Response
from pydantic import Field

from onward.api.answers.envelope import answers, ok
from onward.api.bodies import Body, IdField, Lines, Text
from onward.api.context import Context
from onward.api.local_agents import require_local_agents
from onward.api.parsing import create_router
from onward.api.routes.account_shapes import AccountChoiceShape, AccountShape, account_choice_shape, account_shape
from onward.api.routes.handoffs import MAX_BUDGET_TOKENS, HandoffShape, handoff_shape
from onward.api.routes.session_shapes import SessionShape, session_shape
from onward.app.accounts.selection import RotationWindow, parse_need
from onward.app.projects import projects
from onward.app.sessions.relay import relay
from onward.errors import NotAllowed, NotFound
from onward.settings import MIN_BUDGET_TOKENS

router = create_router("sessions")


class RelayBody(Body):
    """The session to complete, by number; default: the active one that was started last. The other fields are those of completing a session
    and of choosing an account.
    """

    project_id: IdField = Field(examples=[1])
    session_number: int | None = Field(None, ge=1, le=2**31 - 1, examples=[None])
    accomplishments: Lines | None = Field(None, examples=[["The checkout works on staging"]])
    blockers: Lines | None = Field(None, examples=[None])
    words: Literal["add", "replace"] | None = Field(None, description="What the words do to existing ones, as on completing.")
    credits_used: float | None = Field(None, ge=0, le=1_000_000_000, allow_inf_nan=False, examples=[88])
    limit_reached: bool = Field(
        False, description="Whether the service reported the limit: then the account is not chosen again until the limit ends."
    )
    model: Text = Field("", max_length=100, examples=[""])
    tags: list[str] = Field([], examples=[["review"]])
    agent: Text = Field("", max_length=100, description="The agent that continues. Default: the agent of the account.", examples=[""])
    next_goal: Text = Field("", max_length=10_000, examples=["Print the receipt"])
    budget_tokens: int | None = Field(None, ge=MIN_BUDGET_TOKENS, le=MAX_BUDGET_TOKENS, examples=[None])
    catch_up: bool = Field(
        False, description="First import what agents on the server's machine wrote for the project. Only for callers on that machine."
    )


@dataclass(frozen=True, slots=True)
class RelayShape:
    """How to continue. `session` is the completed session, null if none was active; `new_turns` were imported before. `previous_account` is
    its account, `next` the choice of the account to continue with, `agent` its agent (empty if unknown), `prompt` the prompt for that
    agent. `active_sessions` are the numbers of sessions that are still active.
    """

    session: SessionShape | None
    handoff: HandoffShape
    is_unchanged: bool
    new_turns: int
    previous_account: AccountShape | None
    next: AccountChoiceShape
    agent: str
    prompt: str
    active_sessions: tuple[int, ...]


@router.post("/sessions/next", summary="Continue on another account", **answers(RelayShape, NotFound, NotAllowed))
def hand_over(context: Context, request: Request, body: RelayBody) -> Response:
    """Complete the active session, choose the account to continue with, and return the prompt for its agent. If no session is active, the
    newest handoff is used.
    """
    project = projects.require(context.store, body.project_id)
    relayed = relay(
        context.store,
        project,
        local_agents=require_local_agents(context, request, project) if body.catch_up else None,
        number=body.session_number,
        accomplishments=body.accomplishments,
        blockers=body.blockers,
        credits_used=body.credits_used,
        words=body.words,
        limit_reached=body.limit_reached,
        need=parse_need(model=body.model, tags=body.tags),
        window=RotationWindow(context.settings.rotate_from, context.settings.rotate_at),
        agent=body.agent,
        budget_tokens=body.budget_tokens or context.settings.budget_tokens,
    )
    return ok(
        RelayShape(
            session=session_shape(relayed.session) if relayed.session else None,
            handoff=handoff_shape(relayed.handoff),
            is_unchanged=relayed.is_unchanged,
            new_turns=relayed.new_turns,
            previous_account=account_shape(relayed.previous) if relayed.previous else None,
            next=account_choice_shape(relayed.choice),
            agent=relayed.agent,
            prompt=relayed.prompt(body.next_goal),
            active_sessions=relayed.active_numbers,
        )
    )
