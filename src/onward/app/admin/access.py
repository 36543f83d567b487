"""Access tokens: let others in, see who may come, and shut them out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from secrets import token_hex, token_urlsafe

from onward.errors import BadInput, NotAuthenticated, NotFound
from onward.message import Message
from onward.store import Store, access
from onward.store.access import AccessToken, TokenScope

__all__ = [
    "CALLER",
    "COOKIE",
    "SCOPES",
    "AccessToken",
    "Caller",
    "TokenScope",
    "authenticate",
    "create_token",
    "has_scope",
    "has_valid_token",
    "list_tokens",
    "record_use",
    "require_token",
    "revoke",
]

SCOPES: tuple[TokenScope, ...] = ("read", "write", "admin")
"""Each reaches as far as the ones before it, and further."""

COOKIE = "onward_access"
"""Under this name a browser keeps the access token that its person signed in with."""

CALLER = "onward.caller"
"""Under this a request's scope holds its `Caller`, once it is known who that is."""

MAX_NAME_CHARS = 100
MAX_DAYS = 3650
_SECRET_BYTES = 32
_TOKEN_PATTERN = re.compile(r"(onw_[0-9a-f]{12})_[A-Za-z0-9_-]{43}")
_USE_INTERVAL = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request: how far that reaches, by which token (none for a program of this machine, which needs none), and whether it came from this machine."""

    scope: TokenScope = "admin"
    token: str = ""
    is_local: bool = False


def create_token(store: Store, name: str, scope: TokenScope, *, days: int | None = None) -> tuple[AccessToken, str]:
    """Give out a token that expires after so many *days*, or not at all. Return it, and the token itself, which nobody can show again.

    Raises `Conflict` when a token of that name is not revoked.
    """
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME_CHARS or name.isdecimal() or not name.isprintable():
        raise BadInput(
            Message("{name!r} is not a valid name for an access token.", name=name),
            Message("Use 1 to {limit} characters, not only digits.", limit=MAX_NAME_CHARS),
        )
    if days is not None and not 1 <= days <= MAX_DAYS:
        raise BadInput(
            Message("An access token cannot expire after {days} days.", days=days),
            Message("Use 1 to {limit} days, or leave it out for a token that does not expire.", limit=MAX_DAYS),
        )
    prefix = f"onw_{token_hex(6)}"
    token = f"{prefix}_{token_urlsafe(_SECRET_BYTES)}"
    expires_at = None if days is None else datetime.now(UTC) + timedelta(days=days)
    with store.write() as connection:
        return access.create(connection, name, scope, prefix, _digest(token), expires_at), token


def authenticate(store: Store, token: str) -> AccessToken:
    """Return what was given out as *token*. Raises `NotAuthenticated` for one that is not ours, has expired or was revoked."""
    match = _TOKEN_PATTERN.fullmatch(token)
    stored = None
    if match:
        with store.read() as connection:
            stored = access.find_by_prefix(connection, match[1])
    if stored is None or not compare_digest(stored[1], _digest(token)):
        raise NotAuthenticated(
            "This access token is unknown.", "Check that it was copied completely, or create another: onward access new NAME"
        )
    if not stored[0].is_valid(datetime.now(UTC)):
        reason = "This access token was revoked." if stored[0].revoked_at else "This access token has expired."
        raise NotAuthenticated(reason, "Create another: onward access new NAME")
    return stored[0]


def has_scope(token: AccessToken, scope: TokenScope) -> bool:
    """Return whether a token reaches as far as is needed."""
    return SCOPES.index(token.scope) >= SCOPES.index(scope)


def record_use(store: Store, token: AccessToken) -> None:
    """Note that a token was used; at most once a minute, for that is as exact as anybody needs it."""
    if token.last_used_at is None or datetime.now(UTC) - token.last_used_at >= _USE_INTERVAL:
        with store.write() as connection:
            access.record_use(connection, token.id)


def list_tokens(store: Store, *, after: int | None = None, limit: int | None = None) -> list[AccessToken]:
    """Return every token that was given out, the oldest first, from after one id on."""
    with store.read() as connection:
        return access.list_tokens(connection, after=after, limit=limit)


def has_valid_token(store: Store) -> bool:
    """Return whether any token opens anything now."""
    with store.read() as connection:
        return access.has_valid_token(connection)


def require_token(store: Store, name: str) -> AccessToken:
    """Return the token of that name or id. Raises `NotFound`."""
    with store.read() as connection:
        token = access.find_by_name(connection, " ".join(name.split()))
        if token is None and name.isdecimal() and len(name) < 10:
            token = access.find(connection, int(name))
    if token is None:
        raise NotFound(Message("There is no access token {name!r}.", name=name), "List access tokens: onward access list")
    return token


def revoke(store: Store, name: str) -> AccessToken:
    """Shut out whoever holds the token of that name or id, from now on, and return it. Raises `NotFound`."""
    token = require_token(store, name)
    with store.write() as connection:
        return access.revoke(connection, token.id)


def _digest(token: str) -> bytes:
    """Return what is kept of a token. It is random and long: nobody finds it by trying, however fast the digest."""
    return sha256(token.encode()).digest()
