"""Full-text search."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Generic, Literal, TypeVar

from fastapi import Query, Response

from onward.adapters import build_embedding_model
from onward.api.answers.envelope import answers, ok
from onward.api.bodies import MAX_ID
from onward.api.context import Context
from onward.api.parsing import create_router
from onward.app.admin import ledger_rebuild
from onward.app.projects import projects
from onward.app.search import search_results
from onward.app.search.query_filters import match_spans
from onward.core.search_result import DEFAULT_BUDGET_TOKENS, SearchKind
from onward.errors import NotFound

router = create_router("search")

T = TypeVar("T")

_QUERY_HELP = 'Words or a question; `"phrases"`, `-word`, `project:`, `agent:`, `kind:`, `file:`, `before:` and `after:` narrow it.'


@dataclass(frozen=True, slots=True)
class ExcerptShape:
    """A passage that matches. `handle` is its turn, `s0.0` without a project for knowledge that a person wrote; `marks` are the matches in
    its text, as (start, end) in characters; `score` is only comparable within one search.
    """

    project: str
    handle: str
    kind: str
    at: datetime | None
    text: str
    marks: list[tuple[int, int]]
    score: float


@dataclass(frozen=True, slots=True)
class IndexShape:
    """The size of the index."""

    turns: int


@dataclass(frozen=True, slots=True)
class SearchEnvelope(Generic[T]):
    """The passages of a search, the best first, and how many tokens they have. `notice` says what the search did without."""

    success: Literal[True]
    data: T
    tokens: int
    budget_tokens: int
    notice: str


@router.get(
    "/search", summary="Search all turns, facts, handoffs and knowledge", **answers(list[ExcerptShape], NotFound, envelope=SearchEnvelope)
)
def search_store(
    context: Context,
    q: Annotated[
        str,
        Query(
            min_length=1,
            max_length=2000,
            description=_QUERY_HELP,
        ),
    ],
    project_id: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Only this project.")] = None,
    kind: Annotated[
        list[SearchKind] | None, Query(description="Only words of the user, the agent or tools; only facts, current handoffs or knowledge.")
    ] = None,
    since: Annotated[datetime | None, Query(description="Only from this time on; UTC if it has no zone.")] = None,
    budget: Annotated[int, Query(ge=1, le=100_000, description="The most tokens of the answer.")] = DEFAULT_BUDGET_TOKENS,
) -> Response:
    """Return the passages that match a query best, within a budget, each with the handle of its turn."""
    project = projects.require(context.store, project_id) if project_id else None
    from_time = since.replace(tzinfo=UTC) if since and since.tzinfo is None else since
    results = search_results.search(
        context.store,
        q.replace("\0", " "),
        project=project,
        kinds=kind or (),
        since=from_time,
        budget_tokens=budget,
        embedding_model=build_embedding_model(context.settings),
    )
    shapes = [
        ExcerptShape(
            project=excerpt.project,
            handle=str(excerpt.handle),
            kind=excerpt.kind,
            at=excerpt.at,
            text=excerpt.text,
            marks=match_spans(excerpt.text, q),
            score=round(excerpt.score, 4),
        )
        for excerpt in results.excerpts
    ]
    return ok(shapes, tokens=results.tokens, budget_tokens=results.budget_tokens, notice=str(results.notice))


@router.post("/search/reindex", summary="Rebuild the search index", **answers(IndexShape))
def rebuild_index(context: Context) -> Response:
    """Rebuild the index of the whole store from the stored turns, for example after a database was repaired, and return the number of
    turns.
    """
    return ok(IndexShape(ledger_rebuild.rebuild_index(context.store)))
