"""Settings: how pages look and speak, and what this server is set to."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import Form, Response
from fastapi.responses import RedirectResponse

from onward.web.rendering import page
from onward.web.visit import LANGUAGE_COOKIE, THEME_COOKIE, YEAR_SECONDS, At, Visit, routes

router = routes()


@router.get("/settings")
def show(at: At) -> Response:
    """Show what can be chosen."""
    return page(at, "pages/settings.html")


@router.post("/settings/theme")
def theme(at: At, theme: Annotated[Literal["", "light", "dark"], Form()] = "") -> Response:
    """Keep which theme this browser is to have; none for the system's."""
    return _kept(at, THEME_COOKIE, theme)


@router.post("/settings/language")
def language(at: At, language: Annotated[Literal["", "en", "id"], Form()] = "") -> Response:
    """Keep which language this browser is to have; none for its own."""
    return _kept(at, LANGUAGE_COOKIE, language)


def _kept(at: Visit, cookie: str, value: str) -> Response:
    answer = RedirectResponse(_back(at), 303)
    if value:
        answer.set_cookie(cookie, value, max_age=YEAR_SECONDS, httponly=True, samesite="lax", path="/")
    else:
        answer.delete_cookie(cookie, path="/")
    return answer


def _back(at: Visit) -> str:
    """Return the page that a form was sent from."""
    there = urlsplit(at.request.headers.get("referer", ""))
    is_ours = there.netloc == at.request.headers.get("host", "") and there.path.startswith("/") and not there.path.startswith("//")
    return f"{there.path}?{there.query}".rstrip("?") if is_ours else "/"
