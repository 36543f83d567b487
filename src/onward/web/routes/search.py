"""Search over everything that was kept."""

from __future__ import annotations

from fastapi import Response

from onward.app import projects, searching
from onward.web.rendering import page
from onward.web.visit import At, routes

router = routes()

MOST_QUERY_CHARS = 2000


@router.get("/search")
def search(at: At, q: str = "") -> Response:
    """Show what answers a question."""
    asked = q.strip()[:MOST_QUERY_CHARS]
    found = searching.search(at.store, asked, budget_tokens=2000) if asked else None
    ids = {line.project.name: line.project.id for line in projects.listed(at.store)} if found else {}
    return page(at, "pages/search.html", q=asked, found=found, ids=ids)
