"""Requests that are sent twice, because the first answer was lost on its way, and are to be done once."""

from __future__ import annotations

from datetime import timedelta
from hashlib import blake2b

from onward.errors import BadInput, Conflict, RequestInProgress
from onward.store import Store, idempotency
from onward.store.idempotency import StoredAnswer

__all__ = ["StoredAnswer", "delete", "digest_parts", "finish", "start"]

ANSWER_LIFETIME = timedelta(hours=24)
STALE_AFTER = timedelta(minutes=2)
"""A request that is not answered by then is taken for one whose process was killed: it may be sent again."""


def digest_parts(*parts: bytes) -> str:
    """Return the name of what *parts* say, all of them together."""
    digest = blake2b(digest_size=32)
    for part in parts:
        digest.update(b"%d:" % len(part) + part)
    return digest.hexdigest()


def start(store: Store, key: str, digest: str) -> StoredAnswer | None:
    """Return the answer that was given to the request of that *key*; None where it is the first, which must then be finished or forgotten.

    Raises `BadInput` when the same key asked something else, and `Conflict` when the first is still being answered.
    """
    with store.write() as connection:
        idempotency.forget_old(connection, ANSWER_LIFETIME)
        stored_answer = idempotency.start(connection, key, digest, stale_after=STALE_AFTER)
    if stored_answer is None:
        return None
    if stored_answer.digest != digest:
        raise BadInput("This Idempotency-Key was already used for a different request.", "Use a new key for every new request.")
    if stored_answer.status is None:
        raise RequestInProgress("The same request is being answered right now.", "Wait a moment, then send it again with the same key.")
    if not stored_answer.body:
        raise Conflict(
            "This request was already answered, and its answer is shown only once.",
            "Look at what the request created, or delete that and start over.",
        )
    return stored_answer


def finish(store: Store, key: str, status: int, body: bytes) -> None:
    """Keep an answer for whoever sends the same request again. An empty *body* stands for one that is shown once."""
    with store.write() as connection:
        idempotency.finish(connection, key, status, body)


def delete(store: Store, key: str) -> None:
    """Let a request be tried again: it could not be answered."""
    with store.write() as connection:
        idempotency.forget(connection, key)
