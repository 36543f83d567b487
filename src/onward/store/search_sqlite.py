"""Finding turns by their words, on SQLite's own full-text index.

The index holds no text of its own: what a turn is found by follows from the turn, and its rowid is the turn's id.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from sqlalchemy import Connection

from onward.core.transcript import Turn
from onward.store.searchable import searchable

_BATCH = 2000


def add(connection: Connection, turns: Iterable[tuple[int, Turn]]) -> None:
    """Index turns under their ids."""
    rows = ((key, searchable(turn)) for key, turn in turns)
    while batch := list(islice(rows, _BATCH)):
        connection.exec_driver_sql("INSERT INTO turn_words (rowid, text) VALUES (?, ?)", batch)


def forget(connection: Connection, turns: Iterable[tuple[int, Turn]]) -> None:
    """Take turns out of the index; each must be as it was indexed."""
    rows = ((key, searchable(turn)) for key, turn in turns)
    while batch := list(islice(rows, _BATCH)):
        connection.exec_driver_sql("INSERT INTO turn_words (turn_words, rowid, text) VALUES ('delete', ?, ?)", batch)


def clear(connection: Connection) -> None:
    """Forget everything."""
    connection.exec_driver_sql("INSERT INTO turn_words (turn_words) VALUES ('delete-all')")
