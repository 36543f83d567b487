"""Figures of the server, for programs that watch it."""

from __future__ import annotations

from fastapi import Request, Response

from onward.api.desk import At
from onward.api.envelope import refusals
from onward.api.metrics import CONTENT_TYPE, Metrics
from onward.api.parsing import routes

router = routes("house", prefix="")

_EXAMPLE = 'onward_requests_total{method="GET",route="/api/projects",status="200"} 12.0\n'
_TOLD = {"description": "Figures.", "content": {"text/plain": {"schema": {"type": "string"}, "example": _EXAMPLE}}}


@router.get("/metrics", summary="Tell figures to Prometheus", response_class=Response, responses={**refusals(), 200: _TOLD})
def metrics(at: At, request: Request) -> Response:
    """Answer requests by route, method and status, how long they took, and how many jobs, sessions and turns there are. From another machine it takes a `read` token."""
    figures: Metrics = request.app.state.metrics
    return Response(figures.text(at.store), headers={"content-type": CONTENT_TYPE})
