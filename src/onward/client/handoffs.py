"""Handoffs on a server."""

from __future__ import annotations

from collections.abc import Iterator

from onward.client.reading import read
from onward.client.rooms import Room, handoff_of
from onward.core.changelog import Changelog
from onward.core.project import Project
from onward.core.stored_handoff import Current, Difference, HandoffVersion, StoredHandoff


class Handoffs(Room):
    """What a project's next session should know, now and as it was."""

    def current(self, project: Project, *, budget_tokens: int | None = None, session_number: int | None = None) -> Current:
        """Return the master handoff; with *session_number*, the one that completing that session made; with *budget_tokens*, composed anew for that size. Raises `NotFound` when there is none."""
        told = self._wire.get(f"/projects/{project.id}/handoff", budget=budget_tokens, at_session=session_number)["data"]
        return read(Current, {**told, "handoff": told["document"]})

    def versions(self, project: Project) -> Iterator[HandoffVersion]:
        """Yield every version, the newest first, without its text."""
        return (read(HandoffVersion, one) for one in self._wire.pages(f"/projects/{project.id}/handoffs"))

    def of_id(self, project: Project, handoff_id: int) -> StoredHandoff:
        """Return the version of that id. Raises `NotFound`."""
        return handoff_of(self._wire.get(f"/projects/{project.id}/handoffs/{handoff_id}")["data"])

    def restore(self, project: Project, handoff_id: int) -> StoredHandoff:
        """Make an earlier version the master handoff again, as a new version."""
        return handoff_of(self._wire.post(f"/projects/{project.id}/handoffs/{handoff_id}/restore")["data"])

    def diff(self, project: Project, before: int, after: int) -> Difference:
        """Return what changed from the end of session *before* to the end of session *after*."""
        told = self._wire.get(f"/projects/{project.id}/handoffs/diff", **{"from": before, "to": after})["data"]
        return Difference(told["before"], told["after"], read(Changelog, told))
