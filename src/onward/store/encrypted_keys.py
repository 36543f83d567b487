"""Encrypted LLM keys: the server's own, and those that a job needs until it ends."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from onward.store.clock import now, to_datetime, to_datetime_or_none
from onward.store.schema import sealed_keys


class SealedKey(NamedTuple):
    """An encrypted key and the result of its last test; `state` is empty and `tested_at` None before the first test."""

    sealed: bytes
    state: str
    tested_at: datetime | None
    created_at: datetime


def save(connection: Connection, sealed: bytes, *, job_id: int | None = None) -> None:
    """Store the server's key, or the key of a job, replacing an earlier one."""
    delete_key(connection, job_id=job_id)
    connection.execute(insert(sealed_keys).values(job_id=job_id, sealed=sealed, state="", created_at=now()))


def find(connection: Connection, *, job_id: int | None = None) -> SealedKey | None:
    """Return the server's key, or the key of a job, or None."""
    row = connection.execute(select(sealed_keys).where(_job_condition(job_id)).order_by(sealed_keys.c.id.desc())).first()
    return None if row is None else SealedKey(bytes(row.sealed), row.state, to_datetime_or_none(row.tested_at), to_datetime(row.created_at))


def record_test(connection: Connection, sealed: bytes, state: str) -> None:
    """Record the result of testing the server's key, unless the key was replaced in the meantime."""
    connection.execute(update(sealed_keys).where(_job_condition(None), sealed_keys.c.sealed == sealed).values(state=state, tested_at=now()))


def delete_key(connection: Connection, *, job_id: int | None = None) -> bool:
    """Delete the server's key, or the key of a job. Return whether there was one."""
    return connection.execute(delete(sealed_keys).where(_job_condition(job_id))).rowcount > 0


def _job_condition(job_id: int | None) -> ColumnElement[bool]:
    return sealed_keys.c.job_id.is_(None) if job_id is None else sealed_keys.c.job_id == job_id
