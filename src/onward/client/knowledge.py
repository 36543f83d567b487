"""The knowledge base on a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from onward.client.decoder import read
from onward.client.resource import RemoteResource
from onward.core.facts.fact import parse_handle
from onward.core.knowledge.checklist import Advice
from onward.core.knowledge.diagnosis import Diagnosis, DiagnosisEvidence, Troubleshooting
from onward.core.knowledge.entry import (
    ErrorHistory,
    ErrorOccurrence,
    KnowledgeAuthor,
    KnowledgeDetail,
    KnowledgeEntry,
    KnowledgeHit,
    KnowledgeKind,
    KnownFix,
)
from onward.core.project import Project


class RemoteKnowledge(RemoteResource):
    """The knowledge base: reusable lessons of all projects."""

    def list_entries(
        self,
        *,
        kind: KnowledgeKind | None = None,
        category: str = "",
        author: KnowledgeAuthor | None = None,
        project: Project | None = None,
        limit: int | None = None,
    ) -> Iterator[KnowledgeEntry]:
        """Yield entries, the newest first; only those from sessions of *project* if given, at most *limit*."""
        query = {"kind": kind, "category": category, "author": author, "project_id": project.id if project else None}
        return islice((read(KnowledgeEntry, entry) for entry in self._server.iter_rows("/knowledge", **query)), limit)

    def search(
        self, query: str, *, project: Project | None = None, kind: KnowledgeKind | None = None, category: str = "", limit: int = 20
    ) -> list[KnowledgeHit]:
        """Return the entries that match *query* best. Any text is a query."""
        query_fields = {"q": query, "project_id": project.id if project else None, "kind": kind, "category": category, "limit": limit}
        return [read(KnowledgeHit, hit) for hit in self._server.get("/knowledge/search", **query_fields)["data"]]

    def match_error(self, error: str, *, project: Project | None = None, limit: int = 5) -> ErrorHistory:
        """Return known fixes of *error* and where it occurred: *project*'s own fixes first, the most certain first."""
        data = self._server.post("/knowledge/seen", {"error": error, "project_id": project.id if project else None, "limit": limit})["data"]
        return _read_matches(data)

    def troubleshoot(self, error: str, *, project: Project | None = None, context: str = "", use_ai: bool | None = None) -> Troubleshooting:
        """Return what is known of *error*: earlier fixes (*project*'s own first), the diagnosis of the server's model, and a checklist.

        *use_ai* is True to ask the model even if the project solved the same error before, False to ask no model.
        """
        body = {"error": error, "context": context, "project_id": project.id if project else None, "use_ai": use_ai}
        data = self._server.post("/ai/troubleshoot", body)["data"]
        diagnosis = read(Diagnosis, data["diagnosis"]) if data["diagnosis"] else None
        passages = [read(DiagnosisEvidence, passage) for passage in data["history"]]
        return Troubleshooting(
            error_history=_read_matches(data),
            passages=passages,
            advice=read(Advice, data["checklist"]),
            diagnosis=diagnosis,
            llm=data["llm"],
        )

    def show(self, entry_id: int) -> KnowledgeDetail:
        """Return an entry with its source sessions. Raises `NotFound`."""
        return read(KnowledgeDetail, self._server.get(f"/knowledge/{entry_id}")["data"])

    def add(self, text: str, *, kind: KnowledgeKind = "practice", fix: str = "", category: str = "") -> KnowledgeEntry:
        """Add an entry by hand; without *category*, the category follows from its words."""
        return read(KnowledgeEntry, self._server.post("/knowledge", {"text": text, "kind": kind, "fix": fix, "category": category})["data"])

    def edit(
        self,
        entry_id: int,
        *,
        text: str | None = None,
        fix: str | None = None,
        category: str | None = None,
        kind: KnowledgeKind | None = None,
    ) -> KnowledgeEntry:
        """Edit an entry; arguments that are None leave their field unchanged. Harvesting no longer changes an edited entry."""
        changes = {"text": text, "fix": fix, "category": category, "kind": kind}
        return read(
            KnowledgeEntry,
            self._server.patch(f"/knowledge/{entry_id}", {key: value for key, value in changes.items() if value is not None})["data"],
        )

    def note_used(self, entry_id: int) -> KnowledgeEntry:
        """Record that an entry helped."""
        return read(KnowledgeEntry, self._server.post(f"/knowledge/{entry_id}/used")["data"])

    def delete(self, entry_id: int) -> KnowledgeEntry:
        """Delete an entry and return it. Harvesting does not add it again."""
        return read(KnowledgeEntry, self._server.delete(f"/knowledge/{entry_id}")["data"])


def _read_matches(data: Mapping[str, Any]) -> ErrorHistory:
    return ErrorHistory(
        [read(KnownFix, fix) for fix in data["fixes"]], [_read_occurrence(occurrence) for occurrence in data["occurrences"]]
    )


def _read_occurrence(data: Mapping[str, Any]) -> ErrorOccurrence:
    handle = parse_handle(data["handle"])
    return read(ErrorOccurrence, data, session=handle.session, turn=handle.turn)
