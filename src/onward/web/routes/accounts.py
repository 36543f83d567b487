"""Accounts of AI services, and how their credits stand."""

from __future__ import annotations

from fastapi import Response

from onward.app import accounts
from onward.web.rendering import page
from onward.web.visit import At, routes

router = routes()

MOST_ACCOUNTS = 100


@router.get("/accounts")
def listed(at: At, after: str = "") -> Response:
    """Show the accounts by name."""
    found = accounts.listed(at.store, after=after, limit=MOST_ACCOUNTS + 1)
    return page(at, "pages/accounts.html", standings=found[:MOST_ACCOUNTS], has_more=len(found) > MOST_ACCOUNTS)
