"""The server as a whole: the API, the dashboard and MCP at one address. Only this module knows all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.routing import Route

from onward.adapters import open_store
from onward.agents import checkup
from onward.agents.connector import LocalAgentConnector
from onward.api.application import build as build_api
from onward.mcp import http as mcp
from onward.settings import Settings, read_machine
from onward.web.mount import mount as mount_web

if TYPE_CHECKING:
    from onward.store import Store


def build(store: Store, settings: Settings) -> FastAPI:
    """Return the application on an open *store*, which the caller closes. Raises `BadSetting` if this installation has no built
    dashboard.
    """
    mcp_server = mcp.McpApp(store, settings)
    application = build_api(store, settings, services=[mcp_server.run])
    application.router.routes.append(Route(mcp.PATH, mcp_server, methods=["POST"]))
    mount_web(
        application,
        checkup=lambda: checkup.find_all(settings, read_machine(), open_store, Path.cwd()),
        connector=LocalAgentConnector(settings),
    )
    return application
