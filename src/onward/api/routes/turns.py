"""Turns: a project's conversation, and the turns behind a line of a handoff."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query, Response

from onward.api.answers.envelope import answers, ok, pages
from onward.api.answers.paging import Paging
from onward.api.bodies import MAX_ID, Id
from onward.api.context import Context
from onward.api.parsing import create_router
from onward.app.projects import conversations, projects
from onward.app.turns import sources
from onward.core.transcript.transcript import Role, Turn
from onward.errors import NotFound

router = create_router("turns")


@dataclass(frozen=True, slots=True)
class ToolCallShape:
    """A tool call of the agent. `arguments` is an object, or text if the agent wrote none."""

    id: str
    name: str
    arguments: dict[str, Any] | str


@dataclass(frozen=True, slots=True)
class ToolResultShape:
    """The result of a tool call."""

    call_id: str
    text: str
    is_error: bool | None
    exit_code: int | None


@dataclass(frozen=True, slots=True)
class TurnTokensShape:
    """Tokens that a turn cost, as recorded by its agent. `cache_write_1h_tokens` are those written for an hour."""

    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cache_write_1h_tokens: int


@dataclass(frozen=True, slots=True)
class TurnShape:
    """One turn. `handle` is unique in its project; `id`, `line` and `sidechain` are from the transcript; `abandoned` turns are on a branch
    that the person left.
    """

    handle: str
    session_number: int
    turn: int
    role: str
    content: str
    at: datetime | None
    mark: str
    model: str | None
    calls: list[ToolCallShape]
    results: list[ToolResultShape]
    thinking: str
    usage: TurnTokensShape | None
    id: str | None
    line: int
    sidechain: str | None
    abandoned: bool


@dataclass(frozen=True, slots=True)
class TurnSourceShape:
    """The turns behind a handle."""

    handle: str
    session_number: int
    agent: str
    turns: list[TurnShape]


def turn_shape(number: int, ordinal: int, turn: Turn, *, abandoned: bool = False) -> TurnShape:
    """Return the shape of a turn of session *number*."""
    return TurnShape(
        handle=f"s{number}.{ordinal}",
        session_number=number,
        turn=ordinal,
        role=turn.role,
        content=turn.text,
        at=turn.at,
        mark=turn.mark,
        model=turn.model,
        calls=[ToolCallShape(call.id, call.name, call.arguments) for call in turn.calls],
        results=[ToolResultShape(result.call_id, result.text, result.is_error, result.exit_code) for result in turn.results],
        thinking=turn.thinking,
        usage=TurnTokensShape(**asdict(turn.usage)) if turn.usage else None,
        id=turn.id,
        line=turn.line,
        sidechain=turn.sidechain,
        abandoned=abandoned,
    )


@router.get("/ai/conversations/{project_id}", summary="Read a project's conversation", **pages(TurnShape, NotFound))
def list_turns(
    context: Context,
    project_id: Id,
    page: Paging,
    session: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Only the session of this number.")] = None,
    role: Annotated[Role | None, Query(description="Only turns of this role.")] = None,
    order: Annotated[Literal["asc", "desc"], Query(description="`asc` from the first turn on, `desc` from the last turn back.")] = "asc",
) -> Response:
    """List the turns of all sessions in order."""
    found_turns = conversations.list_turns(
        context.store,
        project_id,
        session=session,
        role=role,
        cursor=page.last_keys(int, int) or None,
        backwards=order == "desc",
        limit=page.limit + 1,
    )
    return page.answer(
        found_turns,
        shape=lambda project_turn: turn_shape(
            project_turn.number, project_turn.stored.ordinal, project_turn.stored.turn, abandoned=project_turn.stored.abandoned
        ),
        key_of=lambda project_turn: (project_turn.number, project_turn.stored.ordinal),
    )


@router.get("/sources/{handle}", summary="Show the turns behind a handle", **answers(TurnSourceShape, NotFound))
def show_source(
    context: Context,
    handle: str,
    project_id: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Not needed if there is only one project.")] = None,
) -> Response:
    """Return the turns behind a handle of a handoff: `s3.41`, or `s3.41-45` for a range."""
    project = projects.require(context.store, project_id) if project_id else projects.require_only(context.store)
    turn_source = sources.read_source(context.store, project, handle)
    return ok(
        TurnSourceShape(
            str(turn_source.span),
            turn_source.span.session,
            turn_source.head.agent,
            [turn_shape(turn_source.span.session, *numbered_turn) for numbered_turn in turn_source.turns],
        )
    )
