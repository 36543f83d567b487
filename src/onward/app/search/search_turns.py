"""Search in all stored turns and facts: the passages that answer a question, within a token budget, each with the handle of its turn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from heapq import nlargest
from typing import cast

from sqlalchemy import Connection

from onward.app.handoffs.project_state import read_project_state
from onward.app.search.relevance import PassageScorer, is_repeat, parse_query, passages
from onward.core.facts.fact import Handle
from onward.core.project import Project
from onward.core.search_result import DEFAULT_BUDGET_TOKENS, SEARCH_KINDS, Excerpt, SearchKind, SearchResult
from onward.errors import BadInput
from onward.message import Message
from onward.store import Store, projects, sessions, turns
from onward.store.search import turn_index
from onward.store.search.searchable_text import readable_text, stems
from onward.tokens import count_tokens

MAX_TURNS = 200
MAX_CANDIDATES = 400
_KIND_WEIGHTS: dict[SearchKind, float] = {"user": 1.1, "assistant": 1.0, "tool": 0.85, "fact": 1.3}
RECENCY_WEIGHT = 0.08
"""How much more the newest session weighs than the first one."""


def search(
    store: Store,
    query: str,
    *,
    project: Project | None = None,
    kinds: Sequence[SearchKind] = (),
    since: datetime | None = None,
    budget_tokens: int = DEFAULT_BUDGET_TOKENS,
) -> SearchResult:
    """Return the passages that answer *query* best, in *project* or in all; with *since*, only later ones. Any text is a query: there is
    no syntax.
    """
    question = parse_query(query)
    if not question.words:
        raise BadInput(Message("{query!r} contains no word to search for.", query=query), "Use at least one word.")
    searched_kinds = kinds or SEARCH_KINDS
    with store.read() as connection:
        counts = turn_index.index_for(connection).frequencies(connection, question.terms)
        judge = PassageScorer(question, counts, turns.count_turns(connection))
        excerpts: list[Excerpt] = []
        if roles := [kind for kind in searched_kinds if kind != "fact"]:
            excerpts += _search_turns(connection, judge, counts, project, roles, since)
        if "fact" in searched_kinds:
            fact_excerpts = _search_facts(connection, judge, [project] if project else projects.list_projects(connection))
            excerpts += (excerpt for excerpt in fact_excerpts if since is None or (excerpt.at is not None and excerpt.at >= since))
    return _fit_budget(_favor_recent(excerpts), judge, budget_tokens)


def _search_turns(
    connection: Connection,
    judge: PassageScorer,
    counts: Mapping[str, int],
    project: Project | None,
    roles: Sequence[SearchKind],
    since: datetime | None,
) -> Iterator[Excerpt]:
    project_id = project.id if project else None
    ids = turn_index.index_for(connection).search(connection, counts, project_id=project_id, roles=roles, since=since, limit=MAX_TURNS)
    stored = turns.find_by_ids(connection, ids)
    places = sessions.labels_by_id(connection, {stored_turn.session_id for stored_turn in stored.values()})
    for stored_turn in stored.values():
        place = places[stored_turn.session_id]
        for text in passages(readable_text(stored_turn.turn)):
            kind = cast("SearchKind", stored_turn.turn.role)
            if score := judge.score(text):
                yield Excerpt(
                    project=place.project,
                    handle=Handle(place.number, stored_turn.ordinal),
                    kind=kind,
                    at=stored_turn.turn.at,
                    text=text,
                    score=score * _KIND_WEIGHTS.get(kind, 1.0),
                )


def _search_facts(connection: Connection, judge: PassageScorer, searched_projects: Iterable[Project]) -> Iterator[Excerpt]:
    for project in searched_projects:
        for fact in read_project_state(connection, project.id).ledger.live():
            text = f"{fact.lead} {fact.text}".strip()
            if score := judge.score(text):
                yield Excerpt(
                    project=project.name,
                    handle=Handle(fact.session, fact.turn),
                    kind="fact",
                    at=fact.at,
                    text=text,
                    score=score * _KIND_WEIGHTS["fact"],
                )


def _favor_recent(excerpts: Sequence[Excerpt]) -> Iterator[Excerpt]:
    """Yield *excerpts*, each weighted a little higher the later its session is in its project: of two equal answers, the newer one wins."""
    newest: dict[str, int] = {}
    for excerpt in excerpts:
        newest[excerpt.project] = max(excerpt.handle.session, newest.get(excerpt.project, 1))
    yield from (
        replace(excerpt, score=excerpt.score * (1 + RECENCY_WEIGHT * excerpt.handle.session / newest[excerpt.project]))
        for excerpt in excerpts
    )


def _fit_budget(excerpts: Iterable[Excerpt], judge: PassageScorer, budget_tokens: int) -> SearchResult:
    """Return the best *excerpts* that fit the budget, without repetitions; of a passage that does not fit, its best line."""
    chosen_excerpts: list[Excerpt] = []
    chosen_stems: list[frozenset[str]] = []
    tokens = 0
    for excerpt in nlargest(MAX_CANDIDATES, excerpts, key=lambda excerpt: (excerpt.score, excerpt.handle)):
        for text in dict.fromkeys((excerpt.text, judge.best_line(excerpt.text))):
            cost = count_tokens(f"{excerpt.source} {excerpt.project}\n{text}\n\n")
            if tokens + cost <= budget_tokens:
                if not is_repeat(text_stems := frozenset(stems(text)), chosen_stems):
                    chosen_excerpts.append(replace(excerpt, text=text))
                    chosen_stems.append(text_stems)
                    tokens += cost
                break
    return SearchResult(chosen_excerpts, tokens, budget_tokens)
