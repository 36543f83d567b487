"""Search over all stored turns and what was made of them, as the reader types."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias
from urllib.parse import urlencode

from fastapi import Query, Response
from markupsafe import Markup, escape

from onward.adapters import build_embedding_model
from onward.app.projects import projects
from onward.app.search import search_results
from onward.app.search.query_filters import match_spans
from onward.app.sessions import bookmarks, sessions
from onward.core.search_result import Excerpt, SearchKind
from onward.core.session import Bookmark, Session
from onward.core.text.prose import excerpt_range
from onward.core.transcript.transcript import Turn
from onward.errors import BadInput, NotFound
from onward.web.page_request import CurrentPageRequest, PageRequest, page_router
from onward.web.render import page, partial
from onward.web.turn_views import call_view

router = page_router()

MAX_QUERY_CHARS = 2000
BUDGET_TOKENS = 3000
MAX_WORDS_CHARS = 500
SNIPPET_CHARS = 420
MAX_BOOKMARKS = 20

ResultKind: TypeAlias = Literal["", "user", "assistant", "tool", "fact", "handoff", "knowledge"]
DaysFilter: TypeAlias = Literal["", "1", "7", "30", "365"]


class SearchHitView(NamedTuple):
    """One search result: its address, its excerpt and a snippet with marked matches."""

    url: str
    excerpt: Excerpt
    snippet: Markup


def _summarize(turn: Turn) -> str:
    """Return the beginning of what a turn says, else of its call or result."""
    text = turn.text or next((call_view(call).summary for call in turn.calls), "") or next((result.text for result in turn.results), "")
    return " ".join(text.split())[:SNIPPET_CHARS]


class BookmarkedTurn(NamedTuple):
    """A bookmark with its session, the name of its project, and the beginning of its turn."""

    bookmark: Bookmark
    session: Session
    project: str
    text: str


@router.get("/search")
def show_search(
    request: CurrentPageRequest, q: str = "", project: Annotated[str, Query()] = "", kind: ResultKind = "", days: DaysFilter = ""
) -> Response:
    """Show the search page."""
    choices = [(line.project.id, line.project.name) for line in projects.list_known(request.store)]
    return page(request, "pages/search.html", choices=choices, **_search_context(request, q, project, kind, days))


@router.get("/parts/search")
def search_part(
    request: CurrentPageRequest, q: str = "", project: Annotated[str, Query()] = "", kind: ResultKind = "", days: DaysFilter = ""
) -> Response:
    """Return the results for the current query."""
    return partial(request, "partials/_search_hits.html", **_search_context(request, q, project, kind, days))


def _search_context(request: PageRequest, q: str, project: str, kind: ResultKind, days: DaysFilter) -> dict[str, Any]:
    query = q.replace("\0", " ").strip()[:MAX_QUERY_CHARS]
    hits: list[SearchHitView] = []
    if query:
        chosen_project = projects.require(request.store, int(project)) if project.isdecimal() and len(project) < 10 else None
        kinds: tuple[SearchKind, ...] = (kind,) if kind else ()
        since = datetime.now(UTC) - timedelta(days=int(days)) if days else None
        try:
            answer = search_results.search(
                request.store,
                query,
                project=chosen_project,
                kinds=kinds,
                since=since,
                budget_tokens=BUDGET_TOKENS,
                embedding_model=build_embedding_model(request.settings),
            )
            hits = _hit_views(request, query, answer.excerpts)
        except (BadInput, NotFound):
            # Only punctuation so far, or a name half typed after `project:`: there is nothing to search for.
            hits = []
    bookmarked_turns = [] if query else _list_bookmarks(request)
    return {"q": query, "project": project, "kind": kind, "days": days, "hits": hits, "bookmarked_turns": bookmarked_turns}


def _list_bookmarks(request: PageRequest) -> list[BookmarkedTurn]:
    """Return the newest bookmarks of all sessions."""
    bookmarked_turns = []
    for bookmark in bookmarks.list_newest(request.store, MAX_BOOKMARKS):
        session = sessions.require_by_id(request.store, bookmark.session_id)
        turns = list(sessions.replay(request.store, session, first=bookmark.turn, limit=1))
        text = _summarize(turns[0].turn) if turns else ""
        bookmarked_turns.append(BookmarkedTurn(bookmark, session, projects.require(request.store, session.project_id).name, text))
    return bookmarked_turns


def _hit_views(request: PageRequest, query: str, excerpts: Iterable[Excerpt]) -> list[SearchHitView]:
    projects_by_name = {
        line.project.name: line.project for archived in (False, True) for line in projects.list_known(request.store, archived=archived)
    }
    urls: dict[tuple[str, int], str] = {}
    hits = []
    for excerpt in excerpts:
        project = projects_by_name.get(excerpt.project)
        session_key = (excerpt.project, excerpt.handle.session)
        if project and session_key not in urls:
            try:
                urls[session_key] = (
                    f"/sessions/{sessions.require(request.store, project, excerpt.handle.session).id}"
                    if excerpt.handle.session
                    else f"/projects/{project.id}"
                )
            except NotFound:
                urls[session_key] = f"/projects/{project.id}"
        url = urls.get(session_key, "/knowledge" if excerpt.kind == "knowledge" else "/")
        hits.append(
            SearchHitView(
                f"{url}?{urlencode({'turn': excerpt.handle.turn, 'q': query[:MAX_WORDS_CHARS]})}" if url.startswith("/sessions/") else url,
                excerpt,
                mark_snippet(excerpt.text.replace("`", "") if excerpt.kind == "fact" else excerpt.text, query),
            )
        )
    return hits


def mark_snippet(text: str, query: str) -> Markup:
    """Return a part of *text* around the first match of *query*, with all matches marked. Other forms of a word match, too."""
    text = " ".join(text.split())
    spans = match_spans(text, query)
    start, stop = excerpt_range(text, *(spans[0] if spans else (0, 0)), SNIPPET_CHARS)
    pieces: list[str] = ["…"] if start else []
    end = start
    for first, last in spans:
        if start <= first and last <= stop:
            pieces += [escape(text[end:first]), Markup("<mark>"), escape(text[first:last]), Markup("</mark>")]
            end = last
    pieces += [escape(text[end:stop]), "…" if stop < len(text) else ""]
    return Markup("").join(pieces)
