"""Access tokens: who may call, how far, and until when. A token itself is never kept, only a digest of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias, cast

from sqlalchemy import Connection, Row, exists, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from onward.errors import Conflict
from onward.store.clock import kept, now, told, told_always
from onward.store.schema import access_tokens

Reach: TypeAlias = Literal["read", "write", "admin"]
"""How far a token reaches: each does what the ones before it do."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token that was given out: its holder's name, how far it reaches, and the characters it begins with. `expires_at` is None for one that does not expire."""

    id: int
    name: str
    scope: Reach
    prefix: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    def is_good(self, at: datetime) -> bool:
        """Whether it opens anything at that time."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


def add(connection: Connection, name: str, scope: Reach, prefix: str, digest: bytes, expires_at: datetime | None) -> AccessToken:
    """Store a new token. Raises `Conflict` when one of that name is not revoked."""
    row = {
        "name": name, "scope": scope, "prefix": prefix, "digest": digest, "created_at": now(), "expires_at": kept(expires_at),
    }  # fmt: skip
    with connection.begin_nested():
        try:
            return _made(connection.execute(insert(access_tokens).values(row).returning(*access_tokens.c)).one())
        except IntegrityError:
            raise Conflict(f"There is an access token named {name!r} already.", "Choose another name, or revoke that one first.") from None


def by_prefix(connection: Connection, prefix: str) -> tuple[AccessToken, bytes] | None:
    """Return the token that begins so and the digest of the whole, or None."""
    row = connection.execute(select(access_tokens).where(access_tokens.c.prefix == prefix)).first()
    return None if row is None else (_made(row), row.digest)


def by_name(connection: Connection, name: str) -> AccessToken | None:
    """Return the token of that name that is not revoked, or None."""
    row = connection.execute(select(access_tokens).where(access_tokens.c.name == name, access_tokens.c.revoked_at.is_(None))).first()
    return None if row is None else _made(row)


def by_id(connection: Connection, token_id: int) -> AccessToken | None:
    """Return the token of that id, revoked or not; or None."""
    row = connection.execute(select(access_tokens).where(access_tokens.c.id == token_id)).first()
    return None if row is None else _made(row)


def listed(connection: Connection, *, after: int | None = None, limit: int | None = None) -> list[AccessToken]:
    """Return every token that was given out, the oldest first, from after one id on."""
    query = select(access_tokens).order_by(access_tokens.c.id).limit(limit)
    if after is not None:
        query = query.where(access_tokens.c.id > after)
    return [_made(row) for row in connection.execute(query)]


def is_any_good(connection: Connection) -> bool:
    """Return whether any token opens anything now."""
    expires_at = access_tokens.c.expires_at
    is_good = exists().where(access_tokens.c.revoked_at.is_(None), or_(expires_at.is_(None), expires_at > now()))
    return bool(connection.execute(select(is_good)).scalar_one())


def revoke(connection: Connection, token_id: int) -> AccessToken:
    """Note that a token opens nothing from now on, and return it. One that was revoked before stays as it is."""
    change = update(access_tokens).where(access_tokens.c.id == token_id, access_tokens.c.revoked_at.is_(None)).values(revoked_at=now())
    connection.execute(change)
    return _made(connection.execute(select(access_tokens).where(access_tokens.c.id == token_id)).one())


def used(connection: Connection, token_id: int) -> None:
    """Note that a token was used now."""
    connection.execute(update(access_tokens).where(access_tokens.c.id == token_id).values(last_used_at=now()))


def _made(row: Row[Any]) -> AccessToken:
    return AccessToken(
        row.id, row.name, cast("Reach", row.scope), row.prefix, told_always(row.created_at), told(row.expires_at), told(row.last_used_at),
        told(row.revoked_at),
    )  # fmt: skip
