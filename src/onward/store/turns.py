"""Turns: the full conversation of every session."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from onward.core.session import StoredTurn
from onward.core.transcript.transcript import Role, Turn
from onward.store import checksums, schema
from onward.store.clock import to_datetime_or_none
from onward.store.lazy_module import sa
from onward.store.search import turn_index
from onward.store.search.searchable_text import searchable_text
from onward.store.statements import NO_LIMIT, Query, batches, execute_raw, insert_rows
from onward.store.turn_bodies import PackedTurn, TurnCodec

if TYPE_CHECKING:
    from sqlalchemy import Connection

MAX_ORDINAL = 2**24 - 1
_INSERT_TARGET = "turns (id, project_id, session_id, ordinal, identity, role, at, chars, abandoned, body, checksum)"


class NewTurn(NamedTuple):
    """A turn to store, with its ordinal in the session and its identity in the project."""

    ordinal: int
    identity: bytes
    packed: PackedTurn


class TurnPosition(NamedTuple):
    """Where a turn is stored, and its length."""

    session_id: int
    ordinal: int
    chars: int


class NumberedTurn(NamedTuple):
    """A turn with the number of its session."""

    number: int
    stored: StoredTurn


def turn_id(session_id: int, ordinal: int) -> int:
    """Return the id of a stored turn."""
    return session_id * (MAX_ORDINAL + 1) + ordinal


def split_id(key: int) -> tuple[int, int]:
    """Return the session id and the ordinal of the turn with that id."""
    return divmod(key, MAX_ORDINAL + 1)


def find_identities(connection: Connection, session_id: int, ordinals: Collection[int]) -> dict[bytes, int]:
    """Return the ordinals of these turns of a session by their identity."""
    keys = [turn_id(session_id, ordinal) for ordinal in sorted(ordinals)]
    return {bytes(row.identity): row.ordinal for batch in batches(keys) for row in _IDENTITIES.all(connection, ids=batch)}


def mend_turn(connection: Connection, session_id: int, ordinal: int, packed: PackedTurn) -> None:
    """Store a damaged turn again. The index has its words already."""
    key = turn_id(session_id, ordinal)
    connection.execute(
        sa.update(schema.turns).where(schema.turns.c.id == key).values(role=packed.role, at=packed.at, chars=packed.chars, body=packed.body)
    )


def append(connection: Connection, project_id: int, session_id: int, new_turns: Sequence[NewTurn]) -> None:
    """Store and index new turns of a session."""
    if not new_turns:
        return
    compute = checksums.checksum_of(schema.turns)
    rows: list[tuple[Any, ...]] = [
        (turn_id(session_id, ordinal), project_id, session_id, ordinal, identity, packed.role, packed.at, packed.chars, False, packed.body)
        for ordinal, identity, packed in new_turns
    ]
    insert_rows(connection, _INSERT_TARGET, [(*row, compute(row)) for row in rows])
    turn_index.index_for(connection).add(connection, ((turn_id(session_id, turn.ordinal), turn.packed.words) for turn in new_turns))


def replace_turn(connection: Connection, position: TurnPosition, new_turn: NewTurn) -> Turn:
    """Replace the turn at *position* by a longer version, and return the old one."""
    key, packed = turn_id(position.session_id, position.ordinal), new_turn.packed
    before = find_by_ids(connection, [key])[key].turn
    index = turn_index.index_for(connection)
    index.forget(connection, [(key, before)])
    index.add(connection, [(key, packed.words)])
    connection.execute(
        sa.update(schema.turns).where(schema.turns.c.id == key).values(role=packed.role, at=packed.at, chars=packed.chars, body=packed.body)
    )
    return before


def find_positions(connection: Connection, project_id: int, identities: Sequence[bytes]) -> dict[bytes, TurnPosition]:
    """Return where turns with these identities are stored; others are left out."""
    positions: dict[bytes, TurnPosition] = {}
    placeholder = _placeholder(connection)
    for batch in batches(identities):
        placeholders = ", ".join([placeholder] * len(batch))
        condition = f"project_id = {placeholder} AND identity IN ({placeholders})"
        query = f"SELECT identity, session_id, ordinal, chars FROM turns WHERE {condition}"  # noqa: S608
        for identity, session_id, ordinal, chars in execute_raw(connection, query, (project_id, *batch)):
            positions[bytes(identity)] = TurnPosition(session_id, ordinal, chars)
    return positions


def abandon(connection: Connection, session_id: int, after: int, until: int) -> None:
    """Mark the turns of a session after one ordinal, up to another, as an abandoned branch."""
    connection.execute(sa.update(schema.turns).where(_in_range(session_id, after + 1, until)).values(abandoned=True))


def read_session(
    connection: Connection, session_id: int, *, first: int = 1, last: int = MAX_ORDINAL, limit: int | None = None, main_path: bool = False
) -> Iterator[StoredTurn]:
    """Yield the turns of a session from one ordinal to another, in order; with *main_path*, without abandoned ones."""
    ids = {"first": turn_id(session_id, first), "last": turn_id(session_id, last)}
    query = _MAIN_PATH_OF_SESSION if main_path else _OF_SESSION
    yield from _unpack(query.stream(connection, **ids, most=NO_LIMIT if limit is None else limit))


_OF_SESSION = Query("SELECT * FROM turns WHERE id BETWEEN :first AND :last ORDER BY id LIMIT :most")
_MAIN_PATH_OF_SESSION = Query("SELECT * FROM turns WHERE id BETWEEN :first AND :last AND NOT abandoned ORDER BY id LIMIT :most")
_BY_IDS = Query("SELECT * FROM turns WHERE id IN :ids")
_ALL = Query("SELECT * FROM turns ORDER BY id")
_IDENTITIES = Query("SELECT identity, ordinal FROM turns WHERE id IN :ids")
_COUNT = Query("SELECT coalesce(sum(turns), 0) AS turns FROM sessions")


def read_project(
    connection: Connection,
    project_id: int,
    *,
    number: int | None = None,
    role: Role | None = None,
    cursor: tuple[int, int] | None = None,
    backwards: bool = False,
    limit: int,
) -> list[NumberedTurn]:
    """Return at most *limit* turns of a project, or of its session *number*, in order.

    *cursor* is a pair of session number and ordinal: only turns after it are returned, or before it and in reverse order if *backwards*.
    """
    parameters: dict[str, Any] = {"project_id": project_id, "most": limit}
    if number is not None:
        parameters["number"] = number
    if role is not None:
        parameters["role"] = role
    if cursor:
        parameters["beyond_number"], parameters["beyond_ordinal"] = cursor
    query = _project_query(number is not None, role is not None, bool(cursor), backwards)
    unpack = TurnCodec().unpack
    return [NumberedTurn(row.number, _from_row(row, unpack)) for row in query.all(connection, **parameters)]


@cache
def _project_query(has_number: bool, has_role: bool, has_cursor: bool, backwards: bool) -> Query:
    conditions = ["sessions.project_id = :project_id"]
    conditions += ["sessions.number = :number"] if has_number else []
    conditions += ["turns.role = :role"] if has_role else []
    beyond, order = ("<", " DESC") if backwards else (">", "")
    if has_cursor:
        conditions.append(
            f"(sessions.number {beyond} :beyond_number OR sessions.number = :beyond_number AND turns.ordinal {beyond} :beyond_ordinal)"
        )
    return Query(
        "SELECT turns.*, sessions.number FROM turns JOIN sessions ON sessions.id = turns.session_id "  # noqa: S608
        f"WHERE {' AND '.join(conditions)} ORDER BY sessions.number{order}, turns.ordinal{order} LIMIT :most"
    )


def count_turns(connection: Connection) -> int:
    """Return the number of turns in the store."""
    return int(_COUNT.all(connection)[0].turns)


def last_turn_at(connection: Connection, session_id: int) -> datetime | None:
    """Return the time of the latest turn of a session, or None if no turn has a time."""
    return to_datetime_or_none(
        connection.execute(sa.select(sa.func.max(schema.turns.c.at)).where(_in_range(session_id, 1, MAX_ORDINAL))).scalar()
    )


def first_turn_at(connection: Connection, session_id: int) -> datetime | None:
    """Return the time of the earliest turn of a session, or None if no turn has a time."""
    return to_datetime_or_none(
        connection.execute(sa.select(sa.func.min(schema.turns.c.at)).where(_in_range(session_id, 1, MAX_ORDINAL))).scalar()
    )


def find_by_ids(connection: Connection, ids: Sequence[int]) -> dict[int, StoredTurn]:
    """Return the turns of these ids by id; missing ones are left out."""
    rows = (row for batch in batches(ids) for row in _BY_IDS.all(connection, ids=batch))
    return {turn_id(stored.session_id, stored.ordinal): stored for stored in _unpack(rows)}


def move(connection: Connection, project_id: int, session_id: int, identities: Mapping[int, bytes]) -> None:
    """Move a session's turns to a project, with the identity that each ordinal has there."""
    rows = [(project_id, identity, turn_id(session_id, ordinal)) for ordinal, identity in identities.items()]
    if rows:
        placeholder = _placeholder(connection)
        statement = f"UPDATE turns SET project_id = {placeholder}, identity = {placeholder}, checksum = NULL WHERE id = {placeholder}"  # noqa: S608
        connection.exec_driver_sql(statement, rows)


def delete_turns(connection: Connection, session_id: int) -> None:
    """Delete the turns of a session, also from the index."""
    turn_index.index_for(connection).forget(
        connection, ((turn_id(session_id, stored.ordinal), stored.turn) for stored in read_session(connection, session_id))
    )
    connection.execute(sa.delete(schema.turns).where(_in_range(session_id, 1, MAX_ORDINAL)))


def reindex(connection: Connection) -> int:
    """Rebuild the search index from the turns, and return how many there are."""
    index = turn_index.index_for(connection)
    index.clear(connection)
    count = 0

    def searchable_rows() -> Iterator[tuple[int, str]]:
        nonlocal count
        for stored in _unpack(_ALL.stream(connection)):
            count += 1
            yield turn_id(stored.session_id, stored.ordinal), searchable_text(stored.turn)

    index.add(connection, searchable_rows())
    return count


def _placeholder(connection: Connection) -> str:
    """Return the parameter marker of statements that go straight to the driver."""
    return "?" if connection.dialect.name == "sqlite" else "%s"


def _in_range(session_id: int, first: int, last: int) -> Any:
    return schema.turns.c.id.between(turn_id(session_id, first), turn_id(session_id, last))


def _unpack(rows: Iterable[Any]) -> Iterator[StoredTurn]:
    unpack = TurnCodec().unpack
    for row in rows:
        yield _from_row(row, unpack)


def _from_row(row: Any, unpack: Callable[[str, Any, bytes], Turn]) -> StoredTurn:
    return StoredTurn(row.session_id, row.ordinal, bool(row.abandoned), unpack(row.role, to_datetime_or_none(row.at), bytes(row.body)))
