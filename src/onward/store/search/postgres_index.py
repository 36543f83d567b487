"""Search in turns on PostgreSQL: a table of stems with a GIN index.

Onward makes the lexemes, not the server's configuration: vectors and queries consist of words of letters and digits, so that nothing in
a text or question is syntax. A vector holds about a megabyte and 16,000 positions, so a long turn takes several rows, its parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from math import log
from typing import TYPE_CHECKING

from onward.core.transcript.transcript import Turn
from onward.store.clock import to_micros
from onward.store.search import plan
from onward.store.search.searchable_text import stems

if TYPE_CHECKING:
    from sqlalchemy import Connection

MAX_STEM_CHARS = 60
"""Longer stems are cut, in texts and questions alike."""
PART_STEMS = 15_000
_MAX_POSITIONS = 255
"""Positions that a vector stores for one stem."""
_BATCH_ROWS = 500
_MATCHES_SQL = "turn_words JOIN turns ON turns.id = turn_words.turn_id WHERE words @@ %s::tsquery"


def add(connection: Connection, words: Iterable[tuple[int, str]]) -> None:
    """Index turns, given as (id, searchable text)."""
    rows = ((key, part, vector) for key, text in words for part, vector in enumerate(_vectors(text)))
    while batch := list(islice(rows, _BATCH_ROWS)):
        connection.exec_driver_sql("INSERT INTO turn_words (turn_id, part, words) VALUES (%s, %s, %s::tsvector)", batch)


def forget(connection: Connection, turns: Iterable[tuple[int, Turn]]) -> None:
    """Remove turns from the index."""
    keys = ((key,) for key, _ in turns)
    while batch := list(islice(keys, _BATCH_ROWS)):
        connection.exec_driver_sql("DELETE FROM turn_words WHERE turn_id = %s", batch)


def optimize(_: Connection) -> None:
    """Do nothing: deleted rows disappear when `VACUUM FULL` rewrites the table."""


def clear(connection: Connection) -> None:
    """Remove everything."""
    connection.exec_driver_sql("DELETE FROM turn_words")


def count(connection: Connection) -> int:
    """Return the number of indexed turns."""
    return int(connection.exec_driver_sql("SELECT count(*) FROM turn_words WHERE part = 0").scalar_one())


def frequencies(connection: Connection, terms: Sequence[str]) -> dict[str, int]:
    """Return how many turns contain each term, counted up to `COMMON_TERM_TURNS`; a term of several words is a phrase."""
    matches = f"SELECT 1 FROM turn_words WHERE words @@ %s::tsquery LIMIT {plan.COMMON_TERM_TURNS}"  # noqa: S608
    query = f"SELECT count(*) FROM ({matches}) AS matches"  # noqa: S608
    phrases = {term: _phrase(term) for term in terms}
    return {term: int(connection.exec_driver_sql(query, (phrase,)).scalar_one()) if phrase else 0 for term, phrase in phrases.items()}


def search(
    connection: Connection,
    counts: Mapping[str, int],
    limits: plan.TurnFilter,
    *,
    limit: int = 200,
) -> list[int]:
    """Return the ids of at most *limit* turns that contain any of the terms, best first. *counts* are the terms' `frequencies`.

    Rare terms rank by their rarity, short turns before long ones. If every term is common, ranking would read most of the index: the newest
    turns that contain all of them come first instead, then the newest that contain the rarest one.
    """
    terms = plan.sort_rarest_first(counts)
    filters = _filters(limits)
    if rare_terms := plan.selective_terms(counts):
        return _rank(connection, {term: counts[term] for term in rare_terms}, filters, limit)
    if not terms:
        return []
    turn_ids = _find_newest(connection, terms, filters, limit)
    if len(turn_ids) < limit:
        turn_ids += _find_newest(connection, terms[:1], filters, limit)
    return list(dict.fromkeys(turn_ids))[:limit]


def _rank(connection: Connection, counts: Mapping[str, int], filters: tuple[str, list[object]], limit: int) -> list[int]:
    phrases = {_phrase(term): log(1.0 + plan.MAX_RANKED_TURNS / count) for term, count in counts.items()}
    weights = " + ".join(["CASE WHEN words @@ %s::tsquery THEN %s ELSE 0 END"] * len(phrases))
    values: list[object] = [part for phrase, rarity in phrases.items() for part in (phrase, rarity)]
    condition = " | ".join(f"({phrase})" for phrase in phrases)
    # A long turn contains more words by chance.
    score = f"({weights}) / (1 + 0.1 * ln(1 + length(words)))"
    scores = f"SELECT turn_id, max({score}) AS score FROM {_MATCHES_SQL}{filters[0]} GROUP BY turn_id"  # noqa: S608
    query = f"{scores} ORDER BY score DESC, turn_id DESC LIMIT {limit}"
    return [int(row[0]) for row in connection.exec_driver_sql(query, (*values, condition, *filters[1]))]


def _find_newest(connection: Connection, terms: Sequence[str], filters: tuple[str, list[object]], limit: int) -> list[int]:
    condition = " & ".join(f"({_phrase(term)})" for term in terms)
    query = f"SELECT DISTINCT turn_id FROM {_MATCHES_SQL}{filters[0]} ORDER BY turn_id DESC LIMIT {limit}"  # noqa: S608
    return [int(row[0]) for row in connection.exec_driver_sql(query, (condition, *filters[1]))]


def _filters(limits: plan.TurnFilter) -> tuple[str, list[object]]:
    """Return the SQL conditions that limit a search, and their values."""
    query = ""
    values: list[object] = []
    if limits.project_id is not None:
        query += " AND turns.project_id = %s"
        values.append(limits.project_id)
    if limits.roles:
        query += f" AND turns.role IN ({', '.join(['%s'] * len(limits.roles))})"
        values += limits.roles
    if limits.since is not None:
        query += " AND turns.at >= %s"
        values.append(to_micros(limits.since))
    if limits.until is not None:
        query += " AND turns.at < %s"
        values.append(to_micros(limits.until))
    if limits.agent:
        query += " AND turns.session_id IN (SELECT id FROM sessions WHERE agent = %s)"
        values.append(limits.agent)
    # A long turn has several rows.
    anywhere = "EXISTS (SELECT 1 FROM turn_words AS other WHERE other.turn_id = turns.id AND other.words @@ %s::tsquery)"
    for texts, condition in ((limits.phrases, f" AND {anywhere}"), (limits.excluded, f" AND NOT {anywhere}")):
        for phrase in filter(None, map(_phrase, texts)):
            query += condition
            values.append(phrase)
    return query, values


def _phrase(term: str) -> str:
    """Return *term* as a query: its stems in a row; empty if it has none."""
    return " <-> ".join(f"'{word[:MAX_STEM_CHARS]}'" for word in stems(term))


def _vectors(text: str) -> Iterator[str]:
    """Yield the vectors of *text*, one per part. An empty text has one empty vector, so that every turn has a row."""
    words = stems(text)
    for start in range(0, max(1, len(words)), PART_STEMS):
        positions: dict[str, list[str]] = {}
        for position, word in enumerate(words[start : start + PART_STEMS], start=1):
            positions.setdefault(word[:MAX_STEM_CHARS], []).append(str(position))
        yield " ".join(f"'{word}':{','.join(numbers[:_MAX_POSITIONS])}" for word, numbers in positions.items())
