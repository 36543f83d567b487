"""The base of each noun's part of the client, and readers that several nouns share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onward.client.decoder import read
from onward.client.transport import ServerConnection
from onward.core.handoff.versions import StoredHandoff
from onward.core.project import Project, ProjectOverview, ProjectTotals
from onward.core.session import Session
from onward.core.transcript.transcript import Turn


class RemoteResource:
    """The calls of one noun, over a server connection."""

    def __init__(self, server: ServerConnection) -> None:
        self._server = server


def read_project(data: Mapping[str, Any]) -> Project:
    """Return a project. Its key stays on the server."""
    return read(Project, data, key=b"")


def read_project_line(data: Mapping[str, Any]) -> ProjectOverview:
    """Return a project with its totals."""
    return ProjectOverview(read_project(data), read(ProjectTotals, data))


def read_session(data: Mapping[str, Any]) -> Session:
    """Return a session."""
    return read(Session, data)


def read_handoff(data: Mapping[str, Any]) -> StoredHandoff:
    """Return a stored handoff."""
    return read(StoredHandoff, {**data, "handoff": data["document"]})


def read_turn(data: Mapping[str, Any]) -> Turn:
    """Return a turn."""
    return read(Turn, {**data, "text": data["content"]})
