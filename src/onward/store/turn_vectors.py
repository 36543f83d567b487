"""The vectors of turns, for search by meaning: a few whole numbers from -127 to 127 for each passage of a turn.

They are made from the turns and can be made again. The database deletes the vectors of a turn that is deleted or changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from onward.store.statements import Query, execute_raw

if TYPE_CHECKING:
    from sqlalchemy import Connection

IDS_PER_SESSION = 2**24
"""The id of a turn is that of its session times this, and its ordinal."""
_SPOKEN = "turns.role IN ('user', 'assistant')"
_MISSING = Query(
    "SELECT turns.id FROM turns LEFT JOIN turn_vectors ON turn_vectors.turn_id = turns.id AND turn_vectors.model = :model "  # noqa: S608
    f"WHERE {_SPOKEN} AND turn_vectors.turn_id IS NULL ORDER BY turns.id DESC LIMIT :most"
)
_OF_MODEL = "SELECT turn_id, body FROM turn_vectors WHERE model = :model AND length(body) > 0"
_FIRST_ID = f"sessions.id * CAST({IDS_PER_SESSION} AS bigint)"
_OF_SESSIONS = (
    "SELECT turn_vectors.turn_id, turn_vectors.body FROM sessions JOIN turn_vectors "  # noqa: S608 - numbers of our own
    f"ON turn_vectors.turn_id BETWEEN {_FIRST_ID} AND {_FIRST_ID} + {IDS_PER_SESSION - 1} "
    "WHERE turn_vectors.model = :model AND length(turn_vectors.body) > 0"
)
_ALL = Query(_OF_MODEL)
_OF_PROJECT = Query(f"{_OF_SESSIONS} AND sessions.project_id = :project_id")
_OF_AGENT = Query(f"{_OF_SESSIONS} AND sessions.agent = :agent")
_OF_BOTH = Query(f"{_OF_SESSIONS} AND sessions.project_id = :project_id AND sessions.agent = :agent")
_COUNT = Query("SELECT count(*) AS vectors FROM turn_vectors WHERE model = :model")
_COUNT_TURNS = Query(f"SELECT count(*) AS turns FROM turns WHERE {_SPOKEN}")  # noqa: S608


class TurnVectors(NamedTuple):
    """The vectors of a turn's passages, one after the other, a byte for each number; empty for a turn without text."""

    turn_id: int
    body: bytes


def list_missing(connection: Connection, model: str, most: int) -> list[int]:
    """Return the ids of at most *most* turns of the user and the assistant that *model* has made no vectors of, the newest first."""
    return [int(row.id) for row in _MISSING.all(connection, model=model, most=most)]


def save(connection: Connection, model: str, rows: Sequence[TurnVectors]) -> None:
    """Store vectors, in place of those of another model."""
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    statement = (
        f"INSERT INTO turn_vectors (turn_id, model, body) VALUES ({mark}, {mark}, {mark}) "  # noqa: S608
        "ON CONFLICT (turn_id) DO UPDATE SET model = excluded.model, body = excluded.body"
    )
    for vectors in rows:
        execute_raw(connection, statement, (vectors.turn_id, model, vectors.body))


def stream(connection: Connection, model: str, *, project_id: int | None = None, agent: str = "") -> Iterator[TurnVectors]:
    """Yield all vectors of *model*: of the whole store, or of a project's sessions, or of those of an agent."""
    query = _OF_BOTH if agent and project_id is not None else _OF_AGENT if agent else _ALL if project_id is None else _OF_PROJECT
    values = {**({} if project_id is None else {"project_id": project_id}), **({"agent": agent} if agent else {})}
    for row in query.stream(connection, model=model, **values):
        yield TurnVectors(int(row.turn_id), bytes(row.body))


def count(connection: Connection, model: str) -> tuple[int, int]:
    """Return how many turns have vectors of *model*, and how many turns should have."""
    return int(_COUNT.all(connection, model=model)[0].vectors), int(_COUNT_TURNS.all(connection)[0].turns)
