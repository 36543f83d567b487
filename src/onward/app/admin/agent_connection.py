"""How an agent of this machine is connected to Onward: what `onward install` does, for a person who looks at the dashboard."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from onward.app.admin.doctor import Finding


class AgentConnection(NamedTuple):
    """An agent of this machine: whether any entry of Onward is in its settings, what the doctor finds about it, and what a person has to do
    once Onward is installed in it.
    """

    agent: str
    is_installed: bool
    finding: Finding
    next_step: str


class AgentConnector(Protocol):
    """Installs Onward in the agents of this machine."""

    def list_agents(self) -> list[AgentConnection]:
        """Return the agents of this machine that Onward can be installed in."""
        ...

    def install(self, agent: str) -> AgentConnection:
        """Install Onward in *agent*. Raises `Conflict` if its settings cannot be merged, `NotFound` for an unknown agent."""
        ...

    def uninstall(self, agent: str) -> AgentConnection:
        """Remove Onward from *agent*. Raises like `install`."""
        ...
