"""Search in what was made of the turns: facts, lines of handoffs, and the knowledge base."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from onward.app.handoffs.project_state import read_live_facts
from onward.app.search.relevance import KIND_WEIGHTS, PassageScorer
from onward.core.facts.fact import Handle
from onward.core.knowledge.entry import KnowledgeEntry, KnowledgeSource
from onward.core.knowledge.signature import terms
from onward.core.project import Project
from onward.core.search_result import Excerpt, SearchKind
from onward.store import handoffs, knowledge, sessions

if TYPE_CHECKING:
    from sqlalchemy import Connection

_MAX_ENTRIES = 200
_BY_PERSON = Handle(0, 0)
"""The place of what no turn says."""


def search_facts(connection: Connection, judge: PassageScorer, searched_projects: Iterable[Project]) -> Iterator[Excerpt]:
    """Yield the current facts of projects that have words of the query."""
    for project in searched_projects:
        for fact in read_live_facts(connection, project.id, judge.may_score):
            text = f"{fact.lead} {fact.text}".strip()
            if score := judge.score(text):
                handle = Handle(fact.session, fact.turn)
                yield _excerpt("fact", project.name, handle, fact.at, text, score)


def search_handoffs(
    connection: Connection, judge: PassageScorer, searched_projects: Iterable[Project], *, only_written: bool
) -> Iterator[Excerpt]:
    """Yield the lines of the current handoffs of projects that have words of the query. With *only_written*, handoffs of the rules are
    left out: their lines are facts.
    """
    names_by_id = {project.id: project.name for project in searched_projects}
    for stored in handoffs.list_current(connection, names_by_id, only_written=only_written):
        lines = [line for _, line in stored.handoff.head] + [line for section in stored.handoff.sections for line in section.lines]
        matches = [(line, score) for line in lines if (score := judge.score(line.text))]
        times = _session_times(connection, stored.project_id, {source.session for line, _ in matches for source in line.sources[:1]})
        for line, score in matches:
            handle = line.sources[0] if line.sources else _BY_PERSON
            at = times.get(handle.session, stored.created_at)
            yield _excerpt("handoff", names_by_id[stored.project_id], handle, at, line.text, score)


def _session_times(connection: Connection, project_id: int, numbers: Collection[int]) -> dict[int, datetime]:
    """Return when the sessions of these numbers ended, or began if they have not."""
    found_sessions = sessions.find_by_numbers(connection, project_id, set(numbers)) if numbers else []
    times = {session.number: session.ended_at or session.dated_at for session in found_sessions}
    return {number: at for number, at in times.items() if at}


def search_knowledge(connection: Connection, judge: PassageScorer, query: str, project: Project | None) -> Iterator[Excerpt]:
    """Yield the entries of the knowledge base that have words of *query*: those of *project* and those that a person wrote, or all."""
    shared_terms = knowledge.match_terms(connection, terms(query)).shared_terms
    entries = knowledge.find_by_ids(connection, [entry_id for entry_id, _ in shared_terms.most_common(_MAX_ENTRIES)])
    sources_by_entry = knowledge.list_sources(connection, entries)
    for entry in entries.values():
        sources = sources_by_entry.get(entry.id, [])
        source = next((source for source in sources if project is None or source.project_id == project.id), None)
        if source is None and entry.author == "session":
            continue
        text = f"{entry.text} → {entry.fix}" if entry.fix else entry.text
        if score := judge.score(text):
            yield _knowledge_excerpt(connection, entry, source, text, score)


def _knowledge_excerpt(connection: Connection, entry: KnowledgeEntry, source: KnowledgeSource | None, text: str, score: float) -> Excerpt:
    if source is None:
        return _excerpt("knowledge", "", _BY_PERSON, entry.updated_at, text, score)
    number = source.handle.session
    at = _session_times(connection, source.project_id, {number}).get(number, entry.updated_at)
    return _excerpt("knowledge", source.project, source.handle, at, text, score)


def _excerpt(kind: SearchKind, project: str, handle: Handle, at: datetime | None, text: str, score: float) -> Excerpt:
    return Excerpt(project=project, handle=handle, kind=kind, at=at, text=text, score=score * KIND_WEIGHTS[kind])
