"""Events: what happened, in order, written in the transaction of the change and read by those who follow it live.

An event says what changed and where to look; it holds no content. The newest `MAX_EVENTS` are stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from onward.store import locks, schema
from onward.store.clock import now, to_datetime
from onward.store.lazy_module import sa

if TYPE_CHECKING:
    from sqlalchemy import Connection

MAX_EVENTS = 20_000
_PRUNE_EVERY = 500


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `id` grows with every event; `data` holds a few numbers and names."""

    id: int
    kind: str
    project_id: int | None
    job_id: int | None
    data: Mapping[str, Any]
    created_at: datetime


def record(
    connection: Connection, kind: str, *, project_id: int | None = None, job_id: int | None = None, data: Mapping[str, Any] | None = None
) -> None:
    """Store an event in the transaction of the change. It must be the last step of it.

    Transactions that record events wait for each other from here on, so taking another lock after this could deadlock.
    """
    # Ids must become visible in order: a reader never asks again for an id below the last one it has seen.
    locks.lock_transaction(connection, "event")
    values = {"kind": kind, "project_id": project_id, "job_id": job_id, "data_json": orjson.dumps(data or {}).decode(), "created_at": now()}
    event_id = connection.execute(sa.insert(schema.events).values(values).returning(schema.events.c.id)).scalar_one()
    if event_id % _PRUNE_EVERY == 0:
        connection.execute(sa.delete(schema.events).where(schema.events.c.id <= event_id - MAX_EVENTS))


def list_after(
    connection: Connection, last_id: int, *, project_id: int | None = None, job_id: int | None = None, limit: int = 500
) -> list[Event]:
    """Return at most *limit* events with a higher id than *last_id*, oldest first: all, or those of a project or a job."""
    query = sa.select(schema.events).where(schema.events.c.id > last_id).order_by(schema.events.c.id).limit(limit)
    if project_id is not None:
        query = query.where(schema.events.c.project_id == project_id)
    if job_id is not None:
        query = query.where(schema.events.c.job_id == job_id)
    return [
        Event(
            id=row.id,
            kind=row.kind,
            project_id=row.project_id,
            job_id=row.job_id,
            data=orjson.loads(row.data_json),
            created_at=to_datetime(row.created_at),
        )
        for row in connection.execute(query)
    ]


def id_bounds(connection: Connection) -> tuple[int, int]:
    """Return the ids of the oldest and the newest stored event, or zeros."""
    # As two subqueries, each is read from the end of the index; together they would read all of it.
    bounds = (sa.select(bound(schema.events.c.id)).scalar_subquery() for bound in (sa.func.min, sa.func.max))
    oldest, newest = connection.execute(sa.select(*bounds)).one()
    return oldest or 0, newest or 0
