"""Totals over all projects, and the session in progress."""

from __future__ import annotations

from dataclasses import dataclass

from onward.app.analytics import overall_growth, preservation_ratios
from onward.core.session import Session
from onward.core.spend import SpendTotals
from onward.store import Store, counts, model_calls, sessions
from onward.store.counts import StoreCounts


@dataclass(frozen=True, slots=True)
class Stats:
    """Totals of the store and the latest active session. `growth_percent` is the mean growth of the projects, weighted by their
    credits. `mean_preservation_ratio` (0..1) is the mean preservation of their current handoffs, None without completed sessions. `spent`
    is the cost of language models.
    """

    counts: StoreCounts
    active_session: Session | None
    growth_percent: float
    mean_preservation_ratio: float | None
    spent: SpendTotals


def read_stats(store: Store) -> Stats:
    """Return the totals over all projects."""
    ratios = preservation_ratios(store).values()
    with store.read() as connection:
        active_sessions = sessions.list_across_projects(connection, with_empty=False, status="in_progress", limit=1)
        totals = counts.count_everything(connection)
        spent = model_calls.total_spend(connection)
    return Stats(
        counts=totals,
        active_session=active_sessions[0] if active_sessions else None,
        growth_percent=overall_growth(store).percent,
        mean_preservation_ratio=sum(ratios) / len(ratios) if ratios else None,
        spent=spent,
    )
