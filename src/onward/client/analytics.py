"""Analytics on a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onward.client.reading import read
from onward.client.rooms import Room
from onward.core.facts import parse_handle
from onward.core.growth import Growth
from onward.core.growth_report import MOST_POINTS, Blocker, GrowthReport, OftenMet, OftenTouched, Patterns
from onward.core.project import Project
from onward.core.retention import Retention


class Analytics(Room):
    """How sessions grow more productive, and what recurs over them."""

    def growth(self, project: Project | None = None, *, most_points: int = MOST_POINTS) -> GrowthReport:
        """Return the curves of a project, or of all together: predicted and actual side by side."""
        told = self._wire.get("/analytics/growth", project_id=project.id if project else None, points=most_points)["data"]
        return read(GrowthReport, told, growth=Growth(told["growth"], told["growth_window"], told["growth_basis"] == "per credit"))

    def patterns(self, project: Project | None = None, *, limit: int = 20) -> Patterns:
        """Return errors that several sessions met, files that several touched, and blockers that outlive their session; of each at most *limit*."""
        told = self._wire.get("/analytics/patterns", project_id=project.id if project else None, limit=limit)["data"]
        touched = [read(OftenTouched, one) for one in told["files"]]
        return Patterns([_met(one) for one in told["errors"]], touched, [read(Blocker, one) for one in told["blockers"]])

    def retention(self, project: Project) -> Retention:
        """Return how much of what sessions established the handoffs of later sessions still show."""
        return read(Retention, self._wire.get("/analytics/retention", project_id=project.id)["data"])


def _met(told: Mapping[str, Any]) -> OftenMet:
    handle = parse_handle(told["handle"])
    return read(OftenMet, told, last_session=handle.session, turn=handle.turn, is_solved=told["solved"])
