"""Adds the dashboard to an application: its routes, assets and middleware."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from fastapi import FastAPI

from onward.app.admin.agent_connection import AgentConnector
from onward.app.admin.doctor import Finding
from onward.web.assets import load_assets
from onward.web.middleware import PageMiddleware
from onward.web.render import environment

ROUTE_MODULES = (
    "dashboard",
    "import_sessions",
    "projects",
    "facts",
    "project_actions",
    "templates",
    "session_actions",
    "session_changes",
    "bookmarks",
    "sessions",
    "handoff",
    "analytics",
    "knowledge",
    "accounts",
    "search",
    "settings",
    "agent_settings",
    "jobs",
    "palette",
    "sign_in",
    "static_files",
)
"""Modules of `routes`, each with a `router`."""


def mount(application: FastAPI, *, checkup: Callable[[], list[Finding]], connector: AgentConnector) -> None:
    """Add the dashboard to *application*. *checkup* runs the health check, *connector* installs Onward in agents. Raises `BadSetting` if
    assets are missing.
    """
    application.state.checkup = checkup
    application.state.connector = connector
    load_assets()
    environment()
    for name in ROUTE_MODULES:
        application.router.routes.extend(import_module(f"onward.web.routes.{name}").router.routes)
    application.add_middleware(PageMiddleware)
