"""Answers that were given to requests with a key, so that the same request is answered again and not done again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, delete, select, update

from onward.store.clock import now
from onward.store.schema import answers


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What is known of a request: a `digest` of what it asked, and its answer; `status` None while that is being worked out, `body` empty where it may not be kept."""

    digest: str
    status: int | None
    body: bytes


def start(connection: Connection, key: str, digest: str, *, stale_after: timedelta) -> StoredAnswer | None:
    """Note that a request is being answered, and return None; or return what is kept under its key. One that was begun longer ago than *left_after* was left by a process that ended."""
    # Each kind of database has drivers of its own, of which importing all would cost a tenth of a server's start.
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
    at = now()
    is_stale = (answers.c.status.is_(None)) & (answers.c.created_at < at - stale_after // timedelta(microseconds=1))
    connection.execute(delete(answers).where(answers.c.key == key, is_stale))
    values = {"key": key, "digest": digest, "status": None, "body": b"", "created_at": at}
    # Two at once: the second waits for the first here, and finds its row.
    new_row = connection.execute(insert(answers).values(values).on_conflict_do_nothing().returning(answers.c.key)).first()
    if new_row:
        return None
    row = connection.execute(select(answers).where(answers.c.key == key)).one()
    return StoredAnswer(row.digest, row.status, bytes(row.body))


def finish(connection: Connection, key: str, status: int, body: bytes) -> None:
    """Keep the answer of a request."""
    connection.execute(update(answers).where(answers.c.key == key).values(status=status, body=body))


def forget(connection: Connection, key: str) -> None:
    """Forget a request that was not answered: it may be tried again."""
    connection.execute(delete(answers).where(answers.c.key == key))


def forget_old(connection: Connection, age: timedelta) -> None:
    """Forget the answers given longer ago than *age*."""
    connection.execute(delete(answers).where(answers.c.created_at < now() - age // timedelta(microseconds=1)))
