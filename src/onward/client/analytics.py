"""Analytics on a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onward.client.decoder import read
from onward.client.resource import RemoteResource
from onward.core.analytics.growth import Growth
from onward.core.analytics.growth_report import MAX_POINTS, GrowthReport, Patterns, RecurringBlocker, RecurringError, RecurringFile
from onward.core.facts.fact import parse_handle
from onward.core.handoff.retention import Retention
from onward.core.project import Project


class RemoteAnalytics(RemoteResource):
    """How sessions grow more productive, and what recurs."""

    def growth(self, project: Project | None = None, *, most_points: int = MAX_POINTS) -> GrowthReport:
        """Return the curves of a project, or of all projects together: predicted and actual side by side."""
        data = self._server.get("/analytics/growth", project_id=project.id if project else None, points=most_points)["data"]
        return read(GrowthReport, data, growth=Growth(data["growth"], data["growth_window"], data["growth_basis"] == "per credit"))

    def patterns(self, project: Project | None = None, *, limit: int = 20) -> Patterns:
        """Return errors and files that recur in several sessions, and blockers that outlast their session; at most *limit* of each."""
        data = self._server.get("/analytics/patterns", project_id=project.id if project else None, limit=limit)["data"]
        files = [read(RecurringFile, file) for file in data["files"]]
        return Patterns(
            [_read_recurring_error(error) for error in data["errors"]],
            files,
            [read(RecurringBlocker, blocker) for blocker in data["blockers"]],
        )

    def retention(self, project: Project) -> Retention:
        """Return how many facts of a session are still shown by the handoffs of later sessions."""
        return read(Retention, self._server.get("/analytics/retention", project_id=project.id)["data"])


def _read_recurring_error(data: Mapping[str, Any]) -> RecurringError:
    handle = parse_handle(data["handle"])
    return read(RecurringError, data, last_session=handle.session, turn=handle.turn)
