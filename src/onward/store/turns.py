"""Turns: the whole conversation, appended once and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, BindParameter, Connection, Select, bindparam, delete, func, select, update

from onward.core.session import StoredTurn
from onward.core.transcript import Role, Turn
from onward.store import search_index
from onward.store.bodies import Bodies, Packed
from onward.store.clock import told
from onward.store.prepared import Prepared, add_rows, straight
from onward.store.schema import sessions, turns
from onward.store.searchable import searchable

MOST_ORDINAL = 2**24 - 1
_MOST_PARAMETERS = 500
_INTO = f"turns ({', '.join(column.name for column in turns.columns)})"


class NewTurn(NamedTuple):
    """A turn to keep, under its ordinal and its identity."""

    ordinal: int
    identity: bytes
    packed: Packed


class Place(NamedTuple):
    """Where a turn is kept already."""

    session_id: int
    ordinal: int
    chars: int


class NumberedTurn(NamedTuple):
    """A turn, and the number of its session in its project."""

    number: int
    stored: StoredTurn


def turn_id(session_id: int, ordinal: int) -> int:
    """Return the id under which a turn is kept."""
    return session_id * (MOST_ORDINAL + 1) + ordinal


def append(connection: Connection, project_id: int, session_id: int, new: Sequence[NewTurn]) -> None:
    """Keep new turns of a session, and index them."""
    if not new:
        return
    rows = [
        (turn_id(session_id, ordinal), project_id, session_id, ordinal, identity, one.role, one.at, one.chars, False, one.body)
        for ordinal, identity, one in new
    ]
    add_rows(connection, _INTO, rows)
    search_index.of(connection).add(connection, ((turn_id(session_id, one.ordinal), one.packed.words) for one in new))


def replace(connection: Connection, place: Place, new: NewTurn) -> Turn:
    """Keep a turn that has grown instead of the one at *place*, and return that one."""
    key, one = turn_id(place.session_id, place.ordinal), new.packed
    before = by_ids(connection, [key])[key].turn
    index = search_index.of(connection)
    index.forget(connection, [(key, before)])
    index.add(connection, [(key, one.words)])
    connection.execute(update(turns).where(turns.c.id == key).values(role=one.role, at=one.at, chars=one.chars, body=one.body))
    return before


def known(connection: Connection, project_id: int, identities: Sequence[bytes]) -> dict[bytes, Place]:
    """Return where the turns of these identities are kept, for those that are."""
    found: dict[bytes, Place] = {}
    mark = _mark(connection)
    for start in range(0, len(identities), _MOST_PARAMETERS):
        some = identities[start : start + _MOST_PARAMETERS]
        among = ", ".join([mark] * len(some))
        query = f"SELECT identity, session_id, ordinal, chars FROM turns WHERE project_id = {mark} AND identity IN ({among})"  # noqa: S608
        for identity, session_id, ordinal, chars in straight(connection, query, (project_id, *some)):
            found[bytes(identity)] = Place(session_id, ordinal, chars)
    return found


def abandon(connection: Connection, session_id: int, after: int, until: int) -> None:
    """Mark the turns of a session after one ordinal, until another, as a branch that was left."""
    connection.execute(update(turns).where(_within(session_id, after + 1, until)).values(abandoned=True))


def of_session(
    connection: Connection, session_id: int, *, first: int = 1, last: int = MOST_ORDINAL, limit: int | None = None, main_path: bool = False
) -> Iterator[StoredTurn]:
    """Yield the turns of a session from one ordinal to another, in order; on the main path, without those that were abandoned."""
    query = select(turns).where(_within(session_id, first, last)).order_by(turns.c.id).limit(limit)
    if main_path:
        query = query.where(turns.c.abandoned.is_(False))
    yield from _stored(connection, query)


def of_project(
    connection: Connection,
    project_id: int,
    *,
    number: int | None = None,
    role: Role | None = None,
    beyond: tuple[int, int] | None = None,
    backwards: bool = False,
    limit: int,
) -> list[NumberedTurn]:
    """Return at most *limit* turns of a project's sessions, or of the one of that *number*, by number and ordinal: those *beyond* such a pair, *backwards* those before it."""
    given: dict[str, Any] = {"project_id": project_id, "most": limit}
    if number is not None:
        given["number"] = number
    if role is not None:
        given["role"] = role
    if beyond:
        given["beyond_number"], given["beyond_ordinal"] = beyond
    query = _of_project(number is not None, role is not None, bool(beyond), backwards)
    unpack = Bodies().unpack
    return [NumberedTurn(row.number, _stored_turn(row, unpack)) for row in query.all(connection, **given)]


@cache
def _of_project(of_number: bool, of_role: bool, is_beyond: bool, backwards: bool) -> Prepared:
    place = (sessions.c.number, turns.c.ordinal)
    query = select(turns, sessions.c.number).join(sessions, sessions.c.id == turns.c.session_id)
    query = query.where(sessions.c.project_id == bindparam("project_id"))
    if of_number:
        query = query.where(sessions.c.number == bindparam("number"))
    if of_role:
        query = query.where(turns.c.role == bindparam("role"))
    if is_beyond:
        number: BindParameter[int] = bindparam("beyond_number")
        ordinal: BindParameter[int] = bindparam("beyond_ordinal")
        within = turns.c.ordinal < ordinal if backwards else turns.c.ordinal > ordinal
        past = sessions.c.number < number if backwards else sessions.c.number > number
        query = query.where(past | ((sessions.c.number == number) & within))
    return Prepared(
        query.order_by(*(column.desc() if backwards else column for column in place)).limit(bindparam("most", type_=BigInteger))
    )


def count(connection: Connection) -> int:
    """Return how many turns there are in all."""
    return int(connection.execute(select(func.coalesce(func.sum(sessions.c.turns), 0))).scalar_one())


def last_at(connection: Connection, session_id: int) -> datetime | None:
    """Return when the last turn of a session was, as far as its turns say; None where none does."""
    return told(connection.execute(select(func.max(turns.c.at)).where(_within(session_id, 1, MOST_ORDINAL))).scalar())


def by_ids(connection: Connection, ids: Sequence[int]) -> dict[int, StoredTurn]:
    """Return the turns of these ids, those that are there."""
    return {turn_id(one.session_id, one.ordinal): one for one in _stored(connection, select(turns).where(turns.c.id.in_(ids)))}


def move(connection: Connection, project_id: int, session_id: int, identities: Mapping[int, bytes]) -> None:
    """Give a session's turns to a project, each ordinal under its identity there."""
    rows = [(project_id, identity, turn_id(session_id, ordinal)) for ordinal, identity in identities.items()]
    if rows:
        mark = _mark(connection)
        connection.exec_driver_sql(f"UPDATE turns SET project_id = {mark}, identity = {mark} WHERE id = {mark}", rows)  # noqa: S608


def ordinals(connection: Connection, session_id: int) -> list[int]:
    """Return the ordinals of a session's turns, in order."""
    return list(connection.execute(select(turns.c.ordinal).where(_within(session_id, 1, MOST_ORDINAL)).order_by(turns.c.id)).scalars())


def remove(connection: Connection, session_id: int) -> None:
    """Delete the turns of a session, from the index too."""
    search_index.of(connection).forget(
        connection, ((turn_id(session_id, one.ordinal), one.turn) for one in of_session(connection, session_id))
    )
    connection.execute(delete(turns).where(_within(session_id, 1, MOST_ORDINAL)))


def index_again(connection: Connection) -> int:
    """Make the search index anew from the turns; return how many there are."""
    index = search_index.of(connection)
    index.clear(connection)
    count = 0

    def counted() -> Iterator[tuple[int, str]]:
        nonlocal count
        for one in _stored(connection, select(turns).order_by(turns.c.id)):
            count += 1
            yield turn_id(one.session_id, one.ordinal), searchable(one.turn)

    index.add(connection, counted())
    return count


def _mark(connection: Connection) -> str:
    """Return what stands for a value in a statement that goes straight to the driver."""
    return "?" if connection.dialect.name == "sqlite" else "%s"


def _within(session_id: int, first: int, last: int) -> Any:
    return turns.c.id.between(turn_id(session_id, first), turn_id(session_id, last))


def _stored(connection: Connection, query: Select[Any]) -> Iterator[StoredTurn]:
    unpack = Bodies().unpack
    for row in connection.execute(query.execution_options(yield_per=500)):
        yield _stored_turn(row, unpack)


def _stored_turn(row: Any, unpack: Callable[[str, Any, bytes], Turn]) -> StoredTurn:
    return StoredTurn(row.session_id, row.ordinal, bool(row.abandoned), unpack(row.role, told(row.at), bytes(row.body)))
