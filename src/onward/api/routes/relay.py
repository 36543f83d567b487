"""Handing over when a limit is reached: the session is completed, and the account is named that goes on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fastapi import Request, Response
from pydantic import Field

from onward.api.answers.envelope import answers, ok
from onward.api.bodies import Body, IdField, Lines, Text
from onward.api.context import Context
from onward.api.middleware.access import is_local
from onward.api.parsing import create_router
from onward.api.routes.account_shapes import AccountChoiceShape, AccountShape, account_choice_shape, account_shape
from onward.api.routes.handoffs import MAX_BUDGET_TOKENS, HandoffShape, handoff_shape
from onward.api.routes.sessions import SessionShape, session_shape
from onward.app.accounts.selection import RotationWindow, parse_need
from onward.app.projects import projects
from onward.app.sessions.relay import relay
from onward.app.transcripts.catch_up import catch_up
from onward.errors import BadInput, NotAllowed, NotFound
from onward.settings import MIN_BUDGET_TOKENS, read_machine

router = create_router("sessions")


class RelayBody(Body):
    """What is handed over: the session of that number, or the active one begun last. The rest is as on completing a session, and on choosing an account."""

    project_id: IdField = Field(examples=[1])
    session_number: int | None = Field(None, ge=1, le=2**31 - 1, examples=[None])
    accomplishments: Lines | None = Field(None, examples=[["The checkout works on staging"]])
    blockers: Lines | None = Field(None, examples=[None])
    credits_used: float | None = Field(None, ge=0, le=1_000_000_000, allow_inf_nan=False, examples=[88])
    limit_reached: bool = Field(
        False, description="Whether the service says so: then the session's account is not chosen until its limit is over."
    )
    model: Text = Field("", max_length=100, examples=[""])
    tags: list[str] = Field([], examples=[["review"]])
    agent: Text = Field("", max_length=100, description="Who goes on. Default: the agent that the account is for.", examples=[""])
    next_goal: Text = Field("", max_length=10_000, examples=["Print the receipt"])
    budget_tokens: int | None = Field(None, ge=MIN_BUDGET_TOKENS, le=MAX_BUDGET_TOKENS, examples=[None])
    catch_up: bool = Field(
        False, description="Import first what agents wrote of the project on the server's own machine. Only for programs of that machine."
    )


@dataclass(frozen=True, slots=True)
class RelayShape:
    """How work goes on. `session` was completed now, null where none was active; `new_turns` came in before. `left_account` is the one that it ran on; `next` the choice of the account that
    goes on; `agent` who that is for, empty where nothing tells; `prompt` what to give it. `active_sessions` are the numbers of sessions that are still active.
    """

    session: SessionShape | None
    handoff: HandoffShape
    again: bool
    new_turns: int
    left_account: AccountShape | None
    next: AccountChoiceShape
    agent: str
    prompt: str
    active_sessions: tuple[int, ...]


@router.post("/sessions/next", summary="Hand over when a limit is reached", **answers(RelayShape, NotFound, NotAllowed))
def hand_over(context: Context, request: Request, body: RelayBody) -> Response:
    """Complete the active session, name the account to go on with and why, and answer the prompt for its agent. Without an active session, the newest handoff is what is gone on from."""
    project = projects.require(context.store, body.project_id)
    new_turns = 0
    if body.catch_up:
        if not is_local(request.scope):
            raise NotAllowed(
                "Only programs of the server's own machine can have its agents' files imported.", "Send what is new to /conversations/save."
            )
        if not project.root:
            raise BadInput(f"{project.name} has no folder.", "Send what is new to /conversations/save, or import the transcript.")
        imported_files = catch_up(context.store, read_machine(), Path(project.root), project, context.settings.worktrees)
        new_turns = sum(file.new_turns for file in imported_files)
    relayed = relay(
        context.store,
        project,
        number=body.session_number,
        accomplishments=body.accomplishments,
        blockers=body.blockers,
        credits_used=body.credits_used,
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
            again=relayed.is_unchanged,
            new_turns=new_turns,
            left_account=account_shape(relayed.previous) if relayed.previous else None,
            next=account_choice_shape(relayed.choice),
            agent=relayed.agent,
            prompt=relayed.prompt(body.next_goal),
            active_sessions=relayed.active_numbers,
        )
    )
