"""The request for a page: store, settings, caller, theme."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request

from onward.app.admin.access import CALLER, SCOPES, Caller, TokenScope
from onward.core.accounts.rank import RotationWindow
from onward.settings import Settings

if TYPE_CHECKING:
    from onward.store import Store

THEME_COOKIE, LANGUAGE_COOKIE = "onward_theme", "onward_language"
YEAR_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One request for a page; `http` is the request itself.

    `is_htmx` asks for a part of a page, `is_boosted` for the main part of another page.
    """

    http: Request
    store: Store
    settings: Settings
    caller: Caller

    @property
    def is_htmx(self) -> bool:
        """Whether htmx sent the request and wants less than a full page."""
        return "hx-request" in self.http.headers and "hx-history-restore-request" not in self.http.headers

    @property
    def is_boosted(self) -> bool:
        """Whether only the main part of the page changes."""
        return self.is_htmx and "hx-boosted" in self.http.headers

    @property
    def theme(self) -> str:
        """Return `light` or `dark` if chosen; empty to follow the system."""
        theme = self.http.cookies.get(THEME_COOKIE, "")
        return theme if theme in ("light", "dark") else ""

    def may(self, reach: TokenScope) -> bool:
        """Whether the caller's token allows the scope *reach*."""
        return SCOPES.index(self.caller.scope) >= SCOPES.index(reach)


current_page_request: ContextVar[PageRequest | None] = ContextVar("page_request", default=None)
"""The current request, for parts of pages that depend on the caller's scope."""


async def _read_page_request(http: Request) -> PageRequest:
    # Async, because a context variable set in a thread would not reach the handler, and this is quick.
    context = http.app.state.context
    request = PageRequest(http, context.store, context.settings, http.scope.get(CALLER, Caller()))
    current_page_request.set(request)
    return request


CurrentPageRequest = Annotated[PageRequest, Depends(_read_page_request)]


def rotation_window(settings: Settings) -> RotationWindow:
    """Return the rotation window of the settings."""
    return RotationWindow(float(settings.rotate_from), float(settings.rotate_at))


def local_path(url: str) -> str:
    """Return *url* if it is a path of this server that a page may lead to; else an empty text, so that no other site can be a target."""
    return url if url.startswith("/") and not url.startswith(("//", "/\\", "/login")) and url.isprintable() else ""


def page_router() -> APIRouter:
    """Return a router for pages, which the API document leaves out."""
    return APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Toast:
    """A short notice of an action. Posting to `undo` reverts the action."""

    text: str
    kind: Literal["success", "error", "info"] = "success"
    undo: str = ""

    def to_payload(self) -> dict[str, Any]:
        """Return the payload of the toast event."""
        return {"text": self.text, "kind": self.kind, **({"undo": self.undo} if self.undo else {})}
