"""Analytics: how sessions grow more productive, and what recurs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onward.backend.local.resource import LocalResource, UseCases, bind_store

if TYPE_CHECKING:
    from onward.app import analytics
else:
    analytics = UseCases("onward.app.analytics")


class LocalAnalytics(LocalResource):
    """Analytics: how sessions grow more productive, and what recurs."""

    growth = bind_store(analytics.growth)
    patterns = bind_store(analytics.patterns)
    retention = bind_store(analytics.retention)
