"""Current counts of a store, for monitoring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from onward.store import Store, counts
from onward.store.counts import StoreCounts


@dataclass(frozen=True, slots=True)
class Gauges:
    """How much a store contains, and the number of jobs in each state, including states without jobs."""

    counts: StoreCounts
    jobs: Mapping[str, int]


def gauges(store: Store) -> Gauges:
    """Return the current counts."""
    with store.read() as connection:
        return Gauges(counts.count_everything(connection), counts.count_jobs_by_state(connection))
