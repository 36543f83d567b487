"""The whole server: the API, and whatever else answers at the same address. The one place that knows all of them; they do not know each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.routing import Route

from onward.api.application import build as build_api
from onward.mcp import http as mcp
from onward.settings import Settings
from onward.web.mounting import mount as mount_web

if TYPE_CHECKING:
    from onward.store import Store


def build(store: Store, settings: Settings) -> FastAPI:
    """Return the application over an open *store*, which whoever opened it closes. Raises `BadSetting` where this Onward was not built whole."""
    agents = mcp.Mounted(store, settings)
    application = build_api(store, settings, beside=[agents.running])
    application.router.routes.append(Route(mcp.PATH, agents, methods=["POST"]))
    mount_web(application)
    return application
