"""Access control: programs of this user may do everything, others what the scope of their access token allows.

On loopback, too, a caller is a stranger until it has a token: any user of the machine can connect. The user's own token lies in the data
folder (`app.admin.local_token`). A server that was started without it lets every local caller in.

Everything else is closed: reading needs a `read` token, any other method a `write` token. So new routes are protected, too.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from anyio.to_thread import run_sync
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from onward.api.answers.envelope import error_docs, response_to_error
from onward.api.context import ApiContext
from onward.api.middleware.rate_limit import RateLimiter
from onward.api.middleware.request_log import request_id
from onward.app.admin import access, local_token
from onward.app.admin.access import CALLER, COOKIE, AccessToken, Caller, TokenScope
from onward.errors import NotAllowed, NotAuthenticated, OnwardError, StoreError, TooManyRequests
from onward.message import Message
from onward.settings import RATE_LIMIT, Settings, is_loopback

PUBLIC_PATHS = frozenset({"/healthz", "/readyz", "/login", "/logout", "/favicon.ico"})
"""Paths open to everybody: the server's health, and signing in."""

PUBLIC_PREFIX = "/static/"
"""Static files. They hold no data, and the sign-in page needs them."""

ADMIN_ROUTES = (
    ("*", re.compile(r"(/api/access-tokens|/settings/access)(/.*)?")),
    ("*", re.compile(r"/api/backups(/.*)?")),
    ("*", re.compile(r"(/api/llm/key|/parts/settings)(/.*)?")),
    ("DELETE", re.compile(r"(/api)?/accounts/[^/]+")),
    ("DELETE", re.compile(r"(/api)?/projects/[^/]+")),
)
"""What only an admin token may do, by method (`*` is any) and path; for pages and API routes."""

SELF_GUARDED_PATHS = frozenset({"/mcp"})
"""Paths where every request is a POST. A `read` token may call them; they check the `Caller`'s scope themselves."""

BROWSER_SETTINGS_PATHS = frozenset({"/settings/theme", "/settings/language"})
"""Paths that change nothing on the server: settings of the caller's browser."""

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_CREDENTIAL_HEADERS = frozenset({b"authorization", b"cookie"})
_PROXY_HEADERS = frozenset({b"forwarded", b"x-forwarded-for", b"x-real-ip"})


class AccessControl:
    """Refuses callers without a valid token, tokens without the needed scope, and callers that send too many requests."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._is_open = settings.is_exposed
        self._local_token = settings.local_token
        configured_limit = settings.rate_limit
        limit = RATE_LIMIT if configured_limit is None else configured_limit
        self._rate = RateLimiter(limit) if limit else None
        self._limits_all = configured_limit is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            # There are no WebSockets. An attempt is closed here, before the request is admitted.
            await send({"type": "websocket.close", "code": 1008})
            return
        store = scope["app"].state.context.store
        token: AccessToken | None = None
        problem: OnwardError | None = None
        try:
            token = await self._authenticate(scope)
            _check_reach(scope, token)
        except OnwardError as error:
            problem = error
        wait = self._wait_seconds(scope, token)
        if wait:
            problem = TooManyRequests(
                "Too many requests.", Message("Try again in {seconds} s. The limit is ONWARD_RATE_LIMIT.", seconds=wait)
            )
        if problem:
            answer = response_to_error(problem, request_id(), scope)
            answer.headers.update(_refusal_headers(problem, scope, wait))
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)
        if token:
            # After the answer, so that no caller waits for it. A failure to record the use does no harm.
            with suppress(StoreError):
                await run_sync(access.record_use, store, token)

    async def _authenticate(self, scope: Scope) -> AccessToken | None:
        """Return the token of a request; None if it needs none. Raises `NotAuthenticated`."""
        is_local_call = is_local(scope)
        if _is_public(scope["path"]):
            scope[CALLER] = Caller("read", is_local=is_local_call)
            return None
        header_token, cookie_token = _read_tokens(scope)
        if not (header_token or cookie_token):
            if self._needs_token or not is_local_call:
                raise NotAuthenticated("This needs an access token.", "Send one: Authorization: Bearer TOKEN (onward access new NAME).")
            scope[CALLER] = Caller(is_local=is_local_call)
            return None
        context: ApiContext = scope["app"].state.context
        if is_local_call and local_token.is_same(header_token or cookie_token, self._local_token):
            scope[CALLER] = Caller("admin", local_token.NAME, is_local_call)
            return None
        try:
            token = await run_sync(access.authenticate, context.store, header_token or cookie_token)
        except NotAuthenticated:
            if header_token or self._needs_token or not is_local_call:
                raise
            # Browsers send a cookie to all ports of a host: it may be another server's, and here no token is needed.
            scope[CALLER] = Caller(is_local=is_local_call)
            return None
        scope[CALLER] = Caller(token.scope, token.name, is_local_call)
        return token

    @property
    def _needs_token(self) -> bool:
        return self._is_open or bool(self._local_token)

    def _wait_seconds(self, scope: Scope, token: AccessToken | None) -> int:
        """Return the seconds that a caller must wait; 0 if it need not."""
        if self._rate is None or not (self._limits_all or self._is_open or not is_local(scope)):
            return 0
        return self._rate.take(f"token {token.id}" if token else f"address {_client_address(scope)}")


def _is_public(path: str) -> bool:
    return path in PUBLIC_PATHS or path.startswith(PUBLIC_PREFIX)


def _read_tokens(scope: Scope) -> tuple[str, str]:
    """Return the token in the header and the one in the cookie. Only this server's own pages may use the cookie for changes. Raises
    `NotAuthenticated`.
    """
    if not any(name in _CREDENTIAL_HEADERS for name, _ in scope["headers"]):
        return "", ""
    headers = Headers(scope=scope)
    authorization = headers.get("authorization", "")
    if authorization:
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer":
            raise NotAuthenticated("Only Bearer tokens are accepted.", "Send: Authorization: Bearer TOKEN")
        return token.strip(), ""
    cookie_token = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
    if cookie_token and scope["method"] not in _SAFE_METHODS and not _is_same_origin(headers):
        raise NotAuthenticated("The sign-in cookie is only valid for pages of this server.", "Send: Authorization: Bearer TOKEN")
    return "", cookie_token


def _is_same_origin(headers: Headers) -> bool:
    """Whether a page of this server sent the request. Browsers send the origin, or at least the site, with every request that changes
    something.
    """
    site, origin = headers.get("sec-fetch-site", ""), headers.get("origin", "")
    if site and site != "same-origin":
        return False
    return origin.partition("://")[2].lower() == headers.get("host", "").lower() if origin else site == "same-origin"


def required_reach(method: str, path: str) -> TokenScope:
    """Return the scope that a request needs."""
    if any(route_method in ("*", method) and pattern.fullmatch(path) for route_method, pattern in ADMIN_ROUTES):
        return "admin"
    return "read" if method in _SAFE_METHODS or path in SELF_GUARDED_PATHS | BROWSER_SETTINGS_PATHS else "write"


def is_local(scope: Scope) -> bool:
    """Whether a program of this machine sent the request, and no proxy passed it on."""
    return is_loopback(_client_address(scope)) and not any(name in _PROXY_HEADERS for name, _ in scope["headers"])


def describe_access(document: dict[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI document with access added: the security scheme, the scope that each route needs, and the error responses."""
    schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes["access_token"] = {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token (`onward access new`). Programs of the server's user find theirs in the file local.token.",
    }
    refusal_docs = {
        str(status): answer
        for status, answer in error_docs(NotAuthenticated, NotAllowed, TooManyRequests).items()
        if status in (401, 403, 429)
    }
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            if path in PUBLIC_PATHS:
                route["security"] = []
            else:
                route["security"] = [{}, {"access_token": [required_reach(method.upper(), path)]}]
            for status, answer in refusal_docs.items():
                route["responses"].setdefault(status, answer)
    return document


def _check_reach(scope: Scope, token: AccessToken | None) -> None:
    """Raise `NotAllowed` if the token's scope is too small for the request."""
    if token and not access.has_scope(token, required := required_reach(scope["method"], scope["path"])):
        raise NotAllowed(
            Message("This needs an access token of scope {required}; yours has scope {scope}.", required=required, scope=token.scope),
            Message("Create one: onward access new NAME --scope {required}", required=required),
        )


def _refusal_headers(problem: OnwardError, scope: Scope, wait: int) -> dict[str, str]:
    """Return the headers of an error response."""
    if isinstance(problem, TooManyRequests):
        return {"retry-after": str(wait)}
    if isinstance(problem, NotAllowed):
        required = required_reach(scope["method"], scope["path"])
        return {"www-authenticate": f'Bearer realm="onward", error="insufficient_scope", scope="{required}"'}
    if isinstance(problem, NotAuthenticated):
        has_token = "authorization" in Headers(scope=scope)
        return {"www-authenticate": 'Bearer realm="onward"' + (', error="invalid_token"' if has_token else "")}
    return {}


def _client_address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""
