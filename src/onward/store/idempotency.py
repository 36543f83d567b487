"""Responses to requests with an Idempotency-Key: a repeated request gets the same response and is not executed again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, delete, select, update

from onward.store.clock import now
from onward.store.schema import answers
from onward.store.statements import dialect_insert


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """A request, identified by its `digest`, and its response.

    `status` is None while the request is in progress; `body` is empty if it may not be stored.
    """

    digest: str
    status: int | None
    body: bytes


def start(connection: Connection, key: str, digest: str, *, stale_after: timedelta) -> StoredAnswer | None:
    """Reserve *key* for a request and return None, or return what is stored under it.

    A request that has been in progress for longer than *stale_after* is taken over: its process has ended.
    """
    insert = dialect_insert(connection)
    at = now()
    is_stale = (answers.c.status.is_(None)) & (answers.c.created_at < at - stale_after // timedelta(microseconds=1))
    connection.execute(delete(answers).where(answers.c.key == key, is_stale))
    values = {"key": key, "digest": digest, "status": None, "body": b"", "created_at": at}
    # Of two requests at once, the second waits here for the first and then finds its row.
    new_row = connection.execute(insert(answers).values(values).on_conflict_do_nothing().returning(answers.c.key)).first()
    if new_row:
        return None
    row = connection.execute(select(answers).where(answers.c.key == key)).one()
    return StoredAnswer(row.digest, row.status, bytes(row.body))


def finish(connection: Connection, key: str, status: int, body: bytes) -> None:
    """Store the response to a request."""
    connection.execute(update(answers).where(answers.c.key == key).values(status=status, body=body))


def forget(connection: Connection, key: str) -> None:
    """Delete a request without a response, so that it can be tried again."""
    connection.execute(delete(answers).where(answers.c.key == key))


def forget_old(connection: Connection, age: timedelta) -> None:
    """Delete responses that are older than *age*."""
    connection.execute(delete(answers).where(answers.c.created_at < now() - age // timedelta(microseconds=1)))
