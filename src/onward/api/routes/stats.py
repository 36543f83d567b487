"""Totals over all projects."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Response

from onward.api.answers.envelope import answers, ok
from onward.api.context import Context
from onward.api.parsing import create_router
from onward.api.routes.session_shapes import SessionShape, session_shape
from onward.app.admin import stats

router = create_router("stats")


@dataclass(frozen=True, slots=True)
class StatsShape:
    """Totals. `growth` is in percent: the mean actual output of the last five sessions compared with the first five. `llm_usd` is the cost
    of language models. `active_session` is the active session that was started last.
    """

    projects: int
    archived_projects: int
    sessions: int
    active_sessions: int
    completed_sessions: int
    handoffs: int
    turns: int
    tokens: int
    credits_used: float
    growth: float
    mean_preservation_ratio: float | None
    llm_calls: int
    llm_tokens: int
    llm_usd: float
    active_session: SessionShape | None


@router.get("/stats", summary="Show totals", **answers(StatsShape))
def show_stats(context: Context) -> Response:
    """Return the totals over all projects."""
    totals = stats.read_stats(context.store)
    counts, active, spent = totals.counts, totals.active_session, totals.spent
    return ok(
        StatsShape(
            projects=counts.projects,
            archived_projects=counts.archived,
            sessions=counts.sessions,
            active_sessions=counts.active,
            completed_sessions=counts.completed,
            handoffs=counts.handoffs,
            turns=counts.turns,
            tokens=counts.tokens,
            credits_used=counts.credits_used,
            growth=totals.growth_percent,
            mean_preservation_ratio=totals.mean_preservation_ratio,
            llm_calls=spent.calls,
            llm_tokens=spent.input_tokens + spent.output_tokens,
            llm_usd=spent.cost_usd,
            active_session=session_shape(active) if active else None,
        )
    )
