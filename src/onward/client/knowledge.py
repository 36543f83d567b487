"""The knowledge base on a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from onward.client.reading import read
from onward.client.rooms import Room
from onward.core.diagnosis import Diagnosis, Evidence, Troubleshooting
from onward.core.entry import Answer, Detail, Entry, Hit, KnowledgeAuthor, MetBefore, Seen
from onward.core.facts import parse_handle
from onward.core.knowledge import KnowledgeKind
from onward.core.project import Project
from onward.core.troubleshoot import Advice


class Knowledge(Room):
    """What was learned once, in whichever project."""

    def listed(
        self,
        *,
        kind: KnowledgeKind | None = None,
        category: str = "",
        author: KnowledgeAuthor | None = None,
        project: Project | None = None,
        limit: int | None = None,
    ) -> Iterator[Entry]:
        """Yield entries, the newest first: those that sessions of *project* tell, where it is given; at most *limit*."""
        asked = {"kind": kind, "category": category, "author": author, "project_id": project.id if project else None}
        return islice((read(Entry, one) for one in self._wire.pages("/knowledge", **asked)), limit)

    def search(
        self, query: str, *, project: Project | None = None, kind: KnowledgeKind | None = None, category: str = "", limit: int = 20
    ) -> list[Hit]:
        """Return the entries that hold most of the question, the best first. Any text is a question."""
        asked = {"q": query, "project_id": project.id if project else None, "kind": kind, "category": category, "limit": limit}
        return [read(Hit, one) for one in self._wire.get("/knowledge/search", **asked)["data"]]

    def seen(self, error: str, *, project: Project | None = None, limit: int = 5) -> Seen:
        """Return what is known of *error*: *project*'s own fixes first, then other projects', the surest first."""
        told = self._wire.post("/knowledge/seen", {"error": error, "project_id": project.id if project else None, "limit": limit})["data"]
        return _seen(told)

    def troubleshoot(self, error: str, *, project: Project | None = None, context: str = "", use_ai: bool | None = None) -> Troubleshooting:
        """Return what is known of *error*: fixes that were found before, *project*'s own first, what the server's model makes of it, and a checklist.

        *use_ai* is True to ask the model also where the project solved the same error before, False to ask nobody.
        """
        asked = {"error": error, "context": context, "project_id": project.id if project else None, "use_ai": use_ai}
        told = self._wire.post("/ai/troubleshoot", asked)["data"]
        diagnosis = read(Diagnosis, told["diagnosis"]) if told["diagnosis"] else None
        passages = [read(Evidence, one) for one in told["history"]]
        return Troubleshooting(_seen(told), passages, read(Advice, told["checklist"]), diagnosis, told["llm"])

    def show(self, entry_id: int) -> Detail:
        """Return an entry with the sessions that tell it. Raises `NotFound`."""
        return read(Detail, self._wire.get(f"/knowledge/{entry_id}")["data"])

    def add(self, text: str, *, kind: KnowledgeKind = "practice", fix: str = "", category: str = "") -> Entry:
        """Write an entry by hand; without *category* its words tell what it is about."""
        return read(Entry, self._wire.post("/knowledge", {"text": text, "kind": kind, "fix": fix, "category": category})["data"])

    def edit(
        self,
        entry_id: int,
        *,
        text: str | None = None,
        fix: str | None = None,
        category: str | None = None,
        kind: KnowledgeKind | None = None,
    ) -> Entry:
        """Say better what an entry says; what is None stays. From then on no harvest changes it."""
        said = {"text": text, "fix": fix, "category": category, "kind": kind}
        return read(
            Entry, self._wire.patch(f"/knowledge/{entry_id}", {key: value for key, value in said.items() if value is not None})["data"]
        )

    def note_used(self, entry_id: int) -> Entry:
        """Count an entry as having helped."""
        return read(Entry, self._wire.post(f"/knowledge/{entry_id}/used")["data"])

    def delete(self, entry_id: int) -> Entry:
        """Delete an entry and return it as it was. It stays away, though sessions tell it again."""
        return read(Entry, self._wire.delete(f"/knowledge/{entry_id}")["data"])


def _seen(told: Mapping[str, Any]) -> Seen:
    return Seen([read(Answer, one, is_own=one["own"]) for one in told["fixes"]], [_met(one) for one in told["met"]])


def _met(told: Mapping[str, Any]) -> MetBefore:
    handle = parse_handle(told["handle"])
    return read(MetBefore, told, session=handle.session, turn=handle.turn, is_solved=told["solved"])
