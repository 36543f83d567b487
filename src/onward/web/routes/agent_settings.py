"""Settings of the agents on this machine: Onward is installed in them or removed, and the folders in which their sessions are found."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from fastapi import Response

from onward.app.admin.agent_connection import AgentConnector
from onward.app.transcripts.agent_folders import agent_folders
from onward.core.agents import agent_label
from onward.errors import NotAllowed
from onward.settings import read_machine
from onward.web.language import _
from onward.web.page_request import CurrentPageRequest, PageRequest, Toast, page_router
from onward.web.render import page, partial

router = page_router()


@router.get("/settings/agents")
def show_agents(request: CurrentPageRequest) -> Response:
    """Show the agents of this machine and the folders of their sessions; to callers of other machines, neither."""
    is_local = request.caller.is_local
    folders = [place for place in agent_folders(read_machine(), Path.cwd()) if place.folder.is_dir()] if is_local else []
    return page(
        request,
        "pages/settings_agents.html",
        connections=_connector(request).list_agents() if is_local else [],
        is_local=is_local,
        folders=sorted({(agent_label(place.agent), str(place.folder)) for place in folders}),
        import_roots=request.settings.import_roots,
    )


@router.post("/parts/settings/agents/{agent}/install")
def install_agent(request: CurrentPageRequest, agent: str) -> Response:
    """Install Onward in an agent and return its row."""
    _require_local(request)
    connection = _connector(request).install(agent)
    toast = Toast(_("Onward is installed in %(agent)s.", agent=agent_label(agent)))
    return partial(request, "partials/_agent_connection.html", connection=connection, is_new=True, toast=toast)


@router.post("/parts/settings/agents/{agent}/uninstall")
def uninstall_agent(request: CurrentPageRequest, agent: str) -> Response:
    """Remove Onward from an agent and return its row."""
    _require_local(request)
    connection = _connector(request).uninstall(agent)
    toast = Toast(_("Onward is removed from %(agent)s.", agent=agent_label(agent)))
    return partial(request, "partials/_agent_connection.html", connection=connection, is_new=False, toast=toast)


def _connector(request: PageRequest) -> AgentConnector:
    return cast("AgentConnector", request.http.app.state.connector)


def _require_local(request: PageRequest) -> None:
    """Raise `NotAllowed` for a caller of another machine: its agents are not on the server's machine."""
    if not request.caller.is_local:
        raise NotAllowed(_("Agents can only be connected on the machine they are installed on."), _("Run onward install on that machine."))
