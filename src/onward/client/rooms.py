"""What each noun's part of the client has: the connection, and how values of several nouns are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onward.client.reading import read
from onward.client.wire import Wire
from onward.core.project import Project, ProjectLine, ProjectTotals
from onward.core.session import Session
from onward.core.stored_handoff import StoredHandoff
from onward.core.transcript import Turn


class Room:
    """The part of the client for one noun."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire


def project_of(told: Mapping[str, Any]) -> Project:
    """Return a project. Its key stays on the server."""
    return read(Project, told, key=b"")


def line_of(told: Mapping[str, Any]) -> ProjectLine:
    """Return a project and what it holds."""
    return ProjectLine(project_of(told), read(ProjectTotals, told))


def session_of(told: Mapping[str, Any]) -> Session:
    """Return a session."""
    return read(Session, told)


def handoff_of(told: Mapping[str, Any]) -> StoredHandoff:
    """Return a handoff that is kept."""
    return read(StoredHandoff, {**told, "handoff": told["document"]})


def turn_of(told: Mapping[str, Any]) -> Turn:
    """Return a turn."""
    return read(Turn, {**told, "text": told["content"]})
