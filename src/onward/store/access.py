"""Access tokens: their scope, expiry and last use. Only a digest of a token is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias, cast

from sqlalchemy import Connection, Row, exists, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from onward.errors import Conflict
from onward.message import Message
from onward.store.clock import now, to_datetime, to_datetime_or_none, to_micros
from onward.store.schema import access_tokens

TokenScope: TypeAlias = Literal["read", "write", "admin"]
"""What a token may do. Each scope includes the ones before it."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An issued token: its label, scope and first characters. `expires_at` is None for a token that does not expire."""

    id: int
    name: str
    scope: TokenScope
    prefix: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    def is_valid(self, at: datetime) -> bool:
        """Return whether the token is accepted at that time."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


def create(connection: Connection, name: str, scope: TokenScope, prefix: str, digest: bytes, expires_at: datetime | None) -> AccessToken:
    """Store a new token. Raises `Conflict` when an unrevoked token has that name."""
    row = {
        "name": name,
        "scope": scope,
        "prefix": prefix,
        "digest": digest,
        "created_at": now(),
        "expires_at": to_micros(expires_at),
    }
    with connection.begin_nested():
        try:
            return _from_row(connection.execute(insert(access_tokens).values(row).returning(*access_tokens.c)).one())
        except IntegrityError:
            raise Conflict(
                Message("There is already an access token named {name!r}.", name=name), "Choose another name, or revoke that token first."
            ) from None


def find_by_prefix(connection: Connection, prefix: str) -> tuple[AccessToken, bytes] | None:
    """Return the token with that prefix and the digest of the full token, or None."""
    row = connection.execute(select(access_tokens).where(access_tokens.c.prefix == prefix)).first()
    return None if row is None else (_from_row(row), row.digest)


def find_by_name(connection: Connection, name: str) -> AccessToken | None:
    """Return the unrevoked token of that name, or None."""
    row = connection.execute(select(access_tokens).where(access_tokens.c.name == name, access_tokens.c.revoked_at.is_(None))).first()
    return None if row is None else _from_row(row)


def find(connection: Connection, token_id: int) -> AccessToken | None:
    """Return the token of that id, revoked or not, or None."""
    row = connection.execute(select(access_tokens).where(access_tokens.c.id == token_id)).first()
    return None if row is None else _from_row(row)


def list_tokens(connection: Connection, *, after: int | None = None, limit: int | None = None) -> list[AccessToken]:
    """Return all issued tokens, oldest first; with *after*, those with a higher id."""
    query = select(access_tokens).order_by(access_tokens.c.id).limit(limit)
    if after is not None:
        query = query.where(access_tokens.c.id > after)
    return [_from_row(row) for row in connection.execute(query)]


def has_valid_token(connection: Connection) -> bool:
    """Return whether any token is valid now."""
    expires_at = access_tokens.c.expires_at
    valid_token = exists().where(access_tokens.c.revoked_at.is_(None), or_(expires_at.is_(None), expires_at > now()))
    return bool(connection.execute(select(valid_token)).scalar_one())


def revoke(connection: Connection, token_id: int) -> AccessToken:
    """Revoke a token and return it. A token that is already revoked does not change."""
    statement = update(access_tokens).where(access_tokens.c.id == token_id, access_tokens.c.revoked_at.is_(None)).values(revoked_at=now())
    connection.execute(statement)
    return _from_row(connection.execute(select(access_tokens).where(access_tokens.c.id == token_id)).one())


def record_use(connection: Connection, token_id: int) -> None:
    """Record that a token was used now."""
    connection.execute(update(access_tokens).where(access_tokens.c.id == token_id).values(last_used_at=now()))


def _from_row(row: Row[Any]) -> AccessToken:
    return AccessToken(
        id=row.id,
        name=row.name,
        scope=cast("TokenScope", row.scope),
        prefix=row.prefix,
        created_at=to_datetime(row.created_at),
        expires_at=to_datetime_or_none(row.expires_at),
        last_used_at=to_datetime_or_none(row.last_used_at),
        revoked_at=to_datetime_or_none(row.revoked_at),
    )
