"""Sessions: starting one with the previous handoff, reading them, completing them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import Path, Query, Request, Response
from pydantic import Field

from onward.adapters import build_model_setup
from onward.api.answers.envelope import answers, ok, pages
from onward.api.answers.paging import Paging, cursor
from onward.api.answers.previous_handoff import PreviousHandoff, previous_handoff
from onward.api.bodies import MAX_ID, Body, EditVersion, Id, IdField, Lines, Text
from onward.api.context import Context
from onward.api.local_agents import require_local_agents
from onward.api.parsing import create_router
from onward.api.routes.account_shapes import AccountShape, account_shape
from onward.api.routes.handoffs import MAX_BUDGET_TOKENS, HandoffShape, handoff_shape
from onward.api.routes.session_shapes import (
    CompletionEnvelope,
    CompletionShape,
    NewSessionEnvelope,
    SessionFileShape,
    SessionShape,
    TimelineShape,
    session_file_shape,
    session_shape,
    timeline_shape,
)
from onward.api.routes.turns import TurnShape, turn_shape
from onward.app.accounts import accounts
from onward.app.accounts.charges import find_account
from onward.app.handoffs import writer
from onward.app.handoffs.handoffs import StoredHandoff
from onward.app.handoffs.statements import state_handoff
from onward.app.models.keys import MAX_KEY_CHARS
from onward.app.projects import facts, project_files, projects
from onward.app.projects.projects import Project
from onward.app.sessions import sessions, templates
from onward.app.sessions.completion import complete as complete_session
from onward.app.sessions.sessions import Session, SessionStatus
from onward.app.turns.client_turns import parse_conversation
from onward.errors import Conflict, NotFound
from onward.settings import MIN_BUDGET_TOKENS

router = create_router("sessions")

EmptyFilter: TypeAlias = Annotated[bool, Query(description="Also sessions without turns, facts and words of a person.")]
StatusFilter: TypeAlias = Annotated[SessionStatus | None, Query(description="Only with this status.")]

MAX_TURNS = 5000
_TURN_DOCS = {
    "type": "object",
    "description": "A turn in any common form; `text` is accepted for `content`. "
    "Tool calls and results in the form of OpenAI, Anthropic or `onward read --json`.",
    "properties": {
        "role": {"type": "string", "examples": ["user"]},
        "content": {"examples": ["Move the checkout to port 8443"]},
        "at": {"type": "string", "format": "date-time", "examples": ["2026-03-01T12:00:00Z"]},
        "id": {"type": "string", "examples": ["m-1"]},
    },
    "required": ["role", "content"],
    "examples": [{"role": "user", "content": "Move the checkout to port 8443", "at": "2026-03-01T12:00:00Z"}],
}
TurnBodies: TypeAlias = list[Annotated[dict[str, Any], Field(json_schema_extra=_TURN_DOCS)]]
"""Turns as a client sends them. The format for lists of turns parses them."""


class NewSessionBody(Body):
    """A session to start. `previous_handoff` is the id of the handoff to start with, by default the newest. It may also be the handoff of
    another system, as text or with fields such as `accomplishments`, `blockers`, `next_steps` and `master_prompt`: what the project does
    not know of it yet is kept as a person's statements.
    """

    project_id: IdField = Field(examples=[1])
    objectives: Lines = Field([], examples=[["Ship the checkout"]])
    agent: Text = Field("", max_length=100, examples=["codex"])
    account_id: IdField | None = Field(None, examples=[None])
    template: IdField | Text | None = Field(None, description="The name of a template, or its id.", examples=[None])
    previous_handoff: IdField | dict[str, Any] | Text | None = Field(None, examples=[None])


class CompletionBody(Body):
    """A person's statements on completing a session, and turns that were not saved yet, as a list or as text of any format."""

    accomplishments: Lines | None = Field(None, examples=[["The checkout works on staging"]])
    blockers: Lines | None = Field(None, examples=["Production keys are missing"])
    credits_used: float | None = Field(None, ge=0, le=1_000_000_000, allow_inf_nan=False, examples=[88])
    turns: TurnBodies | None = Field(None, max_length=MAX_TURNS)
    conversation_text: str | None = Field(None, examples=["User: Move the checkout to port 8443\nAssistant: Done."])
    budget_tokens: int | None = Field(None, ge=MIN_BUDGET_TOKENS, le=MAX_BUDGET_TOKENS, examples=[None])
    use_ai: bool | None = Field(None, description="Whether a language model writes the handoff afterwards. Default: if a token is given.")
    hugging_face_token: str | None = Field(None, repr=False, max_length=MAX_KEY_CHARS, examples=[None])
    account_id: IdField | None = Field(None, description="The account that the session ran on.", examples=[None])
    catch_up: bool = Field(
        False, description="First import what agents on the server's machine wrote for the project. Only for callers on that machine."
    )
    version: EditVersion = Field("", description="The session's version that the words were made from.", examples=[""])
    words: Literal["add", "replace"] | None = Field(
        None, description="Whether the words are added to existing ones or replace them. Default: 409 if any would be lost unseen."
    )
    auto_generate_handoff: bool = Field(True, description="Whether the answer has the handoff; it is created and stored either way.")


class ChecklistTickBody(Body):
    """Whether an item of a checklist is done."""

    is_done: bool = Field(True, examples=[True])


@dataclass(frozen=True, slots=True)
class SessionDetailShape:
    """A session with the account that it ran on, the handoff it started from, the one it produced, the files it touched, and a page of its
    conversation.
    """

    session: SessionShape
    account: AccountShape | None
    previous_handoff: HandoffShape | None
    handoff: HandoffShape | None
    files: list[SessionFileShape]
    conversation: list[TurnShape]
    next_cursor: str | None


@router.get("/projects/{project_id}/sessions", summary="List a project's sessions", **pages(SessionShape, NotFound))
def list_project_sessions(
    context: Context, project_id: Id, page: Paging, status: StatusFilter = None, empty: EmptyFilter = False
) -> Response:
    """List the sessions of a project by number."""
    project = projects.require(context.store, project_id)
    project_sessions = sessions.list_sessions(
        context.store, project, with_empty=empty, status=status, after=page.last_key(int) or 0, limit=page.limit + 1
    )
    return page.answer(project_sessions, shape=session_shape, key_of=lambda session: (session.number,))


@router.get("/projects/{project_id}/session", summary="Find a session by its number", **answers(SessionShape, NotFound))
def find_session(
    context: Context,
    project_id: Id,
    number: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Default: the active session that was started last.")] = None,
) -> Response:
    """Return the session of a project with that number."""
    return ok(session_shape(sessions.require(context.store, projects.require(context.store, project_id), number)))


@router.get("/projects/{project_id}/sessions-timeline", summary="Show a project's timeline", **pages(TimelineShape, NotFound))
def show_timeline(context: Context, project_id: Id, page: Paging, status: StatusFilter = None, empty: EmptyFilter = False) -> Response:
    """List the sessions of a project by number, each with the preservation of its handoff."""
    project = projects.require(context.store, project_id)
    entries = sessions.timeline(
        context.store, project, with_empty=empty, status=status, after=page.last_key(int) or 0, limit=page.limit + 1
    )
    return page.answer(entries, shape=timeline_shape, key_of=lambda entry: (entry.session.number,))


@router.get("/sessions", summary="List sessions", **pages(SessionShape))
def list_sessions(
    context: Context,
    page: Paging,
    project_id: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Only of this project.")] = None,
    account_id: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Only sessions that ran on this account.")] = None,
    status: StatusFilter = None,
    agent: Annotated[str | None, Query(max_length=100, description="Only of this agent.", examples=["codex"])] = None,
    empty: EmptyFilter = False,
) -> Response:
    """List the sessions of all projects, the newest first."""
    all_sessions = sessions.list_all(
        context.store,
        with_empty=empty,
        project_id=project_id,
        account_id=account_id,
        status=status,
        agent=agent,
        before=page.last_key(int),
        limit=page.limit + 1,
    )
    return page.answer(all_sessions, shape=session_shape, key_of=lambda session: (session.id,))


_START_DOCS = answers(SessionShape, NotFound, envelope=NewSessionEnvelope)


@router.post("/sessions/create", summary="Start a session", **_START_DOCS)
@router.post("/sessions/create-with-handoff", summary="Start a session with the previous handoff", **_START_DOCS)
@router.post("/sessions", summary="Start a session, as /sessions/create does", **_START_DOCS)
def start_session(context: Context, body: NewSessionBody) -> Response:
    """Start a session with the project's next number and the newest handoff."""
    project = projects.require(context.store, body.project_id)
    template = templates.require(context.store, str(body.template)) if body.template else None
    handoff_id = _previous_handoff_id(context, project, body.previous_handoff)
    started = sessions.start(
        context.store,
        project,
        agent=body.agent,
        objectives=template.merge_objectives(body.objectives) if template else body.objectives,
        template=template,
        handoff_id=handoff_id,
        account_id=body.account_id,
    )
    session, previous = started.session, started.previous
    return ok(
        session_shape(session),
        session_id=session.id,
        session_number=session.number,
        previous_handoff=_previous_shape(context, project, previous, session) if previous else None,
        message=f"Session {session.number} of {project.name} started, {_start_note(previous)}.",
    )


def _start_note(previous: StoredHandoff | None) -> str:
    if previous is None:
        return "as the first: there is no handoff yet"
    return f"with the handoff of session {previous.session_number}" if previous.session_number else "with the handoff that was sent"


def _previous_handoff_id(context: Context, project: Project, sent: int | dict[str, Any] | str | None) -> int | None:
    """Return the id of the handoff to start with, None for the newest. The lines of a document that was sent are kept."""
    if sent is None or isinstance(sent, int):
        return sent
    own_id = sent.get("handoff_id", sent.get("handoffId")) if isinstance(sent, dict) else None
    if isinstance(own_id, int):
        return own_id
    state_handoff(context.store, project, sent)
    return None


def _previous_shape(context: Context, project: Project, handoff: StoredHandoff, session: Session) -> PreviousHandoff:
    source = sessions.require(context.store, project, handoff.session_number) if handoff.session_number else None
    blockers = source.blockers if source else [fact.text for fact in facts.list_facts(context.store, project, kind="blocker")]
    return previous_handoff(handoff, source, blockers, "; ".join(session.objectives), float(context.settings.rotate_at))


@router.get("/sessions/{session_id}/detail", summary="Show a session in full", **answers(SessionDetailShape, NotFound))
@router.get("/sessions/{session_id}", summary="Show a session, as /detail does", **answers(SessionDetailShape, NotFound))
def show_session(context: Context, session_id: Id, page: Paging) -> Response:
    """Return a session, its account, its handoffs, its files and a page of its conversation."""
    session = sessions.require_by_id(context.store, session_id)
    account = find_account(context.store, session)
    detail = sessions.show(context.store, session)
    stored_turns = list(sessions.replay(context.store, session, first=(page.last_key(int) or 0) + 1, limit=page.limit + 1))
    page_turns = stored_turns[: page.limit]
    return ok(
        SessionDetailShape(
            session=session_shape(detail.session),
            account=account_shape(accounts.read_availability(context.store, account)) if account else None,
            previous_handoff=handoff_shape(detail.previous) if detail.previous else None,
            handoff=handoff_shape(detail.handoff) if detail.handoff else None,
            files=[session_file_shape(session.number, file) for file in project_files.list_touched(context.store, session)],
            conversation=[turn_shape(session.number, stored.ordinal, stored.turn, abandoned=stored.abandoned) for stored in page_turns],
            next_cursor=cursor((page_turns[-1].ordinal,)) if len(stored_turns) > len(page_turns) else None,
        )
    )


@router.get("/sessions/{session_id}/turns", summary="Replay a session", **pages(TurnShape, NotFound))
def replay_session(
    context: Context,
    session_id: Id,
    page: Paging,
    first: Annotated[int, Query(ge=1, le=MAX_ID, description="The first turn.")] = 1,
    last: Annotated[int | None, Query(ge=1, le=MAX_ID, description="The last turn.")] = None,
) -> Response:
    """List the turns of a session in order, abandoned ones too."""
    session = sessions.require_by_id(context.store, session_id)
    stored_turns = sessions.replay(context.store, session, first=max(first, (page.last_key(int) or 0) + 1), last=last, limit=page.limit + 1)
    return page.answer(
        stored_turns,
        shape=lambda stored: turn_shape(session.number, stored.ordinal, stored.turn, abandoned=stored.abandoned),
        key_of=lambda stored: (stored.ordinal,),
    )


@router.post(
    "/sessions/{session_id}/complete",
    summary="Complete a session",
    **answers(CompletionShape, NotFound, Conflict, envelope=CompletionEnvelope),
)
def complete(context: Context, request: Request, session_id: Id, body: CompletionBody) -> Response:
    """Complete a session and return the project's next handoff, composed by rules. Completing it again without anything new changes
    nothing. Words that would overwrite others unseen are refused with 409 and both texts: send `words`, or the session's `version`.

    If a language model is asked, it writes the handoff afterwards, as a job; whatever its outcome, the session is completed and has its
    handoff.
    """
    session = sessions.require_by_id(context.store, session_id)
    project = projects.require(context.store, session.project_id)
    completed = complete_session(
        context.store,
        session,
        local_agents=require_local_agents(context, request, project) if body.catch_up else None,
        sent_turns=parse_conversation(body.turns, body.conversation_text),
        account=accounts.require(context.store, body.account_id) if body.account_id else None,
        accomplishments=body.accomplishments,
        blockers=body.blockers,
        credits_used=body.credits_used,
        budget_tokens=body.budget_tokens or context.settings.budget_tokens,
        version=body.version,
        words=body.words,
    )
    shown_handoff = handoff_shape(completed.handoff) if body.auto_generate_handoff else None
    refinement = writer.WriterRequest(writer.NOT_ASKED)
    if body.use_ai or (body.use_ai is None and body.hugging_face_token):
        token = body.hugging_face_token or ""
        refinement = writer.try_request(
            context.store, build_model_setup(context.settings), project, completed.handoff, token=token, requested_by="api"
        )
    shape = CompletionShape(session_shape(completed.session), shown_handoff, completed.new_turns, completed.is_unchanged)
    return ok(shape, job_id=refinement.job.id if refinement.job else None, llm=str(refinement.llm))


@router.patch("/sessions/{session_id}/checklist/{item}", summary="Check an item of a checklist", **answers(SessionShape, NotFound))
def tick_item(context: Context, session_id: Id, item: Annotated[int, Path(ge=1, le=MAX_ID)], body: ChecklistTickBody) -> Response:
    """Mark an item of a session's checklist as done or not; the first item is 1."""
    return ok(session_shape(sessions.tick(context.store, sessions.require_by_id(context.store, session_id), item, is_done=body.is_done)))


@router.post("/sessions/{session_id}/reopen", summary="Reopen a session", **answers(SessionShape, NotFound))
def reopen_session(context: Context, session_id: Id) -> Response:
    """Make a session active again. Its handoff stays until it is completed again."""
    return ok(session_shape(sessions.reopen(context.store, sessions.require_by_id(context.store, session_id))))


@router.post("/sessions/{session_id}/abandon", summary="Abandon a session", **answers(SessionShape, NotFound))
def abandon_session(context: Context, session_id: Id) -> Response:
    """Abandon a session: its turns stay and can be searched."""
    return ok(session_shape(sessions.abandon(context.store, sessions.require_by_id(context.store, session_id))))
