"""What a house has besides its rooms: whether it stands, whether it is open, and the list of its routes."""

from __future__ import annotations

from fastapi import Response

from onward.api.desk import At
from onward.api.envelope import answers, ok
from onward.api.page import HTML, POLICY
from onward.api.parsing import routes
from onward.app import readiness
from onward.errors import StoreError

router = routes("house", prefix="")


@router.get("/healthz", summary="Say that the server runs", **answers(str))
async def healthz() -> Response:
    """Answer as long as the process does, without asking the store."""
    return ok("alive")


@router.get("/readyz", summary="Say that the server can work", **answers(str, StoreError))
def readyz(at: At) -> Response:
    """Answer when the store answers."""
    readiness.check(at.store)
    return ok("ready")


@router.get("/docs", include_in_schema=False)
async def docs() -> Response:
    """Answer the page that lists all routes."""
    return Response(HTML, media_type="text/html; charset=utf-8", headers={"content-security-policy": POLICY})
