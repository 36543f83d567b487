"""Around everything that a browser asks: the language, the headers that keep pages safe, and refusals as pages instead of JSON."""

from __future__ import annotations

import json
from http import HTTPStatus
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onward.app.access import CALLER, Caller
from onward.web import language
from onward.web.below import spoken
from onward.web.language import _
from onward.web.rendering import bare_page
from onward.web.visit import LANGUAGE_COOKIE, Toast, Visit

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)

NOT_PAGES = ("/api/", "/mcp", "/static/", "/healthz", "/readyz", "/metrics", "/docs", "/redoc", "/openapi")
"""How paths begin that are for programs."""

_MOST_REFUSAL_BYTES = 100_000


class Surface:
    """Stands outside all that refuses, so that whatever it was, a person gets a page that says what to do."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"].startswith(NOT_PAGES):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        language.current.set(language.chosen(request.cookies.get(LANGUAGE_COOKIE, ""), request.headers.get("accept-language", "")))
        refusal: Message | None = None
        said = b""

        async def sending(message: Message) -> None:
            nonlocal refusal, said
            if message["type"] == "http.response.start":
                if message["status"] >= HTTPStatus.BAD_REQUEST and _is_json(message):
                    refusal = message
                    return
                message["headers"] = [*message["headers"], *HEADERS]
            elif refusal is not None:
                said += message.get("body", b"")[:_MOST_REFUSAL_BYTES]
                if not message.get("more_body"):
                    await self._tell(request, refusal, said, send)
                return
            await send(message)

        await self._app(scope, receive, sending)

    async def _tell(self, request: Request, refusal: Message, said: bytes, send: Send) -> None:
        """Send what was refused as a page, or to a part of one as a toast."""
        status = refusal["status"]
        answer = _shown(request, status, _message(said))
        kept = [(name, value) for name, value in refusal["headers"] if name in (b"x-request-id", b"retry-after", b"set-cookie")]
        await send({"type": "http.response.start", "status": answer.status_code, "headers": [*answer.raw_headers, *kept, *HEADERS]})
        await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else answer.body})


def _shown(request: Request, status: int, message: str) -> Response:
    desk = request.scope["app"].state.desk
    at = Visit(request, desk.store, desk.settings, request.scope.get(CALLER, Caller("read")))
    if status == HTTPStatus.UNAUTHORIZED:
        return _to_sign_in(at)
    title, what = _words(status, message)
    what = spoken(what)
    if at.is_htmx and not (at.is_boosted and request.method == "GET"):
        return _as_toast(title, what, status)
    if at.is_boosted:
        return bare_page(at, "pages/refused.html", layout="fragment.html", title=title, message=what, number=status)
    return bare_page(at, "pages/refused.html", status_code=status, title=title, message=what, number=status)


def _as_toast(title: str, what: str, status: int) -> Response:
    told = json.dumps({"onward:toast": Toast(f"{title}. {what}".strip(), "error").told()})
    return Response(status_code=status, headers={"hx-trigger": told, "hx-reswap": "none"})


def _to_sign_in(at: Visit) -> Response:
    """Lead to where a person signs in, and from there back."""
    wanted = at.request.headers.get("hx-current-url", "") if at.is_htmx and not at.is_boosted else ""
    path = (
        wanted.partition("://")[2].partition("/")[2] if wanted else f"{at.request.url.path}?{at.request.url.query}".rstrip("?").lstrip("/")
    )
    back = "" if at.request.method not in ("GET", "HEAD") and not wanted else f"?next={quote('/' + path)}" if path else ""
    if at.is_htmx:
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"hx-redirect": f"/login{back}"})
    return RedirectResponse(f"/login{back}", HTTPStatus.SEE_OTHER)


def _words(status: int, message: str) -> tuple[str, str]:
    """Return what is said of a refusal: in short, and what to do."""
    if status == HTTPStatus.NOT_FOUND:
        is_route = message.startswith("There is no such route")
        return _("This page is not here"), _("It was moved or deleted, or the address is wrong.") if is_route else message
    if status == HTTPStatus.FORBIDDEN:
        return _("Your access does not reach this far"), message
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return _("Too many requests"), message
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return _("The store is busy"), _("Another program holds it. Nothing was lost; try again in a moment.")
    if message.startswith("The request cannot be used."):
        return _("That did not work"), _("Something in the address or the form cannot be used. Go back and correct it.")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _("Something broke"), message
    return _("That did not work"), message


def _message(said: bytes) -> str:
    try:
        return str(json.loads(said)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return ""


def _is_json(message: Message) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(b"application/json") for name, value in message["headers"])
