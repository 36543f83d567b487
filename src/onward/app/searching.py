"""Searching everything that was kept: the passages that answer a question, within a budget, each with the handle of its turn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from heapq import nlargest
from typing import cast

from sqlalchemy import Connection

from onward.app.asking import Judge, passages, repeats, understood
from onward.app.standing import standing_of
from onward.core.excerpt import DEFAULT_BUDGET_TOKENS, SEARCH_KINDS, Excerpt, Found, SearchKind
from onward.core.facts import Handle
from onward.core.project import Project
from onward.errors import BadInput
from onward.store import Store, projects, search_index, sessions, turns
from onward.store.searchable import searchable, stems
from onward.tokens import count_tokens

MOST_TURNS = 200
MOST_LOOKED_AT = 400
_WORTH: dict[SearchKind, float] = {"user": 1.1, "assistant": 1.0, "tool": 0.85, "fact": 1.3}
RECENT = 0.08
"""By how much the newest session counts more than the beginning."""


def search(
    store: Store,
    query: str,
    *,
    project: Project | None = None,
    kinds: Sequence[SearchKind] = (),
    since: datetime | None = None,
    budget_tokens: int = DEFAULT_BUDGET_TOKENS,
) -> Found:
    """Return the passages that answer *query* best, in *project* or in all; with *since*, of that time and later. Any text is a query: nothing in it is syntax."""
    question = understood(query)
    if not question.words:
        raise BadInput(f"There is no word in {query!r} to look for.", "Ask with a few words.")
    wanted = kinds or SEARCH_KINDS
    with store.read() as connection:
        counts = search_index.of(connection).frequencies(connection, question.terms)
        judge = Judge(question, counts, turns.count(connection))
        found: list[Excerpt] = []
        if roles := [kind for kind in wanted if kind != "fact"]:
            found += _in_turns(connection, judge, counts, project, roles, since)
        if "fact" in wanted:
            told = _in_facts(connection, judge, [project] if project else projects.listed(connection))
            found += (one for one in told if since is None or (one.at is not None and one.at >= since))
    return _within(_recent_first(found), judge, budget_tokens)


def _in_turns(
    connection: Connection,
    judge: Judge,
    counts: Mapping[str, int],
    project: Project | None,
    roles: Sequence[SearchKind],
    since: datetime | None,
) -> Iterator[Excerpt]:
    of_project = project.id if project else None
    ids = search_index.of(connection).search(connection, counts, project_id=of_project, roles=roles, since=since, limit=MOST_TURNS)
    stored = turns.by_ids(connection, ids)
    places = sessions.places(connection, {one.session_id for one in stored.values()})
    for one in stored.values():
        place = places[one.session_id]
        for text in passages(searchable(one.turn)):
            kind = cast("SearchKind", one.turn.role)
            if score := judge.score(text):
                yield Excerpt(place.project, Handle(place.number, one.ordinal), kind, one.turn.at, text, score * _WORTH.get(kind, 1.0))


def _in_facts(connection: Connection, judge: Judge, among: Iterable[Project]) -> Iterator[Excerpt]:
    for project in among:
        for fact in standing_of(connection, project.id).ledger.live():
            text = f"{fact.lead} {fact.text}".strip()
            if score := judge.score(text):
                yield Excerpt(project.name, Handle(fact.session, fact.turn), "fact", fact.at, text, score * _WORTH["fact"])


def _recent_first(found: Sequence[Excerpt]) -> Iterator[Excerpt]:
    """Yield *found*, each worth a little more the later its session was in its project: of two that answer as well, the newer one stands."""
    newest: dict[str, int] = {}
    for one in found:
        newest[one.project] = max(one.handle.session, newest.get(one.project, 1))
    yield from (replace(one, score=one.score * (1 + RECENT * one.handle.session / newest[one.project])) for one in found)


def _within(found: Iterable[Excerpt], judge: Judge, budget_tokens: int) -> Found:
    """Return the best of *found* that the budget has room for, nothing twice; where a passage has none, the line of it that answers best."""
    chosen: list[Excerpt] = []
    told: list[frozenset[str]] = []
    tokens = 0
    for one in nlargest(MOST_LOOKED_AT, found, key=lambda one: (one.score, one.handle)):
        for text in dict.fromkeys((one.text, judge.closest(one.text))):
            cost = count_tokens(f"{one.source} {one.project}\n{text}\n\n")
            if tokens + cost <= budget_tokens:
                if not repeats(said := frozenset(stems(text)), told):
                    chosen.append(replace(one, text=text))
                    told.append(said)
                    tokens += cost
                break
    return Found(chosen, tokens, budget_tokens)
