"""Sessions: beginning one with what the last one left, looking at them, completing them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeAlias, TypeVar

from fastapi import Path, Query, Response
from pydantic import Field

from onward.api.desk import At
from onward.api.envelope import answers, ok, pages
from onward.api.paging import Paging, cursor
from onward.api.parsing import routes
from onward.api.previous import PreviousHandoff, previous_handoff
from onward.api.routes.handoffs import MOST_BUDGET_TOKENS, HandoffShape, handoff_shape
from onward.api.routes.turns import TurnShape, turn_shape
from onward.api.shapes import MOST_ID, Body, Id, IdField, Lines, Text
from onward.app import projects, refining, sessions, templates
from onward.app.completing import complete as complete_session
from onward.app.handoffs import StoredHandoff
from onward.app.llm_keys import MOST_KEY_CHARS
from onward.app.projects import Project
from onward.app.saving import save_spoken
from onward.app.sessions import Session, SessionStatus, TimelineEntry
from onward.core.session import ChecklistItem
from onward.errors import NotFound
from onward.settings import LEAST_BUDGET_TOKENS
from onward.wiring import models_of

router = routes("sessions")

T = TypeVar("T")

StatusFilter: TypeAlias = Annotated[SessionStatus | None, Query(description="Only those.")]

MOST_TURNS = 5000
_TURN = {
    "type": "object",
    "description": "A turn of any usual shape; `text` is taken for `content`. Tool calls and results as OpenAI or Anthropic write them, or as `onward read --json` prints them.",
    "properties": {
        "role": {"type": "string", "examples": ["user"]},
        "content": {"examples": ["Move the checkout to port 8443"]},
        "at": {"type": "string", "format": "date-time", "examples": ["2026-03-01T12:00:00Z"]},
        "id": {"type": "string", "examples": ["m-1"]},
    },
    "required": ["role", "content"],
    "examples": [{"role": "user", "content": "Move the checkout to port 8443", "at": "2026-03-01T12:00:00Z"}],
}
TurnBodies: TypeAlias = list[Annotated[dict[str, Any], Field(json_schema_extra=_TURN)]]
"""Turns as a client sends them; what they say is read by the format that reads lists of turns."""


class NewSession(Body):
    """A session to begin. `previous_handoff` is the id of the handoff to begin with, where that is not to be the newest; a document that stands there is ours, and not needed."""

    project_id: IdField = Field(examples=[1])
    objectives: Lines = Field([], examples=[["Ship the checkout"]])
    agent: Text = Field("", max_length=100, examples=["codex"])
    account_id: IdField | None = Field(None, examples=[None])
    template: IdField | Text | None = Field(None, description="The name of a template, or its id.", examples=[None])
    previous_handoff: IdField | dict[str, Any] | Text | None = Field(None, examples=[None])


class Completion(Body):
    """What a person says of a session on completing it, and the turns that were not saved yet: as a list, or as text of any format."""

    accomplishments: Lines | None = Field(None, examples=[["The checkout works on staging"]])
    blockers: Lines | None = Field(None, examples=["Production keys are missing"])
    credits_used: float | None = Field(None, ge=0, le=1_000_000_000, allow_inf_nan=False, examples=[88])
    turns: TurnBodies | None = Field(None, max_length=MOST_TURNS)
    conversation_text: str | None = Field(None, examples=["User: Move the checkout to port 8443\nAssistant: Done."])
    budget_tokens: int | None = Field(None, ge=LEAST_BUDGET_TOKENS, le=MOST_BUDGET_TOKENS, examples=[None])
    use_ai: bool | None = Field(
        None, description="Whether a language model is asked to refine the handoff, afterwards. Default: where a token is given."
    )
    hugging_face_token: str | None = Field(None, repr=False, max_length=MOST_KEY_CHARS, examples=[None])
    auto_generate_handoff: bool = Field(True, description="Whether the handoff is answered; it is made and kept either way.")


class Tick(Body):
    """Whether an item of a checklist is done."""

    is_done: bool = Field(True, examples=[True])


@dataclass(frozen=True, slots=True)
class SessionShape:
    """A session. `native_id` is what its agent calls it; `template` names the one that it began with, and `checklist` is that one's; `tokens` counts its turns; `started_at` and `ended_at` are the transcript's, the other times the server's."""

    id: int
    project_id: int
    number: int
    status: str
    agent: str
    native_id: str | None
    parent_native_id: str | None
    title: str
    objectives: list[str]
    accomplishments: list[str]
    blockers: list[str]
    credits_used: float | None
    turn_count: int
    tokens: int
    branch: str
    cwd: str
    remote: str
    source: str
    template: str
    checklist: list[ChecklistItem]
    started_at: datetime | None
    ended_at: datetime | None
    created_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class TimelineShape:
    """A session in the timeline of its project, and what its handoff keeps (0..1, null where there is none)."""

    id: int
    number: int
    status: str
    agent: str
    title: str
    credits_used: float | None
    turn_count: int
    tokens: int
    has_handoff: bool
    handoff_id: int | None
    preservation_ratio: float | None
    started_at: datetime | None
    ended_at: datetime | None
    created_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class SessionDetailShape:
    """A session with the handoff it began with, the one it made, and a page of its conversation: `next_cursor` leads to the next one."""

    session: SessionShape
    previous_handoff: HandoffShape | None
    handoff: HandoffShape | None
    conversation: list[TurnShape]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class CompletionShape:
    """A completed session and its handoff. `again` when it was completed before and nothing was new."""

    session: SessionShape
    handoff: HandoffShape | None
    new_turns: int
    again: bool


@dataclass(frozen=True, slots=True)
class CompletedAnswer(Generic[T]):
    """A completed session. `job_id` is the job that has a model refine its handoff, null where none was asked; `llm` says what became of the asking."""

    success: Literal[True]
    data: T
    job_id: int | None
    llm: str


@dataclass(frozen=True, slots=True)
class BegunAnswer(Generic[T]):
    """A session that began, and what the last one left; null for the first of its project."""

    success: Literal[True]
    data: T
    session_id: int
    session_number: int
    previous_handoff: PreviousHandoff | None
    message: str


def session_shape(one: Session) -> SessionShape:
    """Return a session as it is answered."""
    return SessionShape(
        one.id, one.project_id, one.number, one.status, one.agent, one.native_id, one.parent_native_id, one.title, list(one.objectives),
        list(one.accomplishments), list(one.blockers), one.credits_used, one.turns, one.tokens, one.branch, one.cwd, one.remote, one.source,
        one.template, list(one.checklist),
        one.started_at, one.ended_at, one.created_at, one.completed_at,
    )  # fmt: skip


def _timeline_shape(entry: TimelineEntry) -> TimelineShape:
    one, made = entry.session, entry.handoff
    return TimelineShape(
        one.id, one.number, one.status, one.agent, one.title or "; ".join(one.objectives), one.credits_used, one.turns, one.tokens,
        made is not None, made.id if made else None, made.kept_ratio if made else None, one.started_at, one.ended_at, one.created_at,
        one.completed_at,
    )  # fmt: skip


@router.get("/projects/{project_id}/sessions", summary="List a project's sessions", **pages(SessionShape, NotFound))
def of_project(at: At, project_id: Id, page: Paging, status: StatusFilter = None) -> Response:
    """Answer the sessions of a project by number."""
    project = projects.of_id(at.store, project_id)
    found = sessions.listed(at.store, project, status=status, after=page.last(int) or 0, limit=page.limit + 1)
    return page.answer(found, shape=session_shape, last=lambda one: (one.number,))


@router.get("/projects/{project_id}/session", summary="Find a session by its number", **answers(SessionShape, NotFound))
def find(
    at: At,
    project_id: Id,
    number: Annotated[int | None, Query(ge=1, le=MOST_ID, description="Without it, the active session begun last.")] = None,
) -> Response:
    """Answer the session of a project that has that number."""
    return ok(session_shape(sessions.find(at.store, projects.of_id(at.store, project_id), number)))


@router.get("/projects/{project_id}/sessions-timeline", summary="Show a project's timeline", **pages(TimelineShape, NotFound))
def timeline(at: At, project_id: Id, page: Paging, status: StatusFilter = None) -> Response:
    """Answer the sessions of a project by number, each with what its handoff keeps."""
    project = projects.of_id(at.store, project_id)
    found = sessions.timeline(at.store, project, status=status, after=page.last(int) or 0, limit=page.limit + 1)
    return page.answer(found, shape=_timeline_shape, last=lambda entry: (entry.session.number,))


@router.get("/sessions", summary="List sessions", **pages(SessionShape))
def listed(
    at: At,
    page: Paging,
    project_id: Annotated[int | None, Query(ge=1, le=MOST_ID, description="Only those of that project.")] = None,
    account_id: Annotated[int | None, Query(ge=1, le=MOST_ID, description="Only those that ran on that account.")] = None,
    status: StatusFilter = None,
    agent: Annotated[str | None, Query(max_length=100, description="Only those of that agent.", examples=["codex"])] = None,
) -> Response:
    """Answer the sessions of all projects, the one begun last first."""
    found = sessions.of_all(
        at.store, project_id=project_id, account_id=account_id, status=status, agent=agent, before=page.last(int), limit=page.limit + 1
    )
    return page.answer(found, shape=session_shape, last=lambda one: (one.id,))


_BEGIN = answers(SessionShape, NotFound, wrapped=BegunAnswer)


@router.post("/sessions/create", summary="Begin a session", **_BEGIN)
@router.post("/sessions/create-with-handoff", summary="Begin a session with the previous handoff", **_BEGIN)
@router.post("/sessions", summary="Begin a session, as /sessions/create does", **_BEGIN)
def begin(at: At, body: NewSession) -> Response:
    """Begin a session under the project's next number, with the handoff that the last one left."""
    project = projects.of_id(at.store, body.project_id)
    template = templates.find(at.store, str(body.template)) if body.template else None
    begun = sessions.start(
        at.store,
        project,
        agent=body.agent,
        objectives=template.beginning(body.objectives) if template else body.objectives,
        template=template,
        handoff_id=body.previous_handoff if isinstance(body.previous_handoff, int) else None,
        account_id=body.account_id,
    )
    one, left = begun.session, begun.previous
    with_what = f"with the handoff of session {left.session_number}" if left else "as the first: there is no handoff yet"
    return ok(
        session_shape(one),
        session_id=one.id,
        session_number=one.number,
        previous_handoff=_previous(at, project, left, one) if left else None,
        message=f"Session {one.number} of {project.name} has begun, {with_what}.",
    )


def _previous(at: At, project: Project, left: StoredHandoff, begun: Session) -> PreviousHandoff:
    told_of = sessions.find(at.store, project, left.session_number)
    return previous_handoff(left, told_of, "; ".join(begun.objectives), float(at.settings.rotate_at))


@router.get("/sessions/{session_id}/detail", summary="Show a session whole", **answers(SessionDetailShape, NotFound))
@router.get("/sessions/{session_id}", summary="Show a session, as /detail does", **answers(SessionDetailShape, NotFound))
def show(at: At, session_id: Id, page: Paging) -> Response:
    """Answer a session, its handoffs and a page of its conversation."""
    one = sessions.of_id(at.store, session_id)
    detail = sessions.show(at.store, one)
    found = list(sessions.replay(at.store, one, first=(page.last(int) or 0) + 1, limit=page.limit + 1))
    shown = found[: page.limit]
    return ok(
        SessionDetailShape(
            session_shape(detail.session),
            handoff_shape(detail.loaded) if detail.loaded else None,
            handoff_shape(detail.made) if detail.made else None,
            [turn_shape(one.number, stored.ordinal, stored.turn, abandoned=stored.abandoned) for stored in shown],
            cursor((shown[-1].ordinal,)) if len(found) > len(shown) else None,
        )
    )


@router.get("/sessions/{session_id}/turns", summary="Play a session back", **pages(TurnShape, NotFound))
def replay(
    at: At,
    session_id: Id,
    page: Paging,
    first: Annotated[int, Query(ge=1, le=MOST_ID, description="The first turn to answer.")] = 1,
    last: Annotated[int | None, Query(ge=1, le=MOST_ID, description="The last turn to answer.")] = None,
) -> Response:
    """Answer the turns of a session in order, abandoned ones too."""
    one = sessions.of_id(at.store, session_id)
    found = sessions.replay(at.store, one, first=max(first, (page.last(int) or 0) + 1), last=last, limit=page.limit + 1)
    return page.answer(
        found,
        shape=lambda stored: turn_shape(one.number, stored.ordinal, stored.turn, abandoned=stored.abandoned),
        last=lambda stored: (stored.ordinal,),
    )


@router.post("/sessions/{session_id}/complete", summary="Complete a session", **answers(CompletionShape, NotFound, wrapped=CompletedAnswer))
def complete(at: At, session_id: Id, body: Completion) -> Response:
    """Complete a session and answer the project's next handoff, made by the rules. Completing again without anything new changes nothing.

    A language model that is asked for refines it afterwards, as a job; whatever becomes of that, the session is completed and has its handoff.
    """
    saved = save_spoken(at.store, session_id, records=body.turns, text=body.conversation_text)
    done = complete_session(
        at.store,
        saved.session,
        accomplishments=body.accomplishments,
        blockers=body.blockers,
        credits_used=body.credits_used,
        budget_tokens=body.budget_tokens or at.settings.budget_tokens,
    )
    shown = handoff_shape(done.handoff) if body.auto_generate_handoff else None
    asked = refining.Asked(refining.NOT_ASKED)
    if body.use_ai or (body.use_ai is None and body.hugging_face_token):
        project = projects.of_id(at.store, done.session.project_id)
        token = body.hugging_face_token or ""
        asked = refining.ask_beside(at.store, models_of(at.settings), project, done.handoff, token=token, requested_by="api")
    shape = CompletionShape(session_shape(done.session), shown, saved.new_turns, done.again)
    return ok(shape, job_id=asked.job.id if asked.job else None, llm=asked.llm)


@router.patch("/sessions/{session_id}/checklist/{item}", summary="Tick an item of a checklist", **answers(SessionShape, NotFound))
def tick(at: At, session_id: Id, item: Annotated[int, Path(ge=1, le=MOST_ID)], body: Tick) -> Response:
    """Note whether an item of the checklist that a session began with is done; the first one is 1."""
    return ok(session_shape(sessions.tick(at.store, sessions.of_id(at.store, session_id), item, is_done=body.is_done)))


@router.post("/sessions/{session_id}/reopen", summary="Reopen a session", **answers(SessionShape, NotFound))
def reopen(at: At, session_id: Id) -> Response:
    """Make a session active again. Its handoff stands until it is completed anew."""
    return ok(session_shape(sessions.reopen(at.store, sessions.of_id(at.store, session_id))))


@router.post("/sessions/{session_id}/abandon", summary="Leave a session without completing it", **answers(SessionShape, NotFound))
def abandon(at: At, session_id: Id) -> Response:
    """Leave a session: its turns stay and can be searched."""
    return ok(session_shape(sessions.abandon(at.store, sessions.of_id(at.store, session_id))))
