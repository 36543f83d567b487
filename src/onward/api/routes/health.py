"""Health checks, and the page that lists all routes."""

from __future__ import annotations

from fastapi import Response

from onward.api.answers.envelope import answers, ok
from onward.api.context import Context
from onward.api.parsing import create_router
from onward.api.routes_page import HTML, POLICY
from onward.app.admin import readiness
from onward.errors import StoreError

router = create_router("server", prefix="")


@router.get("/healthz", summary="Check that the server runs", **answers(str))
async def check_health() -> Response:
    """Answer while the process runs, without using the store."""
    return ok("alive")


@router.get("/readyz", summary="Check that the server is ready", **answers(str, StoreError))
def check_readiness(context: Context) -> Response:
    """Answer if the store answers."""
    readiness.check(context.store)
    return ok("ready")


@router.get("/docs", include_in_schema=False)
async def show_docs() -> Response:
    """Return the page that lists all routes."""
    return Response(HTML, media_type="text/html; charset=utf-8", headers={"content-security-policy": POLICY})
