"""Totals over everything."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Response

from onward.api.desk import At
from onward.api.envelope import answers, ok
from onward.api.parsing import routes
from onward.api.routes.sessions import SessionShape, session_shape
from onward.app import stats

router = routes("stats")


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
def show(at: At) -> Response:
    """Answer the totals over all projects."""
    found = stats.stats(at.store)
    held, active, spent = found.counts, found.active_session, found.spent
    return ok(
        StatsShape(
            held.projects, held.archived, held.sessions, held.active, held.completed, held.handoffs, held.turns, held.tokens,
            held.credits_used, found.growth_percent, found.mean_kept_ratio,
            spent.calls, spent.input_tokens + spent.output_tokens, spent.cost_usd, session_shape(active) if active else None,
        )
    )  # fmt: skip
