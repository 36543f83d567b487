"""Finding turns by their words: one small interface, and what each database does about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from onward.core.transcript.transcript import Turn
from onward.store.search import postgres_index, sqlite_index


class SearchIndex(Protocol):
    """What a database's search offers. Terms are text and never syntax; a term of several words is a phrase."""

    def add(self, connection: Connection, words: Iterable[tuple[int, str]]) -> None:
        """Index turns, each as (its id, what it is found by)."""
        ...

    def forget(self, connection: Connection, turns: Iterable[tuple[int, Turn]]) -> None:
        """Take turns out of the index; each must be as it was indexed."""
        ...

    def optimize(self, connection: Connection) -> None:
        """Write the index anew, so that nothing is left in it of what was taken out."""
        ...

    def clear(self, connection: Connection) -> None:
        """Forget everything."""
        ...

    def count(self, connection: Connection) -> int:
        """Return how many turns are in the index."""
        ...

    def frequencies(self, connection: Connection, terms: Sequence[str]) -> dict[str, int]:
        """Return how many turns hold each term, counted up to `search_plan.COMMON`."""
        ...

    def search(
        self,
        connection: Connection,
        counts: Mapping[str, int],
        *,
        project_id: int | None = None,
        roles: Sequence[str] = (),
        since: datetime | None = None,
        limit: int = 200,
    ) -> list[int]:
        """Return the ids of at most *limit* turns that hold any of the terms (with their `frequencies`), the best first: only those of *since* and later, where that is given."""
        ...


def index_for(connection: Connection) -> SearchIndex:
    """Return the search of the database that *connection* leads to."""
    return sqlite_index if connection.dialect.name == "sqlite" else postgres_index
