"""One request of a page: what it works with, who sent it, and how that person likes pages."""

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
class Visit:
    """One request of a page. `is_htmx` says that a part of a page is wanted, `is_boosted` that it is the main part of another page."""

    request: Request
    store: Store
    settings: Settings
    caller: Caller

    @property
    def is_htmx(self) -> bool:
        """Whether htmx sent it, and it is not a whole page that is wanted."""
        return "hx-request" in self.request.headers and "hx-history-restore-request" not in self.request.headers

    @property
    def is_boosted(self) -> bool:
        """Whether only what is in the middle of a page changes."""
        return self.is_htmx and "hx-boosted" in self.request.headers

    @property
    def theme(self) -> str:
        """Return `light` or `dark` where that was chosen; empty where the system decides."""
        theme = self.request.cookies.get(THEME_COOKIE, "")
        return theme if theme in ("light", "dark") else ""

    def may(self, reach: TokenScope) -> bool:
        """Whether the visitor's access reaches as far as *wanted*."""
        return SCOPES.index(self.caller.scope) >= SCOPES.index(reach)


current_visit: ContextVar[Visit | None] = ContextVar("visit", default=None)
"""The visit that is being answered, for parts of pages that look different to those who may not write."""


async def _open_visit(request: Request) -> Visit:
    # Not a plain function: what it sets must be seen by the handler, and a trip to a thread costs more than it does.
    context = request.app.state.context
    visit = Visit(request, context.store, context.settings, request.scope.get(CALLER, Caller()))
    current_visit.set(visit)
    return visit


CurrentVisit = Annotated[Visit, Depends(_open_visit)]


def rotation_window(settings: Settings) -> RotationWindow:
    """Return where rotation begins and where it must be done by, as it is set."""
    return RotationWindow(float(settings.rotate_from), float(settings.rotate_at))


def page_router() -> APIRouter:
    """Return a router for pages. They are no part of the API's document."""
    return APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Toast:
    """A short word about what was done. `undo` is where to post to take it back."""

    text: str
    kind: Literal["success", "error", "info"] = "success"
    undo: str = ""

    def to_payload(self) -> dict[str, Any]:
        """Return it as the page's script takes it."""
        return {"text": self.text, "kind": self.kind, **({"undo": self.undo} if self.undo else {})}
