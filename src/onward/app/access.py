"""Access tokens: let others in, see who may come, and shut them out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from secrets import token_hex, token_urlsafe

from onward.errors import BadInput, NotAuthenticated, NotFound
from onward.store import Store, access
from onward.store.access import AccessToken, Reach

__all__ = [
    "CALLER",
    "COOKIE",
    "SCOPES",
    "AccessToken",
    "Caller",
    "Reach",
    "check",
    "find",
    "is_any_good",
    "listed",
    "new",
    "reaches",
    "revoke",
    "used",
]

SCOPES: tuple[Reach, ...] = ("read", "write", "admin")
"""Each reaches as far as the ones before it, and further."""

COOKIE = "onward_access"
"""Under this name a browser keeps the access token that its person signed in with."""

CALLER = "onward.caller"
"""Under this a request's scope holds its `Caller`, once it is known who that is."""

MOST_NAME_CHARS = 100
MOST_DAYS = 3650
_SECRET_BYTES = 32
_SHAPE = re.compile(r"(onw_[0-9a-f]{12})_[A-Za-z0-9_-]{43}")
_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request: how far that reaches, by which token (none for a program of this machine, which needs none), and whether it came from this machine."""

    reach: Reach = "admin"
    token: str = ""
    is_here: bool = False


def new(store: Store, name: str, scope: Reach, *, days: int | None = None) -> tuple[AccessToken, str]:
    """Give out a token that expires after so many *days*, or not at all. Return it, and the token itself, which nobody can show again.

    Raises `Conflict` when a token of that name is not revoked.
    """
    name = " ".join(name.split())
    if not name or len(name) > MOST_NAME_CHARS or name.isdecimal() or not name.isprintable():
        raise BadInput(f"{name!r} cannot name an access token.", f"Use 1 to {MOST_NAME_CHARS} characters, not digits alone.")
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise BadInput(f"An access token cannot expire after {days} days.", f"Give 1 to {MOST_DAYS}, or none for one that does not expire.")
    prefix = f"onw_{token_hex(6)}"
    token = f"{prefix}_{token_urlsafe(_SECRET_BYTES)}"
    expires_at = None if days is None else datetime.now(UTC) + timedelta(days=days)
    with store.write() as connection:
        return access.add(connection, name, scope, prefix, _digest(token), expires_at), token


def check(store: Store, token: str) -> AccessToken:
    """Return what was given out as *token*. Raises `NotAuthenticated` for one that is not ours, has expired or was revoked."""
    shape = _SHAPE.fullmatch(token)
    found = None
    if shape:
        with store.read() as connection:
            found = access.by_prefix(connection, shape[1])
    if found is None or not compare_digest(found[1], _digest(token)):
        raise NotAuthenticated("This access token is not known here.", "Copy it whole, or ask for a new one: onward access new NAME")
    if not found[0].is_good(datetime.now(UTC)):
        told = "This access token was revoked." if found[0].revoked_at else "This access token has expired."
        raise NotAuthenticated(told, "Ask for a new one: onward access new NAME")
    return found[0]


def reaches(one: AccessToken, needed: Reach) -> bool:
    """Return whether a token reaches as far as is needed."""
    return SCOPES.index(one.scope) >= SCOPES.index(needed)


def used(store: Store, one: AccessToken) -> None:
    """Note that a token was used; at most once a minute, for that is as exact as anybody needs it."""
    if one.last_used_at is None or datetime.now(UTC) - one.last_used_at >= _NOTED_EVERY:
        with store.write() as connection:
            access.used(connection, one.id)


def listed(store: Store, *, after: int | None = None, limit: int | None = None) -> list[AccessToken]:
    """Return every token that was given out, the oldest first, from after one id on."""
    with store.read() as connection:
        return access.listed(connection, after=after, limit=limit)


def is_any_good(store: Store) -> bool:
    """Return whether any token opens anything now."""
    with store.read() as connection:
        return access.is_any_good(connection)


def find(store: Store, name: str) -> AccessToken:
    """Return the token of that name or id. Raises `NotFound`."""
    with store.read() as connection:
        found = access.by_name(connection, " ".join(name.split()))
        if found is None and name.isdecimal() and len(name) < 10:
            found = access.by_id(connection, int(name))
    if found is None:
        raise NotFound(f"There is no access token {name!r}.", "List what there is: onward access list")
    return found


def revoke(store: Store, name: str) -> AccessToken:
    """Shut out whoever holds the token of that name or id, from now on, and return it. Raises `NotFound`."""
    found = find(store, name)
    with store.write() as connection:
        return access.revoke(connection, found.id)


def _digest(token: str) -> bytes:
    """Return what is kept of a token. It is random and long: nobody finds it by trying, however fast the digest."""
    return sha256(token.encode()).digest()
