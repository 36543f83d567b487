"""Access tokens: create, list, check and revoke them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from secrets import token_hex, token_urlsafe

from onward.errors import BadInput, NotAuthenticated, NotFound
from onward.message import Message
from onward.redact import DISTILL_KEY, Redactor
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
"""In ascending order: each scope includes the ones before it."""

COOKIE = "onward_access"
"""The cookie in which a browser stores the access token of its user."""

CALLER = "onward.caller"
"""The key under which a request's scope stores its authenticated `Caller`."""

MAX_NAME_CHARS = 100
MAX_DAYS = 3650
_SECRET_BYTES = 32
_TOKEN_PATTERN = re.compile(r"(onw_[0-9a-f]{12})_[A-Za-z0-9_-]{43}")
_USE_INTERVAL = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request: the scope, the name of the token (empty for a program on this machine, which needs none), and whether the request
    is local.
    """

    scope: TokenScope = "admin"
    token: str = ""
    is_local: bool = False


def create_token(store: Store, name: str, scope: TokenScope, *, days: int | None = None) -> tuple[AccessToken, str]:
    """Create a token that expires after *days*, or never if None. Return its record and the secret token, which is not stored and cannot be
    shown again.

    Raises `Conflict` if a token with that name exists and is not revoked.
    """
    name = Redactor(DISTILL_KEY).text(" ".join(name.split()))
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
    """Return the record of *token*. Raises `NotAuthenticated` if the token is unknown, expired or revoked."""
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
    """Return whether a token has that scope or a wider one."""
    return SCOPES.index(token.scope) >= SCOPES.index(scope)


def record_use(store: Store, token: AccessToken) -> None:
    """Store that a token was used, at most once a minute."""
    if token.last_used_at is None or datetime.now(UTC) - token.last_used_at >= _USE_INTERVAL:
        with store.write() as connection:
            access.record_use(connection, token.id)


def list_tokens(store: Store, *, after: int | None = None, limit: int | None = None) -> list[AccessToken]:
    """Return all tokens, oldest first, with ids *after* that one."""
    with store.read() as connection:
        return access.list_tokens(connection, after=after, limit=limit)


def has_valid_token(store: Store) -> bool:
    """Return whether there is a token that is not expired or revoked."""
    with store.read() as connection:
        return access.has_valid_token(connection)


def require_token(store: Store, name: str) -> AccessToken:
    """Return the token with that name or id. Raises `NotFound`."""
    with store.read() as connection:
        token = access.find_by_name(connection, " ".join(name.split()))
        if token is None and name.isdecimal() and len(name) < 10:
            token = access.find(connection, int(name))
    if token is None:
        raise NotFound(Message("There is no access token {name!r}.", name=name), "List access tokens: onward access list")
    return token


def revoke(store: Store, name: str) -> AccessToken:
    """Revoke the token with that name or id and return it. Raises `NotFound`."""
    token = require_token(store, name)
    with store.write() as connection:
        return access.revoke(connection, token.id)


def _digest(token: str) -> bytes:
    """Return the digest that is stored for a token. The token is long and random, so a fast digest is safe."""
    return sha256(token.encode()).digest()
