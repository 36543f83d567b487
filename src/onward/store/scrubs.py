"""How far the check of all checksums in the background is, and how the last one ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, delete, insert, select, update

from onward.store.checksums import RowKey
from onward.store.clock import now, to_datetime, to_datetime_or_none
from onward.store.schema import CHECKED_TABLES, scrubs

_CURRENT, _FINISHED = 1, 2
"""The ids of the two rows."""


@dataclass(frozen=True, slots=True)
class Scrub:
    """A check of all checksums: the table it is in, the key of the last row that it checked, and the counts so far."""

    table: str
    position: RowKey
    rows: int
    damaged: int
    started_at: datetime
    moved_at: datetime
    finished_at: datetime | None = None


def find_current(connection: Connection) -> Scrub | None:
    """Return the check in progress, or None."""
    return _find(connection, _CURRENT)


def find_finished(connection: Connection) -> Scrub | None:
    """Return the last check that came to its end, or None."""
    return _find(connection, _FINISHED)


def _find(connection: Connection, scrub_id: int) -> Scrub | None:
    row = connection.execute(select(scrubs).where(scrubs.c.id == scrub_id)).first()
    if row is None:
        return None
    return Scrub(
        table=row.table_name,
        position=tuple(orjson.loads(row.position_json)),
        rows=row.rows,
        damaged=row.damaged,
        started_at=to_datetime(row.started_at),
        moved_at=to_datetime(row.moved_at),
        finished_at=to_datetime_or_none(row.finished_at),
    )


def start(connection: Connection) -> Scrub:
    """Begin a new check at the first table and return it. An unfinished earlier check ends without a result."""
    connection.execute(delete(scrubs).where(scrubs.c.id == _CURRENT))
    values = {"table_name": CHECKED_TABLES[0].name, "position_json": "[]", "rows": 0, "damaged": 0}
    connection.execute(insert(scrubs).values(id=_CURRENT, started_at=now(), moved_at=now(), **values))
    scrub = find_current(connection)
    assert scrub is not None
    return scrub


def move(connection: Connection, before: Scrub, table: str, position: RowKey, rows: int, damaged: int) -> bool:
    """Move the check to *position* with *rows* more rows and *damaged* more damaged ones. Return False if another process moved it."""
    is_unmoved = (scrubs.c.id == _CURRENT) & (scrubs.c.table_name == before.table)
    is_unmoved &= scrubs.c.position_json == orjson.dumps(before.position).decode()
    values = {
        "table_name": table,
        "position_json": orjson.dumps(position).decode(),
        "rows": before.rows + rows,
        "damaged": before.damaged + damaged,
        "moved_at": now(),
    }
    return connection.execute(update(scrubs).where(is_unmoved).values(values)).rowcount == 1


def finish(connection: Connection, rows: int, damaged: int) -> None:
    """Record that a check came to its end, with its counts; a check in progress ends with it."""
    started_at = connection.execute(select(scrubs.c.started_at).where(scrubs.c.id == _CURRENT)).scalar() or now()
    connection.execute(delete(scrubs))
    values = {"table_name": CHECKED_TABLES[-1].name, "position_json": "[]", "rows": rows, "damaged": damaged}
    connection.execute(insert(scrubs).values(id=_FINISHED, started_at=started_at, moved_at=now(), finished_at=now(), **values))
