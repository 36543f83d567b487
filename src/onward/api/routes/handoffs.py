"""Handoffs: the master handoff now, as it was, at another budget; its versions, and what changed between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

from anyio.to_thread import run_sync
from fastapi import Query, Request, Response

from onward.api.conditional import tagged
from onward.api.desk import At
from onward.api.envelope import answers, ok, pages
from onward.api.paging import Paging
from onward.api.parsing import routes
from onward.api.shapes import MOST_ID, Id
from onward.app import handoffs, projects
from onward.app.handoffs import Current, StoredHandoff
from onward.core import changelog
from onward.core import redline as redlines
from onward.core.handoff import Handoff, to_json
from onward.core.master_prompt import MOST_AGENT_CHARS, render_prompt
from onward.core.preservation import Preservation
from onward.core.printable import printable
from onward.core.refinement import RULES, Refinement
from onward.errors import NotFound
from onward.settings import LEAST_BUDGET_TOKENS

router = routes("handoffs")

MOST_BUDGET_TOKENS = 200_000

Budget: TypeAlias = Annotated[int | None, Query(ge=LEAST_BUDGET_TOKENS, le=MOST_BUDGET_TOKENS, description="Most tokens that it may take.")]
Format: TypeAlias = Literal["markdown", "json", "prompt"]
SessionNumber: TypeAlias = Annotated[int, Query(ge=1, le=MOST_ID, description="The number of a session in its project.")]

VersionNumber: TypeAlias = Annotated[int, Query(ge=1, le=MOST_ID, description="The version of a handoff.")]


@dataclass(frozen=True, slots=True)
class HandoffLine:
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
class SaidShape:
    """What a fact says, and the handles of the turns that show it."""

    fact: str
    text: str
    sources: list[str]


@dataclass(frozen=True, slots=True)
class ChangeShape:
    """One change: what stood before, and what stands instead; null where there is nothing."""

    kind: str
    old: SaidShape | None
    new: SaidShape | None


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
class RewordedShape:
    """One difference under its heading: the lines of the one version, and those of the other that tell the same facts; empty where it has none. A line has `text`, `sources` and `facts`."""

    title: str
    old: list[dict[str, Any]]
    new: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class RedlineShape:
    """What two versions of a handoff say differently, and how many lines they have in common."""

    before: int
    after: int
    changes: list[RewordedShape]
    same: int


def handoff_line(one: StoredHandoff) -> HandoffLine:
    """Return a stored handoff as lists show it."""
    kept = one.preservation
    return HandoffLine(
        one.id, one.version, one.session_id, one.session_number, one.budget_tokens, kept.document_tokens, kept.to_json(), kept.recall_ratio,
        kept.confidence_ratio, kept.compression_ratio, one.created_at, one.generator,
    )  # fmt: skip


def handoff_shape(one: StoredHandoff) -> HandoffShape:
    """Return a stored handoff as it is answered."""
    stored = StoredAs(
        one.id, one.project_id, one.session_id, one.version, one.ledger_version, one.created_at, one.generator, one.refinement
    )
    return shape_of(one.handoff, one.markdown, one.preservation, one.budget_tokens, stored)


class StoredAs(NamedTuple):
    """What a handoff is known by once it is kept."""

    id: int | None = None
    project_id: int | None = None
    session_id: int | None = None
    version: int | None = None
    ledger_version: int | None = None
    created_at: datetime | None = None
    generator: str = RULES
    refinement: Refinement | None = None


def shape_of(handoff: Handoff, markdown: str, kept: Preservation, budget_tokens: int, stored: StoredAs | None = None) -> HandoffShape:
    """Return a handoff as it is answered."""
    one = stored or StoredAs()
    return HandoffShape(
        one.id, one.project_id, one.session_id, one.version, one.ledger_version, handoff.session, budget_tokens, kept.document_tokens, markdown,
        to_json(handoff), kept.to_json(), kept.recall_ratio, kept.confidence_ratio, kept.compression_ratio, kept.line(), one.created_at, one.generator, one.refinement.to_json() if one.refinement else None,
    )  # fmt: skip


_TEXTS: dict[str, Any] = {"text/markdown": {"schema": {"type": "string"}}, "text/plain": {"schema": {"type": "string"}}}
_DOCUMENT = answers(HandoffShape, NotFound, also=_TEXTS, beside={304: {"description": "It is as the ETag says"}})


@router.get("/projects/{project_id}/handoff", summary="Read the master handoff", **_DOCUMENT)
async def current(
    request: Request,
    at: At,
    project_id: Id,
    at_session: Annotated[int | None, Query(ge=1, le=MOST_ID, description="As completing the session of that number made it.")] = None,
    budget: Budget = None,
    format: Annotated[Format, Query(description="json in the usual envelope; markdown and prompt as plain text.")] = "json",
    next_goal: Annotated[
        str,
        Query(max_length=2000, description="What the next session is to do, for the prompt: the lines that bear on it are named first."),
    ] = "",
    agent: Annotated[str, Query(max_length=MOST_AGENT_CHARS, description="Which agent the prompt is for, as `codex` or `chatgpt`.")] = "",
) -> Response:
    """Answer the handoff that the next session is given, with an ETag."""

    def read() -> Response:
        found = handoffs.current(at.store, projects.of_id(at.store, project_id), budget_tokens=budget, session_number=at_session)
        return _written(request, found, format, next_goal, agent)

    # At a budget of its own it is composed anew.
    return await (at.at_once(read) if budget is None else run_sync(read))


def _written(request: Request, found: Current, format: Format, next_goal: str, agent: str) -> Response:
    if format == "markdown":
        return tagged(request, Response(found.markdown, media_type="text/markdown"))
    if format == "prompt":
        return tagged(request, Response(printable(render_prompt(found.handoff, next_goal=next_goal, agent=agent)), media_type="text/plain"))
    return tagged(request, ok(_current_shape(found)))


def _current_shape(found: Current) -> HandoffShape:
    return shape_of(
        found.handoff,
        found.markdown,
        found.preservation,
        found.budget_tokens,
        StoredAs(id=found.id, version=found.version, created_at=found.created_at, generator=found.generator, refinement=found.refinement),
    )


@router.get("/projects/{project_id}/handoffs", summary="List a project's handoffs", **pages(HandoffLine, NotFound))
def listed(at: At, project_id: Id, page: Paging) -> Response:
    """Answer every version, the newest first."""
    project = projects.of_id(at.store, project_id)
    found = handoffs.versions(at.store, project, before=page.last(int), limit=page.limit + 1)
    return page.answer(found, shape=handoff_line, last=lambda one: (one.version,))


@router.get("/projects/{project_id}/handoffs/diff", summary="Compare two handoffs", **answers(DifferenceShape, NotFound))
def diff(at: At, project_id: Id, from_: Annotated[SessionNumber, Query(alias="from")], to: SessionNumber) -> Response:
    """Answer what changed from the handoff of one session to that of a later one, both given by number."""
    found = handoffs.diff(at.store, projects.of_id(at.store, project_id), from_, to)
    return ok({"before": found.before, "after": found.after, **changelog.to_json(found.log)})


@router.get("/projects/{project_id}/handoffs/redline", summary="Compare two versions of a handoff", **answers(RedlineShape, NotFound))
def redline(at: At, project_id: Id, from_: Annotated[VersionNumber, Query(alias="from")], to: VersionNumber) -> Response:
    """Answer what one version says differently from another, line by line: what a model made of the rules' one, say. Both are given by version."""
    found = handoffs.redlined(at.store, projects.of_id(at.store, project_id), from_, to)
    return ok({"before": found.before, "after": found.after, **redlines.to_json(found.redline)})


@router.get("/projects/{project_id}/handoffs/{handoff_id}", summary="Read one handoff", **answers(HandoffShape, NotFound))
def show(request: Request, at: At, project_id: Id, handoff_id: Id) -> Response:
    """Answer one version, with an ETag."""
    return tagged(request, ok(handoff_shape(handoffs.of_id(at.store, projects.of_id(at.store, project_id), handoff_id))))


@router.post("/projects/{project_id}/handoffs/{handoff_id}/restore", summary="Restore a handoff", **answers(HandoffShape, NotFound))
def restore(at: At, project_id: Id, handoff_id: Id) -> Response:
    """Make an earlier version the master handoff again, as a new version. The ledger stays: completing the next session makes the handoff from that."""
    return ok(handoff_shape(handoffs.restore(at.store, projects.of_id(at.store, project_id), handoff_id)))
