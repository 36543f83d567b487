"""Who may do what: programs of this machine everything, others what their access token reaches.

Whatever is not named here is closed: reading needs a `read` token, any other method a `write` token, so a route that nobody thought of is protected too.
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
from onward.app.admin import access
from onward.app.admin.access import CALLER, COOKIE, AccessToken, Caller, TokenScope
from onward.errors import NotAllowed, NotAuthenticated, OnwardError, StoreError, TooManyRequests
from onward.settings import RATE_LIMIT, Settings, is_loopback

PUBLIC_PATHS = frozenset({"/healthz", "/readyz", "/login", "/logout", "/favicon.ico"})
"""What anybody may ask: how the server is, and to sign in."""

PUBLIC_PREFIX = "/static/"
"""What pages load. It tells nobody anything, and the page to sign in at needs it."""

ADMIN_ROUTES = (
    ("*", re.compile(r"(/api/access-tokens|/settings/access)(/.*)?")),
    ("*", re.compile(r"/api/backups(/.*)?")),
    ("*", re.compile(r"(/api/llm/key|/parts/settings)(/.*)?")),
    ("DELETE", re.compile(r"(/api)?/accounts/[^/]+")),
    ("DELETE", re.compile(r"(/api)?/projects/[^/]+")),
)
"""What only an admin token may do, by method (`*` is any) and path; pages as well as routes of the API."""

SELF_GUARDED_PATHS = frozenset({"/mcp"})
"""Where every request is a POST, whatever it does: reading lets it in, and what answers there holds what changes something to the `Caller`'s reach."""

BROWSER_SETTINGS_PATHS = frozenset({"/settings/theme", "/settings/language"})
"""What changes nothing here: how the caller's own browser shows pages."""

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_CREDENTIAL_HEADERS = frozenset({b"authorization", b"cookie"})
_PROXY_HEADERS = frozenset({b"forwarded", b"x-forwarded-for", b"x-real-ip"})


class AccessControl:
    """Refuses whom no good token vouches for, whose token does not reach, and who asks too often."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._is_open = settings.is_exposed
        configured_limit = settings.rate_limit
        limit = RATE_LIMIT if configured_limit is None else configured_limit
        self._rate = RateLimiter(limit) if limit else None
        self._limits_all = configured_limit is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            # There is none. One that comes says here who may open it.
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
            problem = TooManyRequests("Too many requests.", f"Try again in {wait} s. The limit is ONWARD_RATE_LIMIT.")
        if problem:
            answer = response_to_error(problem, request_id(), scope)
            answer.headers.update(_refusal_headers(problem, scope, wait))
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)
        if token:
            # After the answer: nobody waits for it, and where it cannot be noted nothing is lost.
            with suppress(StoreError):
                await run_sync(access.record_use, store, token)

    async def _authenticate(self, scope: Scope) -> AccessToken | None:
        """Return the token of a request; None where none is needed. Raises `NotAuthenticated`."""
        if _is_public(scope["path"]):
            return None
        is_local_call = is_local(scope)
        header_token, cookie_token = _read_tokens(scope)
        if not (header_token or cookie_token):
            if self._is_open or not is_local_call:
                raise NotAuthenticated("An access token is needed here.", "Send one: Authorization: Bearer TOKEN (onward access new NAME).")
            scope[CALLER] = Caller(is_local=is_local_call)
            return None
        context: ApiContext = scope["app"].state.context
        try:
            token = await run_sync(access.authenticate, context.store, header_token or cookie_token)
        except NotAuthenticated:
            if header_token or self._is_open or not is_local_call:
                raise
            # What a browser keeps from elsewhere: cookies do not tell ports apart, and here no token is needed.
            scope[CALLER] = Caller(is_local=is_local_call)
            return None
        scope[CALLER] = Caller(token.scope, token.name, is_local_call)
        return token

    def _wait_seconds(self, scope: Scope, token: AccessToken | None) -> int:
        """Return the seconds for which a caller has to wait; 0 for one that need not."""
        if self._rate is None or not (self._limits_all or self._is_open or not is_local(scope)):
            return 0
        return self._rate.take(f"token {token.id}" if token else f"address {_client_address(scope)}")


def _is_public(path: str) -> bool:
    return path in PUBLIC_PATHS or path.startswith(PUBLIC_PREFIX)


def _read_tokens(scope: Scope) -> tuple[str, str]:
    """Return the token that a request says, and the one that a browser keeps, which only our own pages may use to change anything. Raises `NotAuthenticated`."""
    if not any(name in _CREDENTIAL_HEADERS for name, _ in scope["headers"]):
        return "", ""
    headers = Headers(scope=scope)
    authorization = headers.get("authorization", "")
    if authorization:
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer":
            raise NotAuthenticated("Only access tokens are known here.", "Send: Authorization: Bearer TOKEN")
        return token.strip(), ""
    cookie_token = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
    if cookie_token and scope["method"] not in _SAFE_METHODS and not _is_same_origin(headers):
        raise NotAuthenticated("A browser's cookie is good for pages of this server only.", "Send: Authorization: Bearer TOKEN")
    return "", cookie_token


def _is_same_origin(headers: Headers) -> bool:
    """Whether a page of this server sent a request. Browsers say so of whatever changes anything: where it came from, or at least from what site."""
    site, origin = headers.get("sec-fetch-site", ""), headers.get("origin", "")
    if site and site != "same-origin":
        return False
    return origin.partition("://")[2].lower() == headers.get("host", "").lower() if origin else site == "same-origin"


def required_reach(method: str, path: str) -> TokenScope:
    """Return how far a token has to reach for a request."""
    if any(route_method in ("*", method) and pattern.fullmatch(path) for route_method, pattern in ADMIN_ROUTES):
        return "admin"
    return "read" if method in _SAFE_METHODS or path in SELF_GUARDED_PATHS | BROWSER_SETTINGS_PATHS else "write"


def is_local(scope: Scope) -> bool:
    """Return whether a program of this machine sent a request, and no proxy passed it on for somebody else."""
    return is_loopback(_client_address(scope)) and not any(name in _PROXY_HEADERS for name, _ in scope["headers"])


def describe_access(document: dict[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI document with what it says of access: the scheme, how far a token has to reach for each route, and the refusals."""
    schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes["access_token"] = {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token of `onward access new`. Programs on the server's own machine need none while it listens on loopback.",
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
    """Raise `NotAllowed` where a token does not reach."""
    if token and not access.has_scope(token, required := required_reach(scope["method"], scope["path"])):
        raise NotAllowed(
            f"This needs an access token of scope {required}, and yours is of scope {token.scope}.",
            f"Ask for one: onward access new NAME --scope {required}",
        )


def _refusal_headers(problem: OnwardError, scope: Scope, wait: int) -> dict[str, str]:
    """Return the headers of a refusal."""
    if isinstance(problem, TooManyRequests):
        return {"retry-after": str(wait)}
    if isinstance(problem, NotAllowed):
        return {
            "www-authenticate": f'Bearer realm="onward", error="insufficient_scope", scope="{required_reach(scope["method"], scope["path"])}"'
        }
    if isinstance(problem, NotAuthenticated):
        has_token = "authorization" in Headers(scope=scope)
        return {"www-authenticate": 'Bearer realm="onward"' + (', error="invalid_token"' if has_token else "")}
    return {}


def _client_address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""
