"""Search in turns on SQLite, with its own full-text index FTS5.

The index stores no text: the searchable text is computed from the turn, and the rowid is the turn's id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from onward.core.transcript.transcript import Turn
from onward.store.clock import to_micros
from onward.store.search import plan
from onward.store.search.searchable_text import searchable_text, split_scripts
from onward.store.statements import execute_raw, insert_rows

if TYPE_CHECKING:
    from sqlalchemy import Connection

_BATCH_ROWS = 2000


def add(connection: Connection, words: Iterable[tuple[int, str]]) -> None:
    """Index turns, given as (id, searchable text)."""
    rows = iter(words)
    while batch := list(islice(rows, _BATCH_ROWS)):
        insert_rows(connection, "turn_words (rowid, text)", batch)


def forget(connection: Connection, turns: Iterable[tuple[int, Turn]]) -> None:
    """Remove turns from the index. Each must be as it was when it was indexed."""
    rows = ((key, searchable_text(turn)) for key, turn in turns)
    while batch := list(islice(rows, _BATCH_ROWS)):
        connection.exec_driver_sql("INSERT INTO turn_words (turn_words, rowid, text) VALUES ('delete', ?, ?)", batch)


def optimize(connection: Connection) -> None:
    """Rewrite the index: until then FTS5 keeps the words of removed turns with a deletion mark."""
    connection.exec_driver_sql("INSERT INTO turn_words (turn_words) VALUES ('optimize')")


def clear(connection: Connection) -> None:
    """Remove everything."""
    connection.exec_driver_sql("INSERT INTO turn_words (turn_words) VALUES ('delete-all')")


def count(connection: Connection) -> int:
    """Return the number of indexed turns."""
    return int(connection.exec_driver_sql("SELECT count(*) FROM turn_words_docsize").scalar_one())


def frequencies(connection: Connection, terms: Sequence[str]) -> dict[str, int]:
    """Return how many turns contain each term, counted up to `COMMON_TERM_TURNS`; a term of several words is a phrase."""
    query = f"SELECT count(*) FROM (SELECT 1 FROM turn_words WHERE turn_words MATCH ? LIMIT {plan.COMMON_TERM_TURNS})"  # noqa: S608
    return {term: int(next(iter(execute_raw(connection, query, (_quote(term),))))[0]) for term in terms}


def search(
    connection: Connection,
    counts: Mapping[str, int],
    limits: plan.TurnFilter,
    *,
    limit: int = 200,
) -> list[int]:
    """Return the ids of at most *limit* turns that contain any of the terms, best first. *counts* are the terms' `frequencies`.

    Rare terms rank by BM25. If every term is common, ranking would read most of the index: the newest turns that contain all of them come
    first instead, then the newest that contain the rarest one.
    """
    terms = plan.sort_rarest_first(counts)
    filters = _filters(limits)
    if rare_terms := plan.selective_terms(counts):
        return _select_ids(connection, _match(" OR ".join(map(_quote, rare_terms)), limits), "rank", filters, limit)
    if not terms:
        return []
    turn_ids = _select_ids(connection, _match(" AND ".join(map(_quote, terms)), limits), "turn_words.rowid DESC", filters, limit)
    if len(turn_ids) < limit:
        turn_ids += _select_ids(connection, _match(_quote(terms[0]), limits), "turn_words.rowid DESC", filters, limit)
    return list(dict.fromkeys(turn_ids))[:limit]


def _filters(limits: plan.TurnFilter) -> tuple[str, list[str | int | None]]:
    """Return the SQL conditions that limit a search, and their values."""
    query = ""
    values: list[str | int | None] = []
    if limits.project_id is not None:
        query += " AND turns.project_id = ?"
        values.append(limits.project_id)
    if limits.roles:
        query += f" AND turns.role IN ({', '.join('?' * len(limits.roles))})"
        values += limits.roles
    if limits.since is not None:
        query += " AND turns.at >= ?"
        values.append(to_micros(limits.since))
    if limits.until is not None:
        query += " AND turns.at < ?"
        values.append(to_micros(limits.until))
    if limits.agent:
        query += " AND turns.session_id IN (SELECT id FROM sessions WHERE agent = ?)"
        values.append(limits.agent)
    return query, values


def _match(terms: str, limits: plan.TurnFilter) -> str:
    """Return the query for *terms* that also asks for the phrases and rules out what is excluded."""
    wanted = "".join(f" AND {_quote(phrase)}" for phrase in limits.phrases if phrase)
    return f"({terms}){wanted}" + "".join(f" NOT {_quote(phrase)}" for phrase in limits.excluded if phrase)


def _select_ids(connection: Connection, match: str, order: str, filters: tuple[str, list[str | int | None]], limit: int) -> list[int]:
    # CROSS JOIN makes the planner read the index first and in its own order.
    query = "SELECT turn_words.rowid FROM turn_words CROSS JOIN turns ON turns.id = turn_words.rowid WHERE turn_words MATCH ?"
    ordered = f"{query}{filters[0]} ORDER BY {order} LIMIT {limit}"
    return [int(row[0]) for row in execute_raw(connection, ordered, (match, *filters[1]))]


def _quote(term: str) -> str:
    """Return *term* as a quoted phrase, in which FTS5 sees no query syntax."""
    escaped_term = split_scripts(term).replace('"', '""').replace("\0", " ")
    return f'"{escaped_term}"'
