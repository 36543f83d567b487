"""Turns: the full conversation of every session."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, BindParameter, Connection, Select, bindparam, delete, func, select, update

from onward.core.session import StoredTurn
from onward.core.transcript.transcript import Role, Turn
from onward.store.checksums import checksum_of
from onward.store.clock import to_datetime_or_none
from onward.store.schema import sessions, turns
from onward.store.search import turn_index
from onward.store.search.searchable_text import searchable_text
from onward.store.statements import PreparedStatement, batches, execute_raw, insert_rows
from onward.store.turn_bodies import PackedTurn, TurnCodec

MAX_ORDINAL = 2**24 - 1
_TURN_COLUMNS = (turns.c.session_id, turns.c.ordinal, turns.c.abandoned, turns.c.role, turns.c.at, turns.c.body)
_INSERT_TARGET = f"turns ({', '.join(column.name for column in turns.columns)})"


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
    return {
        bytes(row.identity): row.ordinal
        for batch in batches(keys)
        for row in connection.execute(select(turns.c.identity, turns.c.ordinal).where(turns.c.id.in_(batch)))
    }


def mend_turn(connection: Connection, session_id: int, ordinal: int, packed: PackedTurn) -> None:
    """Store a damaged turn again. The index has its words already."""
    key = turn_id(session_id, ordinal)
    connection.execute(update(turns).where(turns.c.id == key).values(role=packed.role, at=packed.at, chars=packed.chars, body=packed.body))


def append(connection: Connection, project_id: int, session_id: int, new_turns: Sequence[NewTurn]) -> None:
    """Store and index new turns of a session."""
    if not new_turns:
        return
    compute = checksum_of(turns)
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
    connection.execute(update(turns).where(turns.c.id == key).values(role=packed.role, at=packed.at, chars=packed.chars, body=packed.body))
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
    connection.execute(update(turns).where(_in_range(session_id, after + 1, until)).values(abandoned=True))


def read_session(
    connection: Connection, session_id: int, *, first: int = 1, last: int = MAX_ORDINAL, limit: int | None = None, main_path: bool = False
) -> Iterator[StoredTurn]:
    """Yield the turns of a session from one ordinal to another, in order; with *main_path*, without abandoned ones."""
    query = select(turns).where(_in_range(session_id, first, last)).order_by(turns.c.id).limit(limit)
    if main_path:
        query = query.where(turns.c.abandoned.is_(False))
    yield from _read(connection, query)


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
def _project_query(has_number: bool, has_role: bool, has_cursor: bool, backwards: bool) -> PreparedStatement:
    order = (sessions.c.number, turns.c.ordinal)
    query = select(turns, sessions.c.number).join(sessions, sessions.c.id == turns.c.session_id)
    query = query.where(sessions.c.project_id == bindparam("project_id"))
    if has_number:
        query = query.where(sessions.c.number == bindparam("number"))
    if has_role:
        query = query.where(turns.c.role == bindparam("role"))
    if has_cursor:
        number: BindParameter[int] = bindparam("beyond_number")
        ordinal: BindParameter[int] = bindparam("beyond_ordinal")
        in_session = turns.c.ordinal < ordinal if backwards else turns.c.ordinal > ordinal
        in_other_session = sessions.c.number < number if backwards else sessions.c.number > number
        query = query.where(in_other_session | ((sessions.c.number == number) & in_session))
    return PreparedStatement(
        query.order_by(*(column.desc() if backwards else column for column in order)).limit(bindparam("most", type_=BigInteger))
    )


def count_turns(connection: Connection) -> int:
    """Return the number of turns in the store."""
    return int(connection.execute(select(func.coalesce(func.sum(sessions.c.turns), 0))).scalar_one())


def last_turn_at(connection: Connection, session_id: int) -> datetime | None:
    """Return the time of the latest turn of a session, or None if no turn has a time."""
    return to_datetime_or_none(connection.execute(select(func.max(turns.c.at)).where(_in_range(session_id, 1, MAX_ORDINAL))).scalar())


def first_turn_at(connection: Connection, session_id: int) -> datetime | None:
    """Return the time of the earliest turn of a session, or None if no turn has a time."""
    return to_datetime_or_none(connection.execute(select(func.min(turns.c.at)).where(_in_range(session_id, 1, MAX_ORDINAL))).scalar())


def find_by_ids(connection: Connection, ids: Sequence[int]) -> dict[int, StoredTurn]:
    """Return the turns of these ids by id; missing ones are left out."""
    return {turn_id(stored.session_id, stored.ordinal): stored for stored in _read(connection, select(turns).where(turns.c.id.in_(ids)))}


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
    connection.execute(delete(turns).where(_in_range(session_id, 1, MAX_ORDINAL)))


def reindex(connection: Connection) -> int:
    """Rebuild the search index from the turns, and return how many there are."""
    index = turn_index.index_for(connection)
    index.clear(connection)
    count = 0

    def searchable_rows() -> Iterator[tuple[int, str]]:
        nonlocal count
        # Migrations run this: the table may not have all of its columns yet.
        for stored in _read(connection, select(*_TURN_COLUMNS).order_by(turns.c.id)):
            count += 1
            yield turn_id(stored.session_id, stored.ordinal), searchable_text(stored.turn)

    index.add(connection, searchable_rows())
    return count


def _placeholder(connection: Connection) -> str:
    """Return the parameter marker of statements that go straight to the driver."""
    return "?" if connection.dialect.name == "sqlite" else "%s"


def _in_range(session_id: int, first: int, last: int) -> Any:
    return turns.c.id.between(turn_id(session_id, first), turn_id(session_id, last))


def _read(connection: Connection, query: Select[Any]) -> Iterator[StoredTurn]:
    unpack = TurnCodec().unpack
    for row in connection.execute(query.execution_options(yield_per=500)):
        yield _from_row(row, unpack)


def _from_row(row: Any, unpack: Callable[[str, Any, bytes], Turn]) -> StoredTurn:
    return StoredTurn(row.session_id, row.ordinal, bool(row.abandoned), unpack(row.role, to_datetime_or_none(row.at), bytes(row.body)))
