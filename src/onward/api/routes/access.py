"""Access tokens, for callers on other machines."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from fastapi import Response
from pydantic import Field

from onward.api.answers.envelope import answers, no_store_headers, ok, pages
from onward.api.answers.paging import Paging
from onward.api.bodies import Body, Id, Text
from onward.api.context import Context
from onward.api.parsing import create_router
from onward.app.admin import access
from onward.app.admin.access import MAX_DAYS, AccessToken, TokenScope
from onward.errors import Conflict, NotFound

router = create_router("access-tokens")


class NewAccessToken(Body):
    """An access token to create. Without `expires_days` it does not expire."""

    name: Text = Field(min_length=1, max_length=200, examples=["laptop"])
    scope: TokenScope = Field("write", examples=["read"])
    expires_days: int | None = Field(None, ge=1, le=MAX_DAYS, examples=[90])


@dataclass(frozen=True, slots=True)
class AccessTokenShape:
    """An access token. `prefix` is its beginning; the rest is not stored."""

    id: int
    name: str
    scope: str
    prefix: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewAccessTokenShape:
    """A new access token. `token` is the full token; it is not shown again."""

    id: int
    name: str
    scope: str
    prefix: str
    token: str
    created_at: datetime
    expires_at: datetime | None


def access_token_shape(token: AccessToken) -> AccessTokenShape:
    """Return the shape of a token."""
    return AccessTokenShape(**asdict(token))


@router.get("/access-tokens", summary="List the access tokens", **pages(AccessTokenShape))
def list_tokens(context: Context, page: Paging) -> Response:
    """List all access tokens, the oldest first, revoked ones included."""
    tokens = access.list_tokens(context.store, after=page.last_key(int), limit=page.limit + 1)
    return page.answer(tokens, shape=access_token_shape, key_of=lambda token: (token.id,))


@router.post("/access-tokens", summary="Create an access token", **answers(NewAccessTokenShape, Conflict))
def create_token(context: Context, body: NewAccessToken) -> Response:
    """Create an access token. Only this answer shows it."""
    created, secret = access.create_token(context.store, body.name, body.scope, days=body.expires_days)
    shape = NewAccessTokenShape(
        id=created.id,
        name=created.name,
        scope=created.scope,
        prefix=created.prefix,
        token=secret,
        created_at=created.created_at,
        expires_at=created.expires_at,
    )
    return ok(shape, headers=no_store_headers())


@router.delete("/access-tokens/{token_id}", summary="Revoke an access token", **answers(AccessTokenShape, NotFound))
def revoke_token(context: Context, token_id: Id) -> Response:
    """Revoke an access token at once. It stays in the list."""
    return ok(access_token_shape(access.revoke(context.store, str(token_id))))
