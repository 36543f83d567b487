"""Finding turns by their words on PostgreSQL: an index table of our own stems, with a GIN index.

What a lexeme is, we say, not the server's configuration: vectors and queries are put together from words of letters and digits alone, so that nothing in a text or a
question is syntax. A vector holds about a megabyte and sixteen thousand places, so a long turn takes several rows, its parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from math import log

from sqlalchemy import Connection

from onward.core.transcript.transcript import Turn
from onward.store.clock import to_micros
from onward.store.search import plan
from onward.store.search.searchable_text import stems

MAX_STEM_CHARS = 60
"""What is longer is cut, in texts and questions alike: it is no word that anybody asks for."""
PART_STEMS = 15_000
_MAX_POSITIONS = 255
"""Places that a vector keeps of one stem."""
_BATCH_ROWS = 500
_MATCHES_SQL = "turn_words JOIN turns ON turns.id = turn_words.turn_id WHERE words @@ %s::tsquery"


def add(connection: Connection, words: Iterable[tuple[int, str]]) -> None:
    """Index turns, each as (its id, what it is found by)."""
    rows = ((key, part, vector) for key, text in words for part, vector in enumerate(_vectors(text)))
    while batch := list(islice(rows, _BATCH_ROWS)):
        connection.exec_driver_sql("INSERT INTO turn_words (turn_id, part, words) VALUES (%s, %s, %s::tsvector)", batch)


def forget(connection: Connection, turns: Iterable[tuple[int, Turn]]) -> None:
    """Take turns out of the index."""
    keys = ((key,) for key, _ in turns)
    while batch := list(islice(keys, _BATCH_ROWS)):
        connection.exec_driver_sql("DELETE FROM turn_words WHERE turn_id = %s", batch)


def optimize(_: Connection) -> None:
    """Do nothing: a row that was deleted is gone when its table is written anew."""


def clear(connection: Connection) -> None:
    """Forget everything."""
    connection.exec_driver_sql("DELETE FROM turn_words")


def count(connection: Connection) -> int:
    """Return how many turns are in the index."""
    return int(connection.exec_driver_sql("SELECT count(*) FROM turn_words WHERE part = 0").scalar_one())


def frequencies(connection: Connection, terms: Sequence[str]) -> dict[str, int]:
    """Return how many turns hold each term, counted up to `COMMON`; a term of several words is a phrase."""
    query = f"SELECT count(*) FROM (SELECT 1 FROM turn_words WHERE words @@ %s::tsquery LIMIT {plan.COMMON_TERM_TURNS}) AS held"  # noqa: S608
    phrases = {term: _phrase(term) for term in terms}
    return {term: int(connection.exec_driver_sql(query, (phrase,)).scalar_one()) if phrase else 0 for term, phrase in phrases.items()}


def search(
    connection: Connection,
    counts: Mapping[str, int],
    *,
    project_id: int | None = None,
    roles: Sequence[str] = (),
    since: datetime | None = None,
    limit: int = 200,
) -> list[int]:
    """Return the ids of at most *limit* turns that hold any of the terms (with their `frequencies`), the best first.

    Rare terms rank by how rare they are, a short turn before a long one. Where every term is common, ranking would read most of the index: the newest turns
    that hold all of them come first instead, then the newest that hold the rarest one.
    """
    terms = plan.sort_rarest_first(counts)
    filters = _filters(project_id, roles, since)
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
    # A long turn holds more words by chance.
    score = f"({weights}) / (1 + 0.1 * ln(1 + length(words)))"
    query = f"SELECT turn_id, max({score}) AS score FROM {_MATCHES_SQL}{filters[0]} GROUP BY turn_id ORDER BY score DESC, turn_id DESC LIMIT {limit}"  # noqa: S608
    return [int(row[0]) for row in connection.exec_driver_sql(query, (*values, condition, *filters[1]))]


def _find_newest(connection: Connection, terms: Sequence[str], filters: tuple[str, list[object]], limit: int) -> list[int]:
    condition = " & ".join(f"({_phrase(term)})" for term in terms)
    query = f"SELECT DISTINCT turn_id FROM {_MATCHES_SQL}{filters[0]} ORDER BY turn_id DESC LIMIT {limit}"  # noqa: S608
    return [int(row[0]) for row in connection.exec_driver_sql(query, (condition, *filters[1]))]


def _filters(project_id: int | None, roles: Sequence[str], since: datetime | None) -> tuple[str, list[object]]:
    """Return what turns are looked among, as conditions and their values."""
    query = ""
    values: list[object] = []
    if project_id is not None:
        query += " AND turns.project_id = %s"
        values.append(project_id)
    if roles:
        query += f" AND turns.role IN ({', '.join(['%s'] * len(roles))})"
        values += roles
    if since is not None:
        query += " AND turns.at >= %s"
        values.append(to_micros(since))
    return query, values


def _phrase(term: str) -> str:
    """Return *term* as a query: its stems, one after the other; empty where it has none."""
    return " <-> ".join(f"'{word[:MAX_STEM_CHARS]}'" for word in stems(term))


def _vectors(text: str) -> Iterator[str]:
    """Yield the vectors of *text*, one for each part; an empty one for an empty text, so that every turn has a row."""
    words = stems(text)
    for start in range(0, max(1, len(words)), PART_STEMS):
        positions: dict[str, list[str]] = {}
        for position, word in enumerate(words[start : start + PART_STEMS], start=1):
            positions.setdefault(word[:MAX_STEM_CHARS], []).append(str(position))
        yield " ".join(f"'{word}':{','.join(numbers[:_MAX_POSITIONS])}" for word, numbers in positions.items())
