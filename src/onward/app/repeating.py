"""Requests that are sent twice, because the first answer was lost on its way, and are to be done once."""

from __future__ import annotations

from datetime import timedelta
from hashlib import blake2b

from onward.errors import BadInput, Conflict
from onward.store import Store, answers
from onward.store.answers import KeptAnswer

__all__ = ["KeptAnswer", "begin", "finish", "forget", "named"]

KEPT_FOR = timedelta(hours=24)
LEFT_AFTER = timedelta(minutes=2)
"""A request that is not answered by then is taken for one whose process was killed: it may be sent again."""


def named(*parts: bytes) -> str:
    """Return the name of what *parts* say, all of them together."""
    digest = blake2b(digest_size=32)
    for part in parts:
        digest.update(b"%d:" % len(part) + part)
    return digest.hexdigest()


def begin(store: Store, key: str, digest: str) -> KeptAnswer | None:
    """Return the answer that was given to the request of that *key*; None where it is the first, which must then be finished or forgotten.

    Raises `BadInput` when the same key asked something else, and `Conflict` when the first is still being answered.
    """
    with store.write() as connection:
        answers.forget_old(connection, KEPT_FOR)
        kept = answers.begin(connection, key, digest, left_after=LEFT_AFTER)
    if kept is None:
        return None
    if kept.digest != digest:
        raise BadInput("This Idempotency-Key came with another request before.", "Use a new key for every new request.")
    if kept.status is None:
        raise Conflict("The same request is being answered right now.", "Wait a moment, then send it again with the same key.")
    if not kept.body:
        raise Conflict(
            "This request was answered already, and its answer is shown only once.", "Look at what it made, or undo that and begin anew."
        )
    return kept


def finish(store: Store, key: str, status: int, body: bytes) -> None:
    """Keep an answer for whoever sends the same request again. An empty *body* stands for one that is shown once."""
    with store.write() as connection:
        answers.finish(connection, key, status, body)


def forget(store: Store, key: str) -> None:
    """Let a request be tried again: it could not be answered."""
    with store.write() as connection:
        answers.forget(connection, key)
