"""The turns stored on a server: searched, shown by handle, and the files that sessions touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from onward.client.decoder import read
from onward.client.resource import RemoteResource, read_turn
from onward.core.effort.touched_files import FileTouch, ProjectFile
from onward.core.facts.fact import parse_handle
from onward.core.project import Project
from onward.core.search_result import DEFAULT_BUDGET_TOKENS, Excerpt, SearchKind, SearchResult
from onward.core.transcript.span import CitedTurns, parse
from onward.core.transcript.transcript import SessionHead


class RemoteHistory(RemoteResource):
    """The stored turns, and the files that sessions touched."""

    def search(
        self, query: str, *, project: Project | None = None, kinds: Sequence[SearchKind] = (), budget_tokens: int = DEFAULT_BUDGET_TOKENS
    ) -> SearchResult:
        """Return the passages that match *query* best, of *project* or of all projects, within a budget. Any text is a query: there is no
        syntax.
        """
        query_fields = {"q": query, "project_id": project.id if project else None, "kind": list(kinds), "budget": budget_tokens}
        answer = self._server.get("/search", **query_fields)
        excerpts = [read(Excerpt, excerpt) for excerpt in answer["data"]]
        return SearchResult(excerpts, tokens=answer["tokens"], budget_tokens=answer["budget_tokens"], notice=answer.get("notice", ""))

    def read_source(self, project: Project, handle: str) -> CitedTurns:
        """Return the turns behind *handle*: `s3.41`, or `s3.41-45` for a range. Raises `NotFound`."""
        parse(handle)
        data = self._server.get(f"/sources/{quote(handle.strip(), safe='')}", project_id=project.id)["data"]
        return CitedTurns(parse(data["handle"]), SessionHead(data["agent"]), [(turn["turn"], read_turn(turn)) for turn in data["turns"]])

    def reindex(self) -> int:
        """Rebuild the search index of the whole store; return the number of indexed turns."""
        return int(self._server.post("/search/reindex")["data"]["turns"])

    def list_files(self, project: Project, *, session: int | None = None, text: str = "") -> Iterator[ProjectFile]:
        """Yield the files that a project's completed sessions touched, by path; only those of session number *session*, and with *text* in
        their path.
        """
        return map(_read_file, self._server.iter_rows(f"/projects/{project.id}/files", session=session, path=text))


def _read_file(data: Mapping[str, Any]) -> ProjectFile:
    return read(ProjectFile, data, sessions=[_read_touch(touch) for touch in data["sessions"]])


def _read_touch(data: Mapping[str, Any]) -> FileTouch:
    first, last = (parse_handle(data[name]).turn for name in ("first_turn", "last_turn"))
    return read(FileTouch, data, first_turn=first, last_turn=last)
