"""Handoffs: the master handoff now, as it was, at another budget; its versions, and what changed between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

from anyio.to_thread import run_sync
from fastapi import Query, Request, Response

from onward.api.answers.envelope import answers, ok, pages
from onward.api.answers.etag import with_etag
from onward.api.answers.paging import Paging
from onward.api.bodies import MAX_ID, Id
from onward.api.context import Context
from onward.api.parsing import create_router
from onward.app.handoffs import handoffs
from onward.app.handoffs.handoffs import CurrentHandoff, StoredHandoff
from onward.app.projects import projects
from onward.core.handoff import changelog
from onward.core.handoff import redline as redlines
from onward.core.handoff.document import Handoff, to_json
from onward.core.handoff.prompt import MAX_AGENT_CHARS, render_prompt
from onward.core.handoff.refinement import RULES, Refinement
from onward.core.preservation import Preservation
from onward.core.text.printable import printable
from onward.errors import NotFound
from onward.settings import MIN_BUDGET_TOKENS

router = create_router("handoffs")

MAX_BUDGET_TOKENS = 200_000

Budget: TypeAlias = Annotated[int | None, Query(ge=MIN_BUDGET_TOKENS, le=MAX_BUDGET_TOKENS, description="Most tokens that it may take.")]
Format: TypeAlias = Literal["markdown", "json", "prompt"]
SessionNumber: TypeAlias = Annotated[int, Query(ge=1, le=MAX_ID, description="The number of a session in its project.")]

VersionNumber: TypeAlias = Annotated[int, Query(ge=1, le=MAX_ID, description="The version of a handoff.")]


@dataclass(frozen=True, slots=True)
class HandoffSummaryShape:
    """A handoff as lists show it. Ratios are from 0 to 1 and null where there was nothing to keep; `compression_ratio` is tokens of sessions to a token of it. `generator` is `rules`, or the model that refined it."""

    id: int
    version: int
    session_id: int | None
    session_number: int
    budget_tokens: int
    tokens: int
    preservation: dict[str, Any]
    preservation_ratio: float | None
    confidence_ratio: float | None
    compression_ratio: float
    created_at: datetime
    generator: str


@dataclass(frozen=True, slots=True)
class HandoffShape:
    """A handoff: its Markdown, the same as sections with their sources, and what it keeps.

    `id`, `project_id`, `version` and `ledger_version` are null for one that was made just now, for a budget of its own; `session_id` also where no session's completion made it.
    `generator` is `rules`, or the model that refined it: `refinement` then reports what it wrote, what of that was turned away and why, and what it cost.
    """

    id: int | None
    project_id: int | None
    session_id: int | None
    version: int | None
    ledger_version: int | None
    session_number: int
    budget_tokens: int
    tokens: int
    markdown: str
    document: dict[str, Any]
    preservation: dict[str, Any]
    preservation_ratio: float | None
    confidence_ratio: float | None
    compression_ratio: float
    kept: str
    created_at: datetime | None
    generator: str
    refinement: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class FactTextShape:
    """What a fact says, and the handles of the turns that show it."""

    fact: str
    text: str
    sources: list[str]


@dataclass(frozen=True, slots=True)
class ChangeShape:
    """One change: what stood before, and what stands instead; null where there is nothing."""

    kind: str
    old: FactTextShape | None
    new: FactTextShape | None


@dataclass(frozen=True, slots=True)
class DifferenceShape:
    """What a project came to know and gave up between the ends of two sessions, as far as their handoffs show it; `untold` counts the rest."""

    before: int
    after: int
    added: list[ChangeShape]
    changed: list[ChangeShape]
    resolved: list[ChangeShape]
    retired: list[ChangeShape]
    no_longer_shown: list[ChangeShape]
    untold: int


@dataclass(frozen=True, slots=True)
class RedlineChangeShape:
    """One difference under its heading: the lines of the one version, and those of the other that tell the same facts; empty where it has none. A line has `text`, `sources` and `facts`."""

    title: str
    old: list[dict[str, Any]]
    new: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class RedlineShape:
    """What two versions of a handoff say differently, and how many lines they have in common."""

    before: int
    after: int
    changes: list[RedlineChangeShape]
    same: int


def handoff_summary_shape(handoff: StoredHandoff) -> HandoffSummaryShape:
    """Return a stored handoff as lists show it."""
    preservation = handoff.preservation
    return HandoffSummaryShape(
        id=handoff.id, version=handoff.version, session_id=handoff.session_id, session_number=handoff.session_number, budget_tokens=handoff.budget_tokens, tokens=preservation.document_tokens, preservation=preservation.to_json(), preservation_ratio=preservation.recall_ratio,
        confidence_ratio=preservation.confidence_ratio, compression_ratio=preservation.compression_ratio, created_at=handoff.created_at, generator=handoff.generator,
    )  # fmt: skip


def handoff_shape(handoff: StoredHandoff) -> HandoffShape:
    """Return a stored handoff as it is answered."""
    record = HandoffRecord(
        id=handoff.id,
        project_id=handoff.project_id,
        session_id=handoff.session_id,
        version=handoff.version,
        ledger_version=handoff.ledger_version,
        created_at=handoff.created_at,
        generator=handoff.generator,
        refinement=handoff.refinement,
    )
    return document_shape(handoff.handoff, handoff.markdown, handoff.preservation, handoff.budget_tokens, record)


class HandoffRecord(NamedTuple):
    """What a handoff is known by once it is kept."""

    id: int | None = None
    project_id: int | None = None
    session_id: int | None = None
    version: int | None = None
    ledger_version: int | None = None
    created_at: datetime | None = None
    generator: str = RULES
    refinement: Refinement | None = None


def document_shape(
    handoff: Handoff, markdown: str, preservation: Preservation, budget_tokens: int, record: HandoffRecord | None = None
) -> HandoffShape:
    """Return a handoff as it is answered."""
    known_record = record or HandoffRecord()
    return HandoffShape(
        id=known_record.id, project_id=known_record.project_id, session_id=known_record.session_id, version=known_record.version, ledger_version=known_record.ledger_version, session_number=handoff.session, budget_tokens=budget_tokens, tokens=preservation.document_tokens, markdown=markdown,
        document=to_json(handoff), preservation=preservation.to_json(), preservation_ratio=preservation.recall_ratio, confidence_ratio=preservation.confidence_ratio, compression_ratio=preservation.compression_ratio, kept=preservation.line(), created_at=known_record.created_at, generator=known_record.generator, refinement=known_record.refinement.to_json() if known_record.refinement else None,
    )  # fmt: skip


_TEXT_CONTENT: dict[str, Any] = {"text/markdown": {"schema": {"type": "string"}}, "text/plain": {"schema": {"type": "string"}}}
_HANDOFF_DOCS = answers(
    HandoffShape, NotFound, other_content=_TEXT_CONTENT, other_responses={304: {"description": "It is as the ETag says"}}
)


@router.get("/projects/{project_id}/handoff", summary="Read the master handoff", **_HANDOFF_DOCS)
async def show_current(
    request: Request,
    context: Context,
    project_id: Id,
    at_session: Annotated[int | None, Query(ge=1, le=MAX_ID, description="As completing the session of that number made it.")] = None,
    budget: Budget = None,
    format: Annotated[Format, Query(description="json in the usual envelope; markdown and prompt as plain text.")] = "json",
    next_goal: Annotated[
        str,
        Query(max_length=2000, description="What the next session is to do, for the prompt: the lines that bear on it are named first."),
    ] = "",
    agent: Annotated[str, Query(max_length=MAX_AGENT_CHARS, description="Which agent the prompt is for, as `codex` or `chatgpt`.")] = "",
) -> Response:
    """Answer the handoff that the next session is given, with an ETag."""

    def answer() -> Response:
        handoff = handoffs.current_handoff(
            context.store, projects.require(context.store, project_id), budget_tokens=budget, session_number=at_session
        )
        return _format_handoff(request, handoff, format, next_goal, agent)

    # At a budget of its own it is composed anew.
    return await (context.read(answer) if budget is None else run_sync(answer))


def _format_handoff(request: Request, handoff: CurrentHandoff, format: Format, next_goal: str, agent: str) -> Response:
    if format == "markdown":
        return with_etag(request, Response(handoff.markdown, media_type="text/markdown"))
    if format == "prompt":
        return with_etag(
            request, Response(printable(render_prompt(handoff.handoff, next_goal=next_goal, agent=agent)), media_type="text/plain")
        )
    return with_etag(request, ok(_current_shape(handoff)))


def _current_shape(handoff: CurrentHandoff) -> HandoffShape:
    return document_shape(
        handoff.handoff,
        handoff.markdown,
        handoff.preservation,
        handoff.budget_tokens,
        HandoffRecord(
            id=handoff.id,
            version=handoff.version,
            created_at=handoff.created_at,
            generator=handoff.generator,
            refinement=handoff.refinement,
        ),
    )


@router.get("/projects/{project_id}/handoffs", summary="List a project's handoffs", **pages(HandoffSummaryShape, NotFound))
def list_handoffs(context: Context, project_id: Id, page: Paging) -> Response:
    """Answer every version, the newest first."""
    project = projects.require(context.store, project_id)
    versions = handoffs.list_versions(context.store, project, before=page.last_key(int), limit=page.limit + 1)
    return page.answer(versions, shape=handoff_summary_shape, key_of=lambda handoff: (handoff.version,))


@router.get("/projects/{project_id}/handoffs/diff", summary="Compare two handoffs", **answers(DifferenceShape, NotFound))
def diff_handoffs(context: Context, project_id: Id, from_: Annotated[SessionNumber, Query(alias="from")], to: SessionNumber) -> Response:
    """Answer what changed from the handoff of one session to that of a later one, both given by number."""
    difference = handoffs.diff(context.store, projects.require(context.store, project_id), from_, to)
    return ok({"before": difference.before, "after": difference.after, **changelog.to_json(difference.changelog)})


@router.get("/projects/{project_id}/handoffs/redline", summary="Compare two versions of a handoff", **answers(RedlineShape, NotFound))
def redline_handoffs(context: Context, project_id: Id, from_: Annotated[VersionNumber, Query(alias="from")], to: VersionNumber) -> Response:
    """Answer what one version says differently from another, line by line: what a model made of the rules' one, say. Both are given by version."""
    comparison = handoffs.compare_versions(context.store, projects.require(context.store, project_id), from_, to)
    return ok({"before": comparison.before, "after": comparison.after, **redlines.to_json(comparison.redline)})


@router.get("/projects/{project_id}/handoffs/{handoff_id}", summary="Read one handoff", **answers(HandoffShape, NotFound))
def show_handoff(request: Request, context: Context, project_id: Id, handoff_id: Id) -> Response:
    """Answer one version, with an ETag."""
    return with_etag(request, ok(handoff_shape(handoffs.require(context.store, projects.require(context.store, project_id), handoff_id))))


@router.post("/projects/{project_id}/handoffs/{handoff_id}/restore", summary="Restore a handoff", **answers(HandoffShape, NotFound))
def restore_handoff(context: Context, project_id: Id, handoff_id: Id) -> Response:
    """Make an earlier version the master handoff again, as a new version. The ledger stays: completing the next session makes the handoff from that."""
    return ok(handoff_shape(handoffs.restore(context.store, projects.require(context.store, project_id), handoff_id)))
