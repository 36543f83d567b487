"""Sessions that a person deleted or moved away, and the rows of the deleted ones until the undo ends.

A deleted session leaves every table, so that nothing finds it, counts it or exports it: its rows wait here, compressed. What stays longer
is its number, which no other session gets, and its agent's id, so that an import does not bring it back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice
from typing import Any

import orjson
from sqlalchemy import Column, Connection, LargeBinary, Table, and_, delete, insert, select, update
from zstandard import ZstdCompressor, ZstdDecompressor

from onward.core.session import RemovedSession, Session
from onward.store import schema, turns
from onward.store.clock import now, to_datetime, to_micros
from onward.store.schema import removed_rows, removed_sessions, sessions
from onward.store.search import turn_index
from onward.store.search.searchable_text import searchable_text
from onward.store.statements import dialect_insert

UNDO_TIME = timedelta(days=1)
"""How long a deleted session can be restored."""

_BATCH_ROWS = 500
_ZSTD = b"\x28\xb5\x2f\xfd"

Rows = Iterable[tuple[str, Mapping[str, Any]]]
"""Rows, each with the name of its table."""


def create(connection: Connection, session: Session, *, moved_to: int | None = None) -> None:
    """Record that a session left its project: it was deleted, or moved to another."""
    forget(connection, session.project_id, session.id)
    connection.execute(
        insert(removed_sessions).values(
            session_id=session.id,
            project_id=session.project_id,
            number=session.number,
            native_id=session.native_id,
            title="" if moved_to else session.title,
            turns=session.turns,
            moved_to=moved_to,
            removed_at=now(),
        )
    )


def forget(connection: Connection, project_id: int, session_id: int) -> None:
    """Forget that a session left a project: it was restored."""
    for table in (removed_rows, removed_sessions):
        connection.execute(delete(table).where(table.c.project_id == project_id, table.c.session_id == session_id))


def find(connection: Connection, project_id: int, number: int) -> RemovedSession | None:
    """Return the session that had this number in a project, or None."""
    return next(iter(_select(connection, removed_sessions.c.project_id == project_id, removed_sessions.c.number == number)), None)


def find_by_id(connection: Connection, session_id: int) -> RemovedSession | None:
    """Return the deleted session with this id, or None."""
    return next(iter(_select(connection, removed_sessions.c.session_id == session_id, removed_sessions.c.moved_to.is_(None))), None)


def find_by_native_ids(connection: Connection, project_id: int, native_ids: Sequence[str]) -> RemovedSession | None:
    """Return a session that left a project and has one of these ids in its agent, or None."""
    condition = removed_sessions.c.native_id.in_(native_ids)
    return next(iter(_select(connection, removed_sessions.c.project_id == project_id, condition)), None)


def list_deleted(connection: Connection, project_id: int) -> list[RemovedSession]:
    """Return the deleted sessions of a project that can be restored, by number."""
    in_project = removed_sessions.c.project_id == project_id
    return [session for session in _select(connection, in_project, removed_sessions.c.moved_to.is_(None)) if session.can_return]


def _select(connection: Connection, *conditions: Any) -> list[RemovedSession]:
    has_rows = select(removed_rows.c.id).where(
        removed_rows.c.project_id == removed_sessions.c.project_id, removed_rows.c.session_id == removed_sessions.c.session_id
    )
    query = select(removed_sessions, has_rows.exists().label("can_return")).where(*conditions).order_by(removed_sessions.c.number)
    return [
        RemovedSession(
            id=row.session_id,
            project_id=row.project_id,
            number=row.number,
            title=row.title,
            turns=row.turns,
            moved_to=row.moved_to,
            removed_at=to_datetime(row.removed_at),
            can_return=bool(row.can_return) and row.moved_to is None,
        )
        for row in connection.execute(query)
    ]


def purge(connection: Connection, before: datetime) -> int:
    """Delete for good what was removed before a time, and return how many sessions that were."""
    due = select(removed_sessions.c.session_id).where(
        removed_sessions.c.removed_at <= to_micros(before), removed_sessions.c.moved_to.is_(None)
    )
    session_ids = set(connection.execute(select(removed_rows.c.session_id).where(removed_rows.c.session_id.in_(due)).distinct()).scalars())
    for session_id in sorted(session_ids):
        connection.execute(delete(removed_rows).where(removed_rows.c.session_id == session_id))
        connection.execute(update(removed_sessions).where(removed_sessions.c.session_id == session_id).values(title="", turns=0))
    return len(session_ids)


def take_rows(connection: Connection, session: Session, changed_rows: Rows) -> None:
    """Take all rows of a session out of the tables and put them aside, together with copies of rows that change because of it."""
    rows = iter([*((table.name, row) for table in _owned_tables() for row in _rows_of(connection, table, session.id)), *changed_rows])
    pack = ZstdCompressor(level=3).compress
    while batch := list(islice(rows, _BATCH_ROWS)):
        body = pack(orjson.dumps([[name, _to_document(schema.metadata.tables[name], row)] for name, row in batch]))
        connection.execute(insert(removed_rows).values(project_id=session.project_id, session_id=session.id, body=body))
    turns.delete_turns(connection, session.id)
    connection.execute(delete(sessions).where(sessions.c.id == session.id))


def handoff_rows(connection: Connection, handoff_id: int) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the rows of a handoff and of the sessions that loaded it, each with the name of its table."""
    loaded = schema.loaded_handoffs
    return [
        *_rows_where(connection, schema.handoffs, schema.handoffs.c.id == handoff_id),
        *_rows_where(connection, loaded, loaded.c.handoff_id == handoff_id),
    ]


def linked_rows(connection: Connection, session_id: int) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the rows that name a session and do not belong to it, each with the name of its table. Handoffs are left out."""
    events = schema.account_events
    return _rows_where(connection, events, events.c.session_id == session_id)


def has_due(connection: Connection, before: datetime) -> bool:
    """Return whether rows of sessions wait that were deleted before a time."""
    is_of_session = removed_rows.c.session_id == removed_sessions.c.session_id
    query = select(removed_rows.c.id).join(removed_sessions, is_of_session).where(removed_sessions.c.removed_at <= to_micros(before))
    return connection.execute(query.limit(1)).first() is not None


def _rows_where(connection: Connection, table: Table, condition: Any) -> list[tuple[str, Mapping[str, Any]]]:
    return [(table.name, dict(row._mapping)) for row in connection.execute(select(table).where(condition))]  # noqa: SLF001 - its public name


def read_rows(connection: Connection, project_id: int, session_id: int) -> list[tuple[str, dict[str, Any]]]:
    """Return the rows of a deleted session, each with the name of its table."""
    query = select(removed_rows.c.body).where(removed_rows.c.project_id == project_id, removed_rows.c.session_id == session_id)
    unpack = ZstdDecompressor().decompress
    return [
        (name, _from_document(schema.metadata.tables[name], document))
        for body in connection.execute(query.order_by(removed_rows.c.id)).scalars()
        for name, document in orjson.loads(unpack(bytes(body)))
    ]


def put_back(connection: Connection, project_id: int, session_id: int, rows: Rows) -> None:
    """Put the rows of a session back, and the rows that changed because of it as they were. A row whose other owner is gone stays out."""
    by_table: dict[str, list[dict[str, Any]]] = {}
    for name, row in rows:
        by_table.setdefault(name, []).append(dict(row))
    _keep_unique(connection, project_id, session_id, by_table)
    for table in (sessions, *(table for table in schema.metadata.sorted_tables if table is not sessions)):
        column = _owner_column(table)
        owned_rows: list[dict[str, Any]] = []
        for row in _unique_rows(table, by_table.get(table.name, ())):
            if not _has_owners(connection, table, row):
                continue
            if column is not None and row[column.name] == session_id:
                owned_rows.append(row)
            else:
                _put_row(connection, table, row)
        for start in range(0, len(owned_rows), _BATCH_ROWS):
            connection.execute(insert(table), owned_rows[start : start + _BATCH_ROWS])
    index = turn_index.index_for(connection)
    stored_turns = list(turns.read_session(connection, session_id))
    index.add(connection, ((turns.turn_id(stored.session_id, stored.ordinal), searchable_text(stored.turn)) for stored in stored_turns))


def _keep_unique(connection: Connection, project_id: int, session_id: int, by_table: Mapping[str, list[dict[str, Any]]]) -> None:
    """Change what another session took over in the meantime: the agent's id, and the identities of copied turns."""
    (session_row,) = by_table["sessions"]
    native_id = session_row["native_id"]
    taken_id = select(sessions.c.id).where(sessions.c.project_id == project_id, sessions.c.native_id == native_id)
    if native_id is not None and connection.execute(taken_id).first():
        session_row["native_id"] = None
    turn_rows = by_table.get("turns", [])
    taken_identities = turns.find_positions(connection, project_id, [row["identity"] for row in turn_rows])
    for row in turn_rows:
        if row["identity"] in taken_identities:
            row["identity"] = blake2b(b"%b\0%d" % (row["identity"], session_id), digest_size=16).digest()


def _unique_rows(table: Table, rows: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    names = [column.name for column in table.primary_key.columns]
    return {tuple(row[name] for name in names): row for row in rows}.values()


def _put_row(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Store a row as it was, replacing a changed one or inserting it again."""
    is_row = and_(*(column == row[column.name] for column in table.primary_key.columns))
    if not connection.execute(update(table).where(is_row).values(**row)).rowcount:
        connection.execute(dialect_insert(connection)(table).values(**row).on_conflict_do_nothing())


def _owned_tables() -> list[Table]:
    """Return the sessions and the tables whose rows belong to one, owners first."""
    owned = [table for table in schema.metadata.sorted_tables if table is not sessions and _owner_column(table) is not None]
    return [sessions, *owned]


def _owner_column(table: Table) -> Column[Any] | None:
    """Return the column that names the session that a row belongs to; None if its rows belong to no session."""
    if table is sessions:
        return sessions.c.id
    for column in table.columns:
        if any(key.column is sessions.c.id and key.ondelete == "CASCADE" for key in column.foreign_keys):
            return column
    return None


def _rows_of(connection: Connection, table: Table, session_id: int) -> Iterator[Mapping[str, Any]]:
    column = _owner_column(table)
    assert column is not None
    for row in connection.execute(select(table).where(column == session_id).execution_options(yield_per=_BATCH_ROWS)):
        yield dict(row._mapping)  # noqa: SLF001 - its public name


def _has_owners(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Return whether all owners of a row exist. A reference that may be empty is emptied if they do not."""
    for column in table.columns:
        for key in column.foreign_keys:
            value = row[column.name]
            if value is None or connection.execute(select(key.column).where(key.column == value)).first():
                continue
            if not column.nullable:
                return False
            row[column.name] = None
    return True


def _to_document(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as JSON, without its checksum. Compressed columns are opened, so that a secret in them can be purged."""
    return {column.name[:]: _to_field(column, row[column.name]) for column in table.columns if column.name != schema.CHECKSUM}


def _to_field(column: Column[Any], value: Any) -> Any:
    if value is None or not isinstance(column.type, LargeBinary):
        return value
    data = bytes(value)
    if column.name != "body":
        return {"hex": data.hex()}
    is_packed = data.startswith(_ZSTD)
    return {"json": orjson.loads(ZstdDecompressor().decompress(data) if is_packed else data), "is_packed": is_packed}


def _from_document(table: Table, document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _from_field(table.c[name], value) for name, value in document.items()}


def _from_field(column: Column[Any], value: Any) -> Any:
    if value is None or not isinstance(column.type, LargeBinary):
        return value
    if "hex" in value:
        return bytes.fromhex(value["hex"])
    data = orjson.dumps(value["json"])
    return ZstdCompressor(level=1, write_checksum=True).compress(data) if value["is_packed"] else data
