"""Totals over everything."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Response

from onward.api.desk import Context
from onward.api.envelope import answers, ok
from onward.api.parsing import create_router
from onward.api.routes.sessions import SessionShape, session_shape
from onward.app import stats

router = create_router("stats")


@dataclass(frozen=True, slots=True)
class StatsShape:
    """How much there is. `growth` is in per cent: the mean actual output of the last five sessions over the first five. `llm_usd` is what asking language models cost. `active_session` is the one begun last that goes on."""

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


@router.get("/stats", summary="Count everything", **answers(StatsShape))
def show_stats(context: Context) -> Response:
    """Answer the totals over all projects."""
    totals = stats.read_stats(context.store)
    counts, active, spent = totals.counts, totals.active_session, totals.spent
    return ok(
        StatsShape(
            counts.projects, counts.archived, counts.sessions, counts.active, counts.completed, counts.handoffs, counts.turns, counts.tokens,
            counts.credits_used, totals.growth_percent, totals.mean_kept_ratio,
            spent.calls, spent.input_tokens + spent.output_tokens, spent.cost_usd, session_shape(active) if active else None,
        )
    )  # fmt: skip
