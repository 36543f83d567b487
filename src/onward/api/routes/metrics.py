"""Metrics of the server, for monitoring."""

from __future__ import annotations

from fastapi import Request, Response

from onward.api.answers.envelope import error_docs
from onward.api.context import Context
from onward.api.middleware.metrics import CONTENT_TYPE, Metrics
from onward.api.parsing import create_router

router = create_router("server", prefix="")

_EXAMPLE = 'onward_requests_total{method="GET",route="/api/projects",status="200"} 12.0\n'
_METRICS_DOCS = {"description": "Figures.", "content": {"text/plain": {"schema": {"type": "string"}, "example": _EXAMPLE}}}


@router.get("/metrics", summary="Return metrics for Prometheus", response_class=Response, responses={**error_docs(), 200: _METRICS_DOCS})
def show_metrics(context: Context, request: Request) -> Response:
    """Return requests by route, method and status, their durations, and the numbers of jobs, sessions and turns. Callers on other machines
    need a `read` token.
    """
    server_metrics: Metrics = request.app.state.metrics
    return Response(server_metrics.render(context.store), headers={"content-type": CONTENT_TYPE})
