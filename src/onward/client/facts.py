"""Facts on a server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import quote

from onward.client.reading import read
from onward.client.rooms import Room
from onward.core.facts import Fact, Kind, State
from onward.core.project import Project


class Facts(Room):
    """The ledger of a project, listed and corrected."""

    def listed(
        self, project: Project, *, kind: Kind | None = None, state: State | None = "live", file: str = "", session: int | None = None
    ) -> Iterator[Fact]:
        """Yield a project's facts in order, filtered by what is given. *file* is any part of a path that a fact names; *state* None is every state."""
        asked = {"kind": kind, "state": state or "all", "file": file, "session": session}
        return (read(Fact, one) for one in self._wire.pages(f"/projects/{project.id}/facts", **asked))

    def add(self, project: Project, kind: Kind, text: str) -> Fact:
        """State a fact by hand."""
        return read(Fact, self._wire.post(f"/projects/{project.id}/facts", {"kind": kind, "text": text})["data"])

    def change(
        self,
        project: Project,
        name: str,
        *,
        text: str | None = None,
        pinned: bool | None = None,
        state: Literal["live", "retracted"] | None = None,
    ) -> Fact:
        """Say of the fact of that id, or of the only id that begins so, other words, that it is pinned, that it is retracted or stands. Raises `NotFound`."""
        said: dict[str, Any] = {"text": text, "pinned": pinned, "state": state}
        told = self._wire.patch(
            f"/facts/{quote(name, safe='')}", {"project_id": project.id, **{key: value for key, value in said.items() if value is not None}}
        )
        return read(Fact, told["data"])
