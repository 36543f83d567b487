"""Idempotency: a request sent again with the same Idempotency-Key gets the first answer and is processed once."""

from __future__ import annotations

from datetime import timedelta
from hashlib import blake2b

from onward.errors import BadInput, Conflict, RequestInProgress
from onward.store import Store, idempotency
from onward.store.idempotency import StoredAnswer

__all__ = ["StoredAnswer", "delete", "digest_parts", "finish", "start"]

ANSWER_LIFETIME = timedelta(hours=24)
STALE_AFTER = timedelta(minutes=2)
"""A request without an answer after this time is assumed to have died with its process, and may be sent again."""


def digest_parts(*parts: bytes) -> str:
    """Return a digest of *parts*."""
    digest = blake2b(digest_size=32)
    for part in parts:
        digest.update(b"%d:" % len(part) + part)
    return digest.hexdigest()


def start(store: Store, key: str, digest: str) -> StoredAnswer | None:
    """Return the stored answer to the request with this *key*; None for a new request, which must then be finished or deleted.

    Raises `BadInput` if the key belongs to a different request, and `RequestInProgress` while the first one is being answered.
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
    """Store the answer for repetitions of the request. An empty *body* means an answer that is shown only once."""
    with store.write() as connection:
        idempotency.finish(connection, key, status, body)


def delete(store: Store, key: str) -> None:
    """Delete a request that could not be answered, so that it can be sent again."""
    with store.write() as connection:
        idempotency.forget(connection, key)
