"""Prometheus metrics: requests by route, method and status. No label holds an id, a name or a query."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from onward.app.admin import gauges

if TYPE_CHECKING:
    from onward.store import Store

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

LabeledMetrics: TypeAlias = tuple[Counter, Histogram]


class Metrics:
    """The metrics of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route")
        requests = Counter("onward_requests", "Requests that were answered.", (*labels, "status"), registry=self.registry)
        seconds = Histogram(
            "onward_request_seconds", "Time to answer a request, in seconds.", labels, unit="", buckets=BUCKETS_S, registry=self.registry
        )

        @cache
        def labeled(method: str, route: str, status: int) -> LabeledMetrics:
            return requests.labels(method, route, str(status)), seconds.labels(method, route)

        self._labeled = labeled

    def count_request(self, method: str, route: str, status: int, ms: float) -> None:
        """Count a request. Its route is `unmatched` if there is no such route, or if it was refused before routing."""
        # Callers choose method and path freely, and every new label takes memory for good.
        counter, histogram = self._labeled(method if method in _METHODS else "other", route or "unmatched", status)
        counter.inc()
        histogram.observe(ms / 1000)

    def render(self, store: Store) -> bytes:
        """Return all metrics in the Prometheus format, with the current gauges of *store*."""
        store_registry = CollectorRegistry()
        store_registry.register(_StoreCollector(gauges.gauges(store)))
        return generate_latest(self.registry) + generate_latest(store_registry)


class _StoreCollector(Collector):
    """Gauges of a store."""

    def __init__(self, store_gauges: gauges.Gauges) -> None:
        self._gauges = store_gauges

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yield the gauges."""
        counts = self._gauges.counts
        for name, description, value in (
            ("projects", "Projects in the store.", counts.projects),
            ("turns", "Turns in the store.", counts.turns),
            ("handoffs", "Handoffs in the store, every version.", counts.handoffs),
        ):
            yield GaugeMetricFamily(f"onward_{name}", description, value)
        sessions = GaugeMetricFamily("onward_sessions", "Sessions in the store.", labels=["status"])
        for status, number in (("in_progress", counts.active), ("completed", counts.completed)):
            sessions.add_metric([status], number)
        yield sessions
        jobs = GaugeMetricFamily("onward_jobs", "Jobs in the store.", labels=["state"])
        for state, number in self._gauges.jobs.items():
            jobs.add_metric([state], number)
        yield jobs
