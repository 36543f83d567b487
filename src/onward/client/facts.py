"""Facts on a server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import quote

from onward.client.decoder import read
from onward.client.resource import RemoteResource
from onward.core.facts.fact import Fact, FactKind, FactState
from onward.core.facts.shared_rules import SharedRuleSuggestion
from onward.core.project import Project


class RemoteFacts(RemoteResource):
    """The facts of a project's ledger."""

    def list_facts(
        self,
        project: Project,
        *,
        kind: FactKind | None = None,
        state: FactState | None = "live",
        file: str = "",
        session: int | None = None,
    ) -> Iterator[Fact]:
        """Yield a project's facts in order, filtered. *file* is any part of a path that a fact names; *state* None means every state."""
        query = {"kind": kind, "state": state or "all", "file": file, "session": session}
        return (read(Fact, fact) for fact in self._server.iter_rows(f"/projects/{project.id}/facts", **query))

    def add(self, project: Project, kind: FactKind, text: str) -> Fact:
        """Add a fact by hand."""
        return read(Fact, self._server.post(f"/projects/{project.id}/facts", {"kind": kind, "text": text})["data"])

    def change(
        self,
        project: Project,
        name: str,
        *,
        text: str | None = None,
        pinned: bool | None = None,
        state: Literal["live", "retracted"] | None = None,
    ) -> Fact:
        """Reword, pin, retract or restore the fact with that id, or the only fact whose id starts with *name*. Raises `NotFound`."""
        changes: dict[str, Any] = {"text": text, "pinned": pinned, "state": state}
        answer = self._server.patch(
            f"/facts/{quote(name, safe='')}",
            {"project_id": project.id, **{key: value for key, value in changes.items() if value is not None}},
        )
        return read(Fact, answer["data"])

    def promote(self, project: Project, name: str, *, branch: str = "") -> Fact:
        """Make a rule one of every project, or with *branch* one that holds on that branch alone. Raises `NotFound`, `BadInput`."""
        body = {"project_id": project.id, **({"branch": branch} if branch else {})}
        return read(Fact, self._server.post(f"/facts/{quote(name, safe='')}/promote", body)["data"])

    def list_suggestions(self) -> list[SharedRuleSuggestion]:
        """Return the rules of several projects that might be for every project."""
        return [read(SharedRuleSuggestion, row) for row in self._server.get("/facts/suggestions")["data"]]
