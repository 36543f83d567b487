"""Knowledge: what sessions learned that holds beyond them."""

from __future__ import annotations

from fastapi import Response

from onward.app import knowledge
from onward.web.rendering import page
from onward.web.visit import At, routes

router = routes()

MOST_ENTRIES = 50


@router.get("/knowledge")
def listed(at: At, before: int | None = None) -> Response:
    """Show the entries, the newest first."""
    found = knowledge.listed(at.store, before=before, limit=MOST_ENTRIES + 1)
    return page(at, "pages/knowledge.html", entries=found[:MOST_ENTRIES], has_more=len(found) > MOST_ENTRIES)
