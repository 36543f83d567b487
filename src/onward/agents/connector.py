"""Installing Onward in the agents of this machine from the dashboard."""

from __future__ import annotations

from onward.agents import hook_log
from onward.agents.checkup import check_agent
from onward.agents.installer import apply_changes, is_installed, plan_install, plan_uninstall
from onward.agents.settings_entries import hook_settings, is_present, settings_files
from onward.app.admin.agent_connection import AgentConnection
from onward.app.models import writers
from onward.core.agents import HOOK_AGENT_IDS
from onward.errors import OnwardError
from onward.settings import Settings, read_machine


class LocalAgentConnector:
    """Installs Onward in the agents of the server's own machine."""

    def __init__(self, settings: Settings) -> None:
        self._home = settings.home

    def list_agents(self) -> list[AgentConnection]:
        """Return the agents of this machine that Onward can be installed in."""
        machine = read_machine()
        return [self._connection(agent) for agent in HOOK_AGENT_IDS if is_present(agent, machine)]

    def install(self, agent: str) -> AgentConnection:
        """Install Onward in *agent*. Raises `Conflict` if its settings cannot be merged, `NotFound` for an unknown agent."""
        apply_changes(agent, plan_install(agent, read_machine()), self._home, is_install=True)
        return self._connection(agent)

    def uninstall(self, agent: str) -> AgentConnection:
        """Remove Onward from *agent*; it no longer writes handoffs either. Raises like `install`."""
        apply_changes(agent, plan_uninstall(agent, read_machine(), self._home), self._home, is_install=False)
        if writers.find_agent_id(self._home) == agent:
            writers.clear(self._home)
        return self._connection(agent)

    def _connection(self, agent: str) -> AgentConnection:
        files = settings_files(agent, read_machine())
        try:
            has_entries = any(is_installed(file) is not None for file in files if not file.is_optional)
        except OnwardError:
            # The finding says what is wrong with its settings.
            has_entries = False
        finding = check_agent(agent, files, hook_log.read_lines(str(self._home)))
        return AgentConnection(agent, has_entries, finding, hook_settings(agent).next_step)
