"""Handoffs of conversations that belong to no session, and long texts made short."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from fastapi import Response
from pydantic import Field

from onward.api.desk import At
from onward.api.envelope import answers, ok, pages
from onward.api.paging import Paging
from onward.api.parsing import routes
from onward.api.routes.handoffs import MOST_BUDGET_TOKENS, HandoffShape, StoredAs, shape_of
from onward.api.routes.llm import waiting_for_a_model
from onward.api.routes.sessions import MOST_TURNS, TurnBodies
from onward.api.shapes import Body, Id, IdField
from onward.app import drafts, projects, refining
from onward.app.distilling import Basis
from onward.app.drafts import Draft
from onward.app.llm_keys import MOST_KEY_CHARS
from onward.app.refining import Refined
from onward.app.saving import spoken, turns_of_text
from onward.core.project import Project
from onward.errors import BadInput, NotFound, OnwardError
from onward.settings import LEAST_BUDGET_TOKENS
from onward.wiring import models_of

router = routes("drafts")

T = TypeVar("T")


class Conversation(Body):
    """A conversation to make a handoff of: as text of any format, or as a list of turns."""

    project_id: IdField | None = Field(None, examples=[1])
    conversation_text: str | None = Field(None, examples=["User: Move the checkout to port 8443\nAssistant: Done."])
    conversation_history: TurnBodies | None = Field(None, max_length=MOST_TURNS, examples=[None])
    budget_tokens: int | None = Field(None, ge=LEAST_BUDGET_TOKENS, le=MOST_BUDGET_TOKENS)
    use_ai: bool | None = Field(
        None, description="Whether a language model refines it, while you wait. Default: where a token is given, or a model is set up."
    )
    hugging_face_token: str | None = Field(None, repr=False, max_length=MOST_KEY_CHARS, examples=[None])
    store: bool = Field(True, description="Whether the project keeps it as a draft.")


class LongText(Body):
    """A text to make short."""

    text: str = Field(min_length=1, examples=["User: The port is 8443 now, not 8080.\nAssistant: Changed in deploy.yaml."])
    budget_tokens: int = Field(2000, ge=50, le=MOST_BUDGET_TOKENS, examples=[500])


@dataclass(frozen=True, slots=True)
class DraftAnswer(Generic[T]):
    """A handoff, the id of the draft that was kept of it, and what became of the model's part."""

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
class CompressedShape:
    """A text made short, without secrets. `ratio` is tokens of the text to one token of it; `preservation` is null where the text was short enough as it was."""

    text: str
    tokens: int
    text_tokens: int
    ratio: float
    preservation: dict[str, Any] | None
    preservation_ratio: float | None


@router.post("/ai/handoff", summary="Make a handoff of a conversation", **answers(HandoffShape, NotFound, wrapped=DraftAnswer))
def draft(at: At, body: Conversation) -> Response:
    """Answer the handoff of a conversation, made by the rules, and keep it as a draft of the project. The project's master handoff stays what it is.

    A language model refines it, where one is set up or a token is given; `llm` says what became of that. The rules' handoff stands wherever it is no better.
    """
    project = projects.of_id(at.store, body.project_id) if body.project_id else None
    said = spoken(body.conversation_history, body.conversation_text)
    if not said:
        raise BadInput("There is no conversation to make a handoff of.", "Send conversation_text or conversation_history.")
    basis = drafts.basis_of(said)
    budget = body.budget_tokens or at.settings.budget_tokens
    llm, done = _refined(at, body, basis, project)
    made, report = (done.made, done.report) if done and done.made else (basis.master(budget), None)
    kept = drafts.store_draft(at.store, project, made, report) if project and body.store else None
    if kept:
        return ok(_draft_shape(kept).handoff, draft_id=kept.id, llm=llm)
    by = StoredAs(generator=report.model, refinement=report) if report else None
    return ok(shape_of(made.handoff, drafts.written(made), made.preservation, made.budget_tokens, by), draft_id=None, llm=llm)


def _refined(at: At, body: Conversation, basis: Basis, project: Project | None) -> tuple[str, Refined | None]:
    """Return what became of a model's part in a draft, in a word or why not, and the draft where there is one."""
    if body.use_ai is False:
        return refining.NOT_ASKED, None
    token, budget = body.hugging_face_token or "", body.budget_tokens or at.settings.budget_tokens
    try:
        with waiting_for_a_model():
            done = refining.draft(at.store, models_of(at.settings), basis, budget, project=project, token=token)
    except OnwardError as error:
        return str(error), None
    if done is None:
        return refining.NOT_CONFIGURED, None
    return done.report.why or refining.KEPT, done


@router.get("/projects/{project_id}/drafts", summary="List a project's drafts", **pages(DraftShape, NotFound))
def listed(at: At, project_id: Id, page: Paging) -> Response:
    """Answer the handoffs that were made of conversations outside any session, the newest first."""
    found = drafts.listed(at.store, projects.of_id(at.store, project_id), before=page.last(int), limit=page.limit + 1)
    return page.answer(found, shape=_draft_shape, last=lambda one: (one.id,))


@router.post("/private/smart-compress", summary="Make a long text short", **answers(CompressedShape))
def compress(body: LongText) -> Response:
    """Answer what matters of a text within a budget: of a conversation its handoff, of notes, a log or any other text the lines that say most, in their own words."""
    found = drafts.compress(body.text, turns_of_text(body.text), body.budget_tokens)
    kept = found.preservation
    return ok(
        CompressedShape(
            found.text, found.tokens, found.text_tokens, found.ratio, kept.to_json() if kept else None, kept.recall_ratio if kept else None
        )
    )


def _draft_shape(one: Draft) -> DraftShape:
    by = StoredAs(generator=one.generator, refinement=one.refinement)
    return DraftShape(one.id, shape_of(one.handoff, one.markdown, one.preservation, one.budget_tokens, by), one.created_at)
