"""What a handoff needs to know about a session."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from onward.core.agents import agent_label


class SessionSummary(NamedTuple):
    """What a handoff needs to know about a session. `tokens` counts its transcript."""

    number: int
    agent: str = ""
    date: str = ""
    tokens: int = 0


def session_line(number: int, agent: str, ended_at: datetime | None, tokens: int) -> SessionSummary:
    """Return the summary of session *number* for a handoff, with the agent's label."""
    return SessionSummary(number, agent_label(agent), ended_at.date().isoformat() if ended_at else "", tokens)
