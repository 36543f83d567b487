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

from onward.api.desk import Desk
from onward.api.edge import request_id
from onward.api.envelope import refusals, refused_by
from onward.api.rate import Rate
from onward.app import access
from onward.app.access import CALLER, COOKIE, AccessToken, Caller, Reach
from onward.errors import NotAllowed, NotAuthenticated, OnwardError, StoreError, TooMany
from onward.settings import RATE_LIMIT, Settings, is_loopback

PUBLIC = frozenset({"/healthz", "/readyz", "/login", "/logout", "/favicon.ico"})
"""What anybody may ask: how the server is, and to sign in."""

PUBLIC_FOLDER = "/static/"
"""What pages load. It tells nobody anything, and the page to sign in at needs it."""

ADMIN = (
    ("*", re.compile(r"(/api/access-tokens|/settings/access)(/.*)?")),
    ("*", re.compile(r"/api/backups(/.*)?")),
    ("*", re.compile(r"(/api/llm/key|/parts/settings)(/.*)?")),
    ("DELETE", re.compile(r"(/api)?/accounts/[^/]+")),
    ("DELETE", re.compile(r"(/api)?/projects/[^/]+")),
)
"""What only an admin token may do, by method (`*` is any) and path; pages as well as routes of the API."""

WITH_ITS_OWN_DOOR = frozenset({"/mcp"})
"""Where every request is a POST, whatever it does: reading lets it in, and what answers there holds what changes something to the `Caller`'s reach."""

OF_THE_BROWSER = frozenset({"/settings/theme", "/settings/language"})
"""What changes nothing here: how the caller's own browser shows pages."""

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_TELLING = frozenset({b"authorization", b"cookie"})
_FORWARDED = frozenset({b"forwarded", b"x-forwarded-for", b"x-real-ip"})


class Access:
    """Refuses whom no good token vouches for, whose token does not reach, and who asks too often."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._is_open = settings.is_open
        wanted = settings.rate_limit
        others = RATE_LIMIT if wanted is None else wanted
        self._rate = Rate(others) if others else None
        self._limits_all = wanted is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            # There is none. One that comes says here who may open it.
            await send({"type": "websocket.close", "code": 1008})
            return
        store = scope["app"].state.desk.store
        who: AccessToken | None = None
        problem: OnwardError | None = None
        try:
            who = await self._who(scope)
            _reach(scope, who)
        except OnwardError as error:
            problem = error
        wait = self._wait(scope, who)
        if wait:
            problem = TooMany("Too many requests.", f"Try again in {wait} s. The limit is ONWARD_RATE_LIMIT.")
        if problem:
            answer = refused_by(problem, request_id())
            answer.headers.update(_told(problem, scope, wait))
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)
        if who:
            # After the answer: nobody waits for it, and where it cannot be noted nothing is lost.
            with suppress(StoreError):
                await run_sync(access.used, store, who)

    async def _who(self, scope: Scope) -> AccessToken | None:
        """Return the token of a request; None where none is needed. Raises `NotAuthenticated`."""
        if _is_public(scope["path"]):
            return None
        here = is_here(scope)
        said, kept = _token(scope)
        if not (said or kept):
            if self._is_open or not here:
                raise NotAuthenticated("An access token is needed here.", "Send one: Authorization: Bearer TOKEN (onward access new NAME).")
            scope[CALLER] = Caller(is_here=here)
            return None
        desk: Desk = scope["app"].state.desk
        try:
            who = await run_sync(access.check, desk.store, said or kept)
        except NotAuthenticated:
            if said or self._is_open or not here:
                raise
            # What a browser keeps from elsewhere: cookies do not tell ports apart, and here no token is needed.
            scope[CALLER] = Caller(is_here=here)
            return None
        scope[CALLER] = Caller(who.scope, who.name, here)
        return who

    def _wait(self, scope: Scope, who: AccessToken | None) -> int:
        """Return the seconds for which a caller has to wait; 0 for one that need not."""
        if self._rate is None or not (self._limits_all or self._is_open or not is_here(scope)):
            return 0
        return self._rate.take(f"token {who.id}" if who else f"address {_address(scope)}")


def _is_public(path: str) -> bool:
    return path in PUBLIC or path.startswith(PUBLIC_FOLDER)


def _token(scope: Scope) -> tuple[str, str]:
    """Return the token that a request says, and the one that a browser keeps, which only our own pages may use to change anything. Raises `NotAuthenticated`."""
    if not any(name in _TELLING for name, _ in scope["headers"]):
        return "", ""
    headers = Headers(scope=scope)
    said = headers.get("authorization", "")
    if said:
        kind, _, token = said.partition(" ")
        if kind.lower() != "bearer":
            raise NotAuthenticated("Only access tokens are known here.", "Send: Authorization: Bearer TOKEN")
        return token.strip(), ""
    kept = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
    if kept and scope["method"] not in _READING and not _is_of_ours(headers):
        raise NotAuthenticated("A browser's cookie is good for pages of this server only.", "Send: Authorization: Bearer TOKEN")
    return "", kept


def _is_of_ours(headers: Headers) -> bool:
    """Whether a page of this server sent a request. Browsers say so of whatever changes anything: where it came from, or at least from what site."""
    site, origin = headers.get("sec-fetch-site", ""), headers.get("origin", "")
    if site and site != "same-origin":
        return False
    return origin.partition("://")[2].lower() == headers.get("host", "").lower() if origin else site == "same-origin"


def needed(method: str, path: str) -> Reach:
    """Return how far a token has to reach for a request."""
    if any(named in ("*", method) and pattern.fullmatch(path) for named, pattern in ADMIN):
        return "admin"
    return "read" if method in _READING or path in WITH_ITS_OWN_DOOR | OF_THE_BROWSER else "write"


def is_here(scope: Scope) -> bool:
    """Return whether a program of this machine sent a request, and no proxy passed it on for somebody else."""
    return is_loopback(_address(scope)) and not any(name in _FORWARDED for name, _ in scope["headers"])


def described(document: dict[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI document with what it says of access: the scheme, how far a token has to reach for each route, and the refusals."""
    schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes["access_token"] = {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token of `onward access new`. Programs on the server's own machine need none while it listens on loopback.",
    }
    said = {str(status): answer for status, answer in refusals(NotAuthenticated, NotAllowed, TooMany).items() if status in (401, 403, 429)}
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            if path in PUBLIC:
                route["security"] = []
            else:
                route["security"] = [{}, {"access_token": [needed(method.upper(), path)]}]
            for status, answer in said.items():
                route["responses"].setdefault(status, answer)
    return document


def _reach(scope: Scope, who: AccessToken | None) -> None:
    """Raise `NotAllowed` where a token does not reach."""
    if who and not access.reaches(who, wanted := needed(scope["method"], scope["path"])):
        raise NotAllowed(
            f"This needs an access token of scope {wanted}, and yours is of scope {who.scope}.",
            f"Ask for one: onward access new NAME --scope {wanted}",
        )


def _told(problem: OnwardError, scope: Scope, wait: int) -> dict[str, str]:
    """Return the headers of a refusal."""
    if isinstance(problem, TooMany):
        return {"retry-after": str(wait)}
    if isinstance(problem, NotAllowed):
        return {"www-authenticate": f'Bearer realm="onward", error="insufficient_scope", scope="{needed(scope["method"], scope["path"])}"'}
    if isinstance(problem, NotAuthenticated):
        has_token = "authorization" in Headers(scope=scope)
        return {"www-authenticate": 'Bearer realm="onward"' + (', error="invalid_token"' if has_token else "")}
    return {}


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""
