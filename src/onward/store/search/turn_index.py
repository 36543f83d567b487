"""The search index of turns: one interface with an implementation for each database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from onward.core.transcript.transcript import Turn
from onward.store.search import postgres_index, sqlite_index
from onward.store.search.plan import TurnFilter

if TYPE_CHECKING:
    from sqlalchemy import Connection


class SearchIndex(Protocol):
    """Full-text search in turns. Terms are text, never query syntax; a term of several words is a phrase."""

    def add(self, connection: Connection, words: Iterable[tuple[int, str]]) -> None:
        """Index turns, given as (id, searchable text)."""
        ...

    def forget(self, connection: Connection, turns: Iterable[tuple[int, Turn]]) -> None:
        """Remove turns from the index. Each must be as it was when it was indexed."""
        ...

    def optimize(self, connection: Connection) -> None:
        """Rewrite the index so that it contains nothing from removed turns."""
        ...

    def clear(self, connection: Connection) -> None:
        """Remove everything."""
        ...

    def count(self, connection: Connection) -> int:
        """Return the number of indexed turns."""
        ...

    def frequencies(self, connection: Connection, terms: Sequence[str]) -> dict[str, int]:
        """Return how many turns contain each term, counted up to `plan.COMMON_TERM_TURNS`."""
        ...

    def search(
        self,
        connection: Connection,
        counts: Mapping[str, int],
        limits: TurnFilter,
        *,
        limit: int = 200,
    ) -> list[int]:
        """Return the ids of at most *limit* turns that contain any of the terms, best first. *counts* are the terms' `frequencies`."""
        ...


def index_for(connection: Connection) -> SearchIndex:
    """Return the search index of the database that *connection* leads to."""
    return sqlite_index if connection.dialect.name == "sqlite" else postgres_index
