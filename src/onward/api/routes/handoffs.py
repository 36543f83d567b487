"""Handoffs: the master handoff, its versions, and the changes between them."""

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
from onward.core.handoff.writer_report import RULES, WriterReport
from onward.core.preservation.scores import Preservation
from onward.core.text.printable import printable
from onward.errors import NotFound
from onward.message import in_english
from onward.settings import MIN_BUDGET_TOKENS

router = create_router("handoffs")

MAX_BUDGET_TOKENS = 200_000

Budget: TypeAlias = Annotated[int | None, Query(ge=MIN_BUDGET_TOKENS, le=MAX_BUDGET_TOKENS, description="The most tokens of the handoff.")]
HandoffFormat: TypeAlias = Literal["markdown", "json", "prompt"]
SessionNumber: TypeAlias = Annotated[int, Query(ge=1, le=MAX_ID, description="The number of a session in its project.")]

VersionNumber: TypeAlias = Annotated[int, Query(ge=1, le=MAX_ID, description="The version of a handoff.")]


@dataclass(frozen=True, slots=True)
class HandoffSummaryShape:
    """A handoff in a list. Ratios are from 0 to 1, null if there was nothing to preserve; `compression_ratio` is the sessions' tokens per
    token of the handoff. `generator` is `rules`, or the model that wrote it.
    """

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
    """A handoff: its Markdown, the same as sections with sources, and its preservation.

    `id`, `project_id`, `version` and `ledger_version` are null if it was composed for this request; `session_id` also if no session
    produced it. `generator` is `rules`, or the model that wrote it: then `refinement` reports what the model wrote, what was refused and
    why, and its cost.
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
    preservation_summary: str
    created_at: datetime | None
    generator: str
    refinement: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class FactTextShape:
    """A fact's text, and the handles of the turns that show it."""

    fact: str
    text: str
    sources: list[str]


@dataclass(frozen=True, slots=True)
class ChangeShape:
    """One change: the old and the new fact, null if there is none."""

    kind: str
    old: FactTextShape | None
    new: FactTextShape | None


@dataclass(frozen=True, slots=True)
class DifferenceShape:
    """What was added, changed and removed between the handoffs of two sessions. `omitted` counts facts that neither handoff shows."""

    before: int
    after: int
    added: list[ChangeShape]
    changed: list[ChangeShape]
    resolved: list[ChangeShape]
    retired: list[ChangeShape]
    no_longer_shown: list[ChangeShape]
    omitted: int


@dataclass(frozen=True, slots=True)
class RedlineChangeShape:
    """One difference under its heading: the old and the new lines about the same facts; empty if there are none. A line has `text`,
    `sources` and `facts`.
    """

    title: str
    old: list[dict[str, Any]]
    new: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class RedlineShape:
    """The differences between two versions of a handoff, and how many lines they share."""

    before: int
    after: int
    changes: list[RedlineChangeShape]
    same: int


def handoff_summary_shape(handoff: StoredHandoff) -> HandoffSummaryShape:
    """Return the list shape of a stored handoff."""
    preservation = handoff.preservation
    return HandoffSummaryShape(
        id=handoff.id,
        version=handoff.version,
        session_id=handoff.session_id,
        session_number=handoff.session_number,
        budget_tokens=handoff.budget_tokens,
        tokens=preservation.document_tokens,
        preservation=preservation.to_json(),
        preservation_ratio=preservation.preservation_ratio,
        confidence_ratio=preservation.confidence_ratio,
        compression_ratio=preservation.compression_ratio,
        created_at=handoff.created_at,
        generator=handoff.generator,
    )


def handoff_shape(handoff: StoredHandoff) -> HandoffShape:
    """Return the shape of a stored handoff."""
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
    """The ids, time and generator of a stored handoff."""

    id: int | None = None
    project_id: int | None = None
    session_id: int | None = None
    version: int | None = None
    ledger_version: int | None = None
    created_at: datetime | None = None
    generator: str = RULES
    refinement: WriterReport | None = None


def document_shape(
    handoff: Handoff, markdown: str, preservation: Preservation, budget_tokens: int, record: HandoffRecord | None = None
) -> HandoffShape:
    """Return the shape of a handoff."""
    known_record = record or HandoffRecord()
    return HandoffShape(
        id=known_record.id,
        project_id=known_record.project_id,
        session_id=known_record.session_id,
        version=known_record.version,
        ledger_version=known_record.ledger_version,
        session_number=handoff.session,
        budget_tokens=budget_tokens,
        tokens=preservation.document_tokens,
        markdown=markdown,
        document=to_json(handoff),
        preservation=preservation.to_json(),
        preservation_ratio=preservation.preservation_ratio,
        confidence_ratio=preservation.confidence_ratio,
        compression_ratio=preservation.compression_ratio,
        preservation_summary=preservation.line(),
        created_at=known_record.created_at,
        generator=known_record.generator,
        refinement=in_english(known_record.refinement.to_json()) if known_record.refinement else None,
    )


_TEXT_CONTENT: dict[str, Any] = {"text/markdown": {"schema": {"type": "string"}}, "text/plain": {"schema": {"type": "string"}}}
_HANDOFF_DOCS = answers(
    HandoffShape, NotFound, other_content=_TEXT_CONTENT, other_responses={304: {"description": "The client has this version already"}}
)


@router.get("/projects/{project_id}/handoff", summary="Read the master handoff", **_HANDOFF_DOCS)
async def show_current(
    request: Request,
    context: Context,
    project_id: Id,
    at_session: Annotated[int | None, Query(ge=1, le=MAX_ID, description="The handoff of the session of that number.")] = None,
    budget: Budget = None,
    rules: Annotated[bool, Query(description="The handoff made by rules, even if a model wrote one.")] = False,
    format: Annotated[HandoffFormat, Query(description="`json` in the usual envelope; `markdown` and `prompt` as plain text.")] = "json",
    next_goal: Annotated[
        str,
        Query(max_length=2000, description="The next session's goal, for the prompt: lines that are relevant to it come first."),
    ] = "",
    agent: Annotated[
        str, Query(max_length=MAX_AGENT_CHARS, description="The agent that the prompt is for, such as `codex` or `chatgpt`.")
    ] = "",
) -> Response:
    """Return the handoff for the next session, with an ETag."""

    def answer() -> Response:
        handoff = handoffs.current_handoff(
            context.store, projects.require(context.store, project_id), budget_tokens=budget, session_number=at_session, by_rules=rules
        )
        return _format_handoff(request, handoff, format, next_goal, agent)

    # With a budget the handoff is composed again, which takes longer.
    return await (context.read(answer) if budget is None else run_sync(answer))


def _format_handoff(request: Request, handoff: CurrentHandoff, format: HandoffFormat, next_goal: str, agent: str) -> Response:
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
    """List every version, the newest first."""
    project = projects.require(context.store, project_id)
    versions = handoffs.list_versions(context.store, project, before=page.last_key(int), limit=page.limit + 1)
    return page.answer(versions, shape=handoff_summary_shape, key_of=lambda handoff: (handoff.version,))


@router.get("/projects/{project_id}/handoffs/diff", summary="Compare the handoffs of two sessions", **answers(DifferenceShape, NotFound))
def diff_handoffs(context: Context, project_id: Id, from_: Annotated[SessionNumber, Query(alias="from")], to: SessionNumber) -> Response:
    """Return what changed from the handoff of one session to that of a later one, both by session number."""
    difference = handoffs.diff(context.store, projects.require(context.store, project_id), from_, to)
    changes = changelog.to_json(difference.changelog)
    omitted = changes.pop("omitted")
    return ok({"before": difference.before, "after": difference.after, **changes, "omitted": omitted})


@router.get("/projects/{project_id}/handoffs/redline", summary="Compare two versions of a handoff", **answers(RedlineShape, NotFound))
def redline_handoffs(context: Context, project_id: Id, from_: Annotated[VersionNumber, Query(alias="from")], to: VersionNumber) -> Response:
    """Return the differences between two versions, line by line; for example what a model changed. Both are given by version."""
    comparison = handoffs.compare_versions(context.store, projects.require(context.store, project_id), from_, to)
    return ok({"before": comparison.before, "after": comparison.after, **redlines.to_json(comparison.redline)})


@router.get("/projects/{project_id}/handoffs/{handoff_id}", summary="Read one handoff", **answers(HandoffShape, NotFound))
def show_handoff(request: Request, context: Context, project_id: Id, handoff_id: Id) -> Response:
    """Return one version, with an ETag."""
    return with_etag(request, ok(handoff_shape(handoffs.require(context.store, projects.require(context.store, project_id), handoff_id))))


@router.post("/projects/{project_id}/handoffs/{handoff_id}/restore", summary="Restore a handoff", **answers(HandoffShape, NotFound))
def restore_handoff(context: Context, project_id: Id, handoff_id: Id) -> Response:
    """Make an earlier version the master handoff again, as a new version. The ledger does not change: completing the next session composes
    its handoff from that.
    """
    return ok(handoff_shape(handoffs.restore(context.store, projects.require(context.store, project_id), handoff_id)))
