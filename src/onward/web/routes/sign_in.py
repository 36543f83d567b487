"""Signing in with an access token, where the server is open to other machines; and out again."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Response
from fastapi.responses import RedirectResponse

from onward.app import access
from onward.app.access import COOKIE
from onward.errors import NotAuthenticated
from onward.web.language import _
from onward.web.rendering import bare_page
from onward.web.visit import At, routes

router = routes()

KEPT_SECONDS = 30 * 24 * 3600
MOST_TOKEN_CHARS = 200


@router.get("/login")
def ask(at: At, next: str = "/") -> Response:
    """Show where to sign in. *next* is where the person wanted to go."""
    return bare_page(at, "pages/sign_in.html", next=_path(next), error="", is_over=COOKIE in at.request.cookies)


@router.post("/login")
def sign_in(at: At, token: Annotated[str, Form(max_length=MOST_TOKEN_CHARS)] = "", next: Annotated[str, Form()] = "/") -> Response:
    """Keep the token in the browser, where no script can read it, and go on."""
    try:
        found = access.check(at.store, token.strip())
    except NotAuthenticated as error:
        said = error.message if token.strip() else _("This is needed.")
        return bare_page(at, "pages/sign_in.html", status_code=422, next=_path(next), error=said, is_over=False)
    answer = RedirectResponse(_path(next), 303)
    answer.set_cookie(
        COOKIE, token.strip(), max_age=KEPT_SECONDS, httponly=True, samesite="strict", secure=at.request.url.scheme == "https", path="/",
    )  # fmt: skip
    access.used(at.store, found)
    return answer


@router.post("/logout")
def sign_out(at: At) -> Response:
    """Forget the token."""
    answer = RedirectResponse("/login" if at.settings.is_open else "/", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict", path="/")
    return answer


def _path(wanted: str) -> str:
    """Return *wanted* where it is a path of this server, else the first page: nobody is led elsewhere from here."""
    is_ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\", "/login")) and wanted.isprintable()
    return wanted if is_ours else "/"
