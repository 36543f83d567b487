"""How much there is at this moment, for whoever watches a server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from onward.store import Store, counts
from onward.store.counts import StoreCounts


@dataclass(frozen=True, slots=True)
class Gauges:
    """How much a store holds, and its jobs by state: every state, whether or not there are any."""

    counts: StoreCounts
    jobs: Mapping[str, int]


def gauges(store: Store) -> Gauges:
    """Return how much there is."""
    with store.read() as connection:
        return Gauges(counts.count_everything(connection), counts.count_jobs_by_state(connection))
