"""What was kept on a server: searched, shown by its handles, and the files that sessions touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from onward.client.reading import read
from onward.client.rooms import Room, turn_of
from onward.core.excerpt import DEFAULT_BUDGET_TOKENS, Excerpt, Found, SearchKind
from onward.core.facts import parse_handle
from onward.core.project import Project
from onward.core.span import Source, parse
from onward.core.touched import FileTouch, ProjectFile
from onward.core.transcript import SessionHead


class Kept(Room):
    """Everything that was kept, and what stands behind a line."""

    def search(
        self, query: str, *, project: Project | None = None, kinds: Sequence[SearchKind] = (), budget_tokens: int = DEFAULT_BUDGET_TOKENS
    ) -> Found:
        """Return the passages that answer *query* best, in *project* or in all, within a budget. Any text is a query: nothing in it is syntax."""
        asked = {"q": query, "project_id": project.id if project else None, "kind": list(kinds), "budget": budget_tokens}
        told = self._wire.get("/search", **asked)
        return Found([read(Excerpt, one) for one in told["data"]], told["tokens"], told["budget_tokens"])

    def source(self, project: Project, handle: str) -> Source:
        """Return the turns behind *handle*: `s3.41`, or `s3.41-45` for a few turns. Raises `NotFound` when there are none."""
        parse(handle)
        told = self._wire.get(f"/sources/{quote(handle.strip(), safe='')}", project_id=project.id)["data"]
        return Source(parse(told["handle"]), SessionHead(told["agent"]), [(one["turn"], turn_of(one)) for one in told["turns"]])

    def reindex(self) -> int:
        """Make the search index of the whole store anew; return how many turns it holds."""
        return int(self._wire.post("/search/reindex")["data"]["turns"])

    def files(self, project: Project, *, session: int | None = None, text: str = "") -> Iterator[ProjectFile]:
        """Yield the files that completed sessions of a project touched, by path: those of the session of that number, those with *text* in their path."""
        return map(_file, self._wire.pages(f"/projects/{project.id}/files", session=session, path=text))


def _file(told: Mapping[str, Any]) -> ProjectFile:
    return read(ProjectFile, told, sessions=[_touch(one) for one in told["sessions"]])


def _touch(told: Mapping[str, Any]) -> FileTouch:
    first, last = (parse_handle(told[name]).turn for name in ("first_turn", "last_turn"))
    return read(FileTouch, told, first_turn=first, last_turn=last)
