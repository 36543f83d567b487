"""Finding turns by their words, on SQLite's own full-text index.

The index holds no text of its own: what a turn is found by follows from the turn, and its rowid is the turn's id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection

from onward.core.transcript.transcript import Turn
from onward.store.clock import to_micros
from onward.store.search import plan
from onward.store.search.searchable_text import searchable_text
from onward.store.statements import insert_rows

_BATCH_ROWS = 2000


def add(connection: Connection, words: Iterable[tuple[int, str]]) -> None:
    """Index turns, each as (its id, what it is found by)."""
    rows = iter(words)
    while batch := list(islice(rows, _BATCH_ROWS)):
        insert_rows(connection, "turn_words (rowid, text)", batch)


def forget(connection: Connection, turns: Iterable[tuple[int, Turn]]) -> None:
    """Take turns out of the index; each must be as it was indexed."""
    rows = ((key, searchable_text(turn)) for key, turn in turns)
    while batch := list(islice(rows, _BATCH_ROWS)):
        connection.exec_driver_sql("INSERT INTO turn_words (turn_words, rowid, text) VALUES ('delete', ?, ?)", batch)


def optimize(connection: Connection) -> None:
    """Write the index anew: till then FTS5 keeps the words of turns that were taken out, and a mark that they are gone."""
    connection.exec_driver_sql("INSERT INTO turn_words (turn_words) VALUES ('optimize')")


def clear(connection: Connection) -> None:
    """Forget everything."""
    connection.exec_driver_sql("INSERT INTO turn_words (turn_words) VALUES ('delete-all')")


def count(connection: Connection) -> int:
    """Return how many turns are in the index."""
    return int(connection.exec_driver_sql("SELECT count(*) FROM turn_words_docsize").scalar_one())


def frequencies(connection: Connection, terms: Sequence[str]) -> dict[str, int]:
    """Return how many turns hold each term, counted up to `COMMON`; a term of several words is a phrase."""
    query = f"SELECT count(*) FROM (SELECT 1 FROM turn_words WHERE turn_words MATCH ? LIMIT {plan.COMMON_TERM_TURNS})"  # noqa: S608
    return {term: int(connection.exec_driver_sql(query, (_quote(term),)).scalar_one()) for term in terms}


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

    Rare terms rank by BM25. Where every term is common, ranking would read most of the index: the newest turns that hold all of them come
    first instead, then the newest that hold the rarest one.
    """
    terms = plan.sort_rarest_first(counts)
    filters = _filters(project_id, roles, since)
    if rare_terms := plan.selective_terms(counts):
        return _select_ids(connection, " OR ".join(map(_quote, rare_terms)), "rank", filters, limit)
    if not terms:
        return []
    turn_ids = _select_ids(connection, " AND ".join(map(_quote, terms)), "turn_words.rowid DESC", filters, limit)
    if len(turn_ids) < limit:
        turn_ids += _select_ids(connection, _quote(terms[0]), "turn_words.rowid DESC", filters, limit)
    return list(dict.fromkeys(turn_ids))[:limit]


def _filters(project_id: int | None, roles: Sequence[str], since: datetime | None) -> tuple[str, list[str | int | None]]:
    """Return what turns are looked among, as conditions and their values."""
    query = ""
    values: list[str | int | None] = []
    if project_id is not None:
        query += " AND turns.project_id = ?"
        values.append(project_id)
    if roles:
        query += f" AND turns.role IN ({', '.join('?' * len(roles))})"
        values += roles
    if since is not None:
        query += " AND turns.at >= ?"
        values.append(to_micros(since))
    return query, values


def _select_ids(connection: Connection, match: str, order: str, filters: tuple[str, list[str | int | None]], limit: int) -> list[int]:
    # CROSS JOIN: the index is read first and in its own order, whatever the planner thinks of it.
    query = "SELECT turn_words.rowid FROM turn_words CROSS JOIN turns ON turns.id = turn_words.rowid WHERE turn_words MATCH ?"
    ordered = f"{query}{filters[0]} ORDER BY {order} LIMIT {limit}"
    return [int(row[0]) for row in connection.exec_driver_sql(ordered, (match, *filters[1]))]


def _quote(term: str) -> str:
    """Return *term* as a phrase: whatever stands between quotes is text, never query syntax."""
    escaped_term = term.replace('"', '""').replace("\0", " ")
    return f'"{escaped_term}"'
