"""Middleware of all pages: language, security headers, and refusals as pages or toasts instead of JSON."""

from __future__ import annotations

import json
from http import HTTPStatus
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onward.app.admin.access import CALLER, Caller
from onward.errors import SCOPE_KEY
from onward.web import language
from onward.web.language import _
from onward.web.messages import translate_error, translate_message
from onward.web.page_request import LANGUAGE_COOKIE, PageRequest, Toast
from onward.web.render import bare_page

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)

PROGRAM_PATHS = ("/api/", "/mcp", "/static/", "/healthz", "/readyz", "/metrics", "/docs", "/redoc", "/openapi")
"""Prefixes of the paths that are for programs."""

_MAX_REFUSAL_BYTES = 100_000
_PROGRAM_CODES = ("not_found", "method_not_allowed", "invalid", "bad_request")
"""Error codes of refusals by the framework, whose messages are for programs."""


class PageMiddleware:
    """The outermost middleware: turns any refusal into a page that says what to do."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["path"].startswith(PROGRAM_PATHS):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        language.current_language.set(
            language.choose_language(request.cookies.get(LANGUAGE_COOKIE, ""), request.headers.get("accept-language", ""))
        )
        refusal: Message | None = None
        body = b""

        async def send_page(message: Message) -> None:
            nonlocal refusal, body
            if message["type"] == "http.response.start":
                if message["status"] >= HTTPStatus.BAD_REQUEST and _is_json(message):
                    refusal = message
                    return
                message["headers"] = [*message["headers"], *SECURITY_HEADERS]
            elif refusal is not None:
                body += message.get("body", b"")[:_MAX_REFUSAL_BYTES]
                if not message.get("more_body"):
                    await self._send_refusal(request, refusal, body, send)
                return
            await send(message)

        await self._app(scope, receive, send_page)

    async def _send_refusal(self, request: Request, refusal: Message, body: bytes, send: Send) -> None:
        """Send a refusal as a page, or as a toast if htmx asked for a part of a page."""
        status = refusal["status"]
        error = request.scope.get(SCOPE_KEY)
        response = _refusal_page(request, status, translate_error(error) if error else _english_message(body))
        kept_headers = [(name, value) for name, value in refusal["headers"] if name in (b"x-request-id", b"retry-after", b"set-cookie")]
        await send(
            {
                "type": "http.response.start",
                "status": response.status_code,
                "headers": [*response.raw_headers, *kept_headers, *SECURITY_HEADERS],
            }
        )
        await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else response.body})


def _refusal_page(http: Request, status: int, message: str) -> Response:
    context = http.scope["app"].state.context
    request = PageRequest(http, context.store, context.settings, http.scope.get(CALLER, Caller("read")))
    if status == HTTPStatus.UNAUTHORIZED:
        return _redirect_to_sign_in(request)
    title, detail = _describe_refusal(status, message)
    if request.is_htmx and not (request.is_boosted and http.method == "GET"):
        return _refusal_toast(title, detail, status)
    if request.is_boosted:
        return bare_page(request, "pages/error.html", layout="fragment.html", title=title, message=detail, number=status)
    return bare_page(request, "pages/error.html", status_code=status, title=title, message=detail, number=status)


def _refusal_toast(title: str, detail: str, status: int) -> Response:
    trigger = json.dumps({"onward:toast": Toast(f"{title}. {detail}".strip(), "error").to_payload()})
    return Response(status_code=status, headers={"hx-trigger": trigger, "hx-reswap": "none"})


def _redirect_to_sign_in(request: PageRequest) -> Response:
    """Redirect to the sign-in page, which leads back to the current page."""
    current_url = request.http.headers.get("hx-current-url", "") if request.is_htmx and not request.is_boosted else ""
    path = (
        current_url.partition("://")[2].partition("/")[2]
        if current_url
        else f"{request.http.url.path}?{request.http.url.query}".rstrip("?").lstrip("/")
    )
    next_query = "" if request.http.method not in ("GET", "HEAD") and not current_url else f"?next={quote('/' + path)}" if path else ""
    if request.is_htmx:
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"hx-redirect": f"/login{next_query}"})
    return RedirectResponse(f"/login{next_query}", HTTPStatus.SEE_OTHER)


def _describe_refusal(status: int, message: str) -> tuple[str, str]:
    """Return the title and text of the error page. *message* is empty if the refusal has no message for people."""
    if status == HTTPStatus.NOT_FOUND:
        return _("Page not found"), message or _("It was moved or deleted, or the address is wrong.")
    if status == HTTPStatus.FORBIDDEN:
        return _("Access denied"), message
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return _("Too many requests"), message
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return _("The store is busy"), _("Another program is using it. Nothing was lost; try again in a moment.")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _("Server error"), message or _("This is a bug in Onward.")
    return _("Action failed"), message or _("The address or the form is not valid. Go back and correct it.")


def _english_message(body: bytes) -> str:
    """Return the message of a refusal that no `OnwardError` explains: translated if it is constant, empty if it is for programs."""
    try:
        refusal = json.loads(body)["error"]
        code, message = refusal["code"], refusal["message"]
    except (ValueError, KeyError, TypeError):
        return ""
    if code == "defect":
        return _("This is a bug in Onward. Report it with the request id %(id)s.", id=refusal.get("request_id", ""))
    return "" if code in _PROGRAM_CODES else translate_message(message)


def _is_json(message: Message) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(b"application/json") for name, value in message["headers"])
