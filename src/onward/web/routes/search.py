"""Search over everything that was kept, as it is typed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

from fastapi import Query, Response
from markupsafe import Markup, escape

from onward.app import projects, searching, sessions
from onward.core.excerpt import Excerpt, SearchKind
from onward.core.text import around
from onward.errors import BadInput, NotFound
from onward.web.rendering import page, partial
from onward.web.visit import At, Visit, routes

router = routes()

MOST_QUERY_CHARS = 2000
BUDGET_TOKENS = 3000
SNIPPET_CHARS = 420
_LEAST_STEM = 4

Kind: TypeAlias = Literal["", "user", "assistant", "tool", "fact"]
Days: TypeAlias = Literal["", "1", "7", "30", "365"]


class Hit(NamedTuple):
    """One passage that was found, as it is shown: where it leads, and its text with what was asked marked."""

    url: str
    excerpt: Excerpt
    snippet: Markup


@router.get("/search")
def search(at: At, q: str = "", project: Annotated[str, Query()] = "", kind: Kind = "", days: Days = "") -> Response:
    """Show what answers a question."""
    choices = [(line.project.id, line.project.name) for line in projects.known(at.store)]
    return page(at, "pages/search.html", choices=choices, **_found(at, q, project, kind, days))


@router.get("/parts/search")
def found(at: At, q: str = "", project: Annotated[str, Query()] = "", kind: Kind = "", days: Days = "") -> Response:
    """Answer what is found so far."""
    return partial(at, "partials/_hits.html", **_found(at, q, project, kind, days))


def _found(at: Visit, q: str, project: str, kind: Kind, days: Days) -> dict[str, Any]:
    asked = q.replace("\0", " ").strip()[:MOST_QUERY_CHARS]
    hits: list[Hit] = []
    if asked:
        chosen = projects.of_id(at.store, int(project)) if project.isdecimal() and len(project) < 10 else None
        kinds: tuple[SearchKind, ...] = (kind,) if kind else ()
        since = datetime.now(UTC) - timedelta(days=int(days)) if days else None
        try:
            answered = searching.search(at.store, asked, project=chosen, kinds=kinds, since=since, budget_tokens=BUDGET_TOKENS)
            hits = _hits(at, asked, answered.excerpts)
        except BadInput:
            # Nothing but punctuation: so far there is no word to look for.
            hits = []
    return {"q": asked, "project": project, "kind": kind, "days": days, "hits": hits}


def _hits(at: Visit, asked: str, excerpts: Iterable[Excerpt]) -> list[Hit]:
    known = {line.project.name: line.project for archived in (False, True) for line in projects.known(at.store, archived=archived)}
    urls: dict[tuple[str, int], str] = {}
    hits = []
    for one in excerpts:
        project = known.get(one.project)
        place = (one.project, one.handle.session)
        if project and place not in urls:
            try:
                urls[place] = (
                    f"/sessions/{sessions.find(at.store, project, one.handle.session).id}"
                    if one.handle.session
                    else f"/projects/{project.id}"
                )
            except NotFound:
                urls[place] = f"/projects/{project.id}"
        url = urls.get(place, "/")
        hits.append(Hit(f"{url}?turn={one.handle.turn}" if url.startswith("/sessions/") else url, one, snippet(one.text, asked)))
    return hits


def snippet(text: str, asked: str) -> Markup:
    """Return so much of *text* as fits around the first word that was *asked*, with every such word marked. A word counts in its other forms, too."""
    words = sorted({_stem(word) for word in re.findall(r"\w+", asked.casefold())}, key=len, reverse=True)
    found = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})\w*", re.IGNORECASE) if words else None
    text = " ".join(text.split())
    first = found.search(text) if found else None
    begin, stop = around(text, *(first.span() if first else (0, 0)), SNIPPET_CHARS)
    shown = text[begin:stop]
    pieces: list[str] = ["…"] if begin else []
    end = 0
    for hit in found.finditer(shown) if found else ():
        pieces += [escape(shown[end : hit.start()]), Markup("<mark>"), escape(hit[0]), Markup("</mark>")]
        end = hit.end()
    pieces += [escape(shown[end:]), "…" if stop < len(text) else ""]
    return Markup("").join(pieces)


def _stem(word: str) -> str:
    """Return what a word begins with in its other forms: a rough stem, for marking only."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_STEM:
            return word.removesuffix(ending)
    return word
