"""Handoffs of conversations outside any session, and compression of long texts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from fastapi import Response
from pydantic import Field

from onward.adapters import build_model_setup
from onward.api.answers.envelope import answers, ok, pages
from onward.api.answers.paging import Paging
from onward.api.bodies import Body, Id, IdField
from onward.api.context import Context
from onward.api.parsing import create_router
from onward.api.routes.handoffs import MAX_BUDGET_TOKENS, HandoffRecord, HandoffShape, document_shape
from onward.api.routes.llm import model_slot
from onward.api.routes.sessions import MAX_TURNS, TurnBodies
from onward.app.handoffs import drafts, writer
from onward.app.handoffs.distillation import HandoffBasis
from onward.app.handoffs.drafts import Draft
from onward.app.handoffs.writer import WriterResult
from onward.app.models.keys import MAX_KEY_CHARS
from onward.app.projects import projects
from onward.app.turns.client_turns import parse_any_text, parse_conversation
from onward.core.project import Project
from onward.errors import BadInput, NotFound, OnwardError
from onward.settings import MIN_BUDGET_TOKENS

router = create_router("drafts")

T = TypeVar("T")


class ConversationBody(Body):
    """A conversation to make a handoff of, as text of any format or as a list of turns."""

    project_id: IdField | None = Field(None, examples=[1])
    conversation_text: str | None = Field(None, examples=["User: Move the checkout to port 8443\nAssistant: Done."])
    conversation_history: TurnBodies | None = Field(None, max_length=MAX_TURNS, examples=[None])
    budget_tokens: int | None = Field(None, ge=MIN_BUDGET_TOKENS, le=MAX_BUDGET_TOKENS)
    use_ai: bool | None = Field(
        None,
        description="Whether a language model writes the handoff before the answer. Default: if a token is given or a model is set up.",
    )
    hugging_face_token: str | None = Field(None, repr=False, max_length=MAX_KEY_CHARS, examples=[None])
    store: bool = Field(True, description="Whether the project stores the handoff as a draft.")


class LongTextBody(Body):
    """A text to compress."""

    text: str = Field(min_length=1, examples=["User: The port is 8443 now, not 8080.\nAssistant: Changed in deploy.yaml."])
    budget_tokens: int = Field(2000, ge=50, le=MAX_BUDGET_TOKENS, examples=[500])


@dataclass(frozen=True, slots=True)
class DraftEnvelope(Generic[T]):
    """A handoff, the id of its stored draft, and the outcome of the model's writing."""

    success: Literal[True]
    data: T
    draft_id: int | None
    llm: str


@dataclass(frozen=True, slots=True)
class DraftShape:
    """A draft of a project."""

    id: int
    handoff: HandoffShape
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CompressedTextShape:
    """A compressed text, without secrets. `ratio` is the tokens of the text per token of the result; `preservation` is null if the text was
    short enough already.
    """

    text: str
    tokens: int
    text_tokens: int
    ratio: float
    preservation: dict[str, Any] | None
    preservation_ratio: float | None


@router.post("/ai/handoff", summary="Make a handoff of a conversation", **answers(HandoffShape, NotFound, envelope=DraftEnvelope))
def create_draft(context: Context, body: ConversationBody) -> Response:
    """Make a handoff of a conversation by rules, as the next session of the project, and store it as a draft. The project's master handoff
    does not change.

    If a model is set up or a token is given, the model writes the handoff; `llm` reports the outcome. The version by rules is returned
    unless the written one passes the checks.
    """
    project = projects.require(context.store, body.project_id) if body.project_id else None
    turns = parse_conversation(body.conversation_history, body.conversation_text)
    if not turns:
        raise BadInput("There is no conversation to make a handoff from.", "Send conversation_text or conversation_history.")
    basis = drafts.conversation_basis(turns, context.store, project)
    budget = body.budget_tokens or context.settings.budget_tokens
    llm, result = _write_with_model(context, body, basis, project)
    handoff_draft, report = (result.handoff, result.report) if result and result.handoff else (basis.master(budget), None)
    stored_draft = drafts.store_draft(context.store, project, handoff_draft, report) if project and body.store else None
    if stored_draft:
        return ok(_draft_shape(stored_draft).handoff, draft_id=stored_draft.id, llm=llm)
    record = HandoffRecord(generator=report.model, refinement=report) if report else None
    return ok(
        document_shape(
            handoff_draft.handoff, drafts.render_markdown(handoff_draft), handoff_draft.preservation, handoff_draft.budget_tokens, record
        ),
        draft_id=None,
        llm=llm,
    )


def _write_with_model(
    context: Context, body: ConversationBody, basis: HandoffBasis, project: Project | None
) -> tuple[str, WriterResult | None]:
    """Return the outcome in words, and the handoff that a model wrote if there is one."""
    if body.use_ai is False:
        return writer.NOT_ASKED, None
    token, budget = body.hugging_face_token or "", body.budget_tokens or context.settings.budget_tokens
    try:
        with model_slot():
            result = writer.write_draft(context.store, build_model_setup(context.settings), basis, budget, project=project, token=token)
    except OnwardError as error:
        return str(error), None
    if result is None:
        return writer.NOT_CONFIGURED, None
    return str(result.report.why) or writer.REFINED, result


@router.get("/projects/{project_id}/drafts", summary="List a project's drafts", **pages(DraftShape, NotFound))
def list_drafts(context: Context, project_id: Id, page: Paging) -> Response:
    """List the handoffs of conversations outside any session, the newest first."""
    stored_drafts = drafts.list_drafts(
        context.store, projects.require(context.store, project_id), before=page.last_key(int), limit=page.limit + 1
    )
    return page.answer(stored_drafts, shape=_draft_shape, key_of=lambda draft: (draft.id,))


@router.post("/private/smart-compress", summary="Compress a long text", **answers(CompressedTextShape))
def compress_text(body: LongTextBody) -> Response:
    """Return the most important parts of a text within a budget: of a conversation its handoff, of any other text its most informative
    lines, unchanged.
    """
    compressed = drafts.compress(body.text, parse_any_text(body.text), body.budget_tokens)
    preservation = compressed.preservation
    return ok(
        CompressedTextShape(
            text=compressed.text,
            tokens=compressed.tokens,
            text_tokens=compressed.text_tokens,
            ratio=compressed.ratio,
            preservation=preservation.to_json() if preservation else None,
            preservation_ratio=preservation.preservation_ratio if preservation else None,
        )
    )


def _draft_shape(draft: Draft) -> DraftShape:
    record = HandoffRecord(generator=draft.generator, refinement=draft.refinement)
    return DraftShape(
        draft.id, document_shape(draft.handoff, draft.markdown, draft.preservation, draft.budget_tokens, record), draft.created_at
    )
