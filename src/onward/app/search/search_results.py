"""Search in all stored turns and what was made of them: the passages that answer a question, within a token budget, each with the handle of
its turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from heapq import nlargest
from typing import TYPE_CHECKING, cast

from onward.app.lookup import require_named_project
from onward.app.search.derived_texts import search_facts, search_handoffs, search_knowledge
from onward.app.search.passages import passages
from onward.app.search.query_filters import QueryFilters, parse_filters
from onward.app.search.relevance import KIND_WEIGHTS, PassageScorer, favor_context, favor_recent, parse_query
from onward.core.agents import agent_id
from onward.core.facts.fact import Handle
from onward.core.project import Project
from onward.core.search_result import DEFAULT_BUDGET_TOKENS, DERIVED_KINDS, SEARCH_KINDS, Excerpt, SearchKind, SearchResult
from onward.errors import BadInput, ProviderFailed
from onward.message import Message, as_message
from onward.store import Store, projects, sessions, turns
from onward.store.search import turn_index
from onward.store.search.plan import TurnFilter
from onward.store.search.searchable_text import readable_text, split_words, stems
from onward.tokens import count_tokens

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from onward.llm.embeddings import EmbeddingModel, Vector

MAX_TURNS = 200
MAX_CANDIDATES = 400
REPEAT_RATIO = 0.8


def search(
    store: Store,
    query: str,
    *,
    project: Project | None = None,
    kinds: Sequence[SearchKind] = (),
    since: datetime | None = None,
    budget_tokens: int = DEFAULT_BUDGET_TOKENS,
    is_plain: bool = False,
    embedding_model: EmbeddingModel | None = None,
) -> SearchResult:
    """Return the passages that answer *query* best, in *project* or in all; with *since*, only later ones. With an *embedding_model*,
    turns are also found by meaning; if it fails, by words alone, and the result says so.

    Any text is a query. `"phrases"`, `-word` and filters such as `before:2026-04` in it (`QueryFilters`) narrow the search, unless it
    *is_plain*, such as the output of a program.
    """
    filters = QueryFilters(query) if is_plain else parse_filters(query)
    question = parse_query(filters.text, filters.phrases)
    if not question.words:
        raise BadInput(Message("{query!r} contains no word to search for.", query=query), "Use at least one word.")
    searched_kinds = filters.kinds or kinds or SEARCH_KINDS
    since = max(filter(None, (since, filters.after)), default=None)
    roles = [kind for kind in searched_kinds if kind not in DERIVED_KINDS]
    vector, notice = _embed_query(embedding_model, filters.text) if {"user", "assistant"} & set(roles) else (None, "")
    near: list[Excerpt] = []
    with store.read() as connection:
        if filters.project:
            project = require_named_project(connection, filters.project)
        counts = turn_index.index_for(connection).frequencies(connection, question.terms)
        judge = PassageScorer(question, counts, turns.count_turns(connection))
        excerpts: list[Excerpt] = []
        if roles:
            excerpts += _search_turns(connection, judge, counts, project, roles, since, filters)
        searched_projects = [project] if project else projects.list_projects(connection)
        derived: list[Excerpt] = []
        if "fact" in searched_kinds:
            derived += search_facts(connection, judge, searched_projects)
        if "handoff" in searched_kinds:
            # The lines of a handoff of the rules are facts, so they are searched where only handoffs are asked for.
            derived += search_handoffs(connection, judge, searched_projects, only_written="fact" in searched_kinds)
        if "knowledge" in searched_kinds:
            derived += search_knowledge(connection, judge, filters.text, project)
        if not filters.agent:
            excerpts += (excerpt for excerpt in derived if _is_wanted(excerpt.text, excerpt.at, since, filters))
        if embedding_model and vector:
            near = list(_search_meaning(connection, embedding_model, vector, project, roles, since, filters))
    ranked: Iterable[Excerpt] = favor_recent(favor_context(excerpts, judge))
    if near:
        from onward.app.search.semantic_search import fuse

        ranked = fuse(ranked, near)
    return replace(_fit_budget(ranked, judge, budget_tokens), notice=notice)


def _embed_query(model: EmbeddingModel | None, query: str) -> tuple[Vector | None, str | Message]:
    """Return the vector of *query*, or None and why there is none."""
    if model is None:
        return None, ""
    # Imported here, as below: few searches are by meaning, and all start sooner without.
    from onward.app.search.semantic_search import embed_query

    try:
        return embed_query(model, query), ""
    except ProviderFailed as error:
        return None, Message("Searched by words alone: {error}", error=as_message(error.message))


def _search_meaning(
    connection: Connection,
    model: EmbeddingModel,
    vector: Vector,
    project: Project | None,
    roles: Sequence[SearchKind],
    since: datetime | None,
    filters: QueryFilters,
) -> Iterator[Excerpt]:
    """Yield the passages closest to *vector*, the closest first."""
    from onward.app.search.semantic_search import embedded_passages, find_near

    near = find_near(connection, model, vector, project_id=project.id if project else None, agent=agent_id(filters.agent), most=MAX_TURNS)
    stored = turns.find_by_ids(connection, [passage.turn_id for passage in near])
    places = sessions.labels_by_id(connection, {stored_turn.session_id for stored_turn in stored.values()})
    for passage in near:
        stored_turn = stored[passage.turn_id]
        turn, place = stored_turn.turn, places[stored_turn.session_id]
        texts = embedded_passages(turn)
        if turn.role in roles and passage.place < len(texts) and _is_wanted(readable_text(turn), turn.at, since, filters):
            yield Excerpt(
                project=place.project,
                handle=Handle(place.number, stored_turn.ordinal),
                kind=cast("SearchKind", turn.role),
                at=turn.at,
                text=texts[passage.place],
                score=passage.likeness,
            )


def _search_turns(
    connection: Connection,
    judge: PassageScorer,
    counts: Mapping[str, int],
    project: Project | None,
    roles: Sequence[SearchKind],
    since: datetime | None,
    filters: QueryFilters,
) -> Iterator[Excerpt]:
    limits = TurnFilter(
        project_id=project.id if project else None,
        roles=tuple(roles),
        since=since,
        until=filters.before,
        agent=agent_id(filters.agent),
        phrases=tuple(" ".join(split_words(text)) for text in (*filters.phrases, *filters.files)),
        excluded=tuple(" ".join(split_words(text)) for text in filters.excluded),
    )
    ids = turn_index.index_for(connection).search(connection, counts, limits, limit=MAX_TURNS)
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
                    score=score * KIND_WEIGHTS.get(kind, 1.0),
                )


def _is_wanted(text: str, at: datetime | None, since: datetime | None, filters: QueryFilters) -> bool:
    """Whether a text has what the filters ask for, whatever its agent."""
    flat = f" {' '.join(stems(text))} "
    wanted = (*filters.phrases, *filters.files)
    return (
        (since is None or (at is not None and at >= since))
        and (filters.before is None or (at is not None and at < filters.before))
        and all(f" {' '.join(stems(phrase))} " in flat for phrase in wanted)
        and not any(f" {' '.join(stems(phrase))} " in flat for phrase in filters.excluded)
    )


def _fit_budget(excerpts: Iterable[Excerpt], judge: PassageScorer, budget_tokens: int) -> SearchResult:
    """Return the best *excerpts* that fit the budget, without repetitions; of a passage that does not fit, its best line."""
    chosen_excerpts: list[Excerpt] = []
    chosen_stems: list[frozenset[str]] = []
    tokens = 0
    for excerpt in nlargest(MAX_CANDIDATES, excerpts, key=lambda excerpt: (excerpt.score, excerpt.handle)):
        for text in _versions(excerpt.text, judge):
            cost = count_tokens(f"{excerpt.source} {excerpt.project}\n{text}\n\n")
            if tokens + cost <= budget_tokens:
                if not _is_repeat(text_stems := frozenset(stems(text)), chosen_stems):
                    chosen_excerpts.append(replace(excerpt, text=text))
                    chosen_stems.append(text_stems)
                    tokens += cost
                break
    return SearchResult(excerpts=chosen_excerpts, tokens=tokens, budget_tokens=budget_tokens)


def _is_repeat(words: frozenset[str], earlier: Sequence[frozenset[str]]) -> bool:
    """Return whether nearly all *words* of a text are in one of the *earlier* texts."""
    return any(len(words & other) >= REPEAT_RATIO * len(words) for other in earlier)


def _versions(text: str, judge: PassageScorer) -> Iterator[str]:
    """Yield *text*, and its best line if that is less."""
    yield text
    if (line := judge.best_line(text)) != text:
        yield line
