"""Sign in and out with an access token, or with the link that `onward serve` prints for its own user."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

from fastapi import Form, Response
from fastapi.responses import RedirectResponse

from onward.app.admin import access, local_token
from onward.app.admin.access import COOKIE
from onward.errors import NotAuthenticated
from onward.web.language import _
from onward.web.messages import translate_message
from onward.web.page_request import CurrentPageRequest, local_path, page_router
from onward.web.render import bare_page

router = page_router()

COOKIE_SECONDS = 30 * 24 * 3600
MAX_TOKEN_CHARS = 200


@router.get("/login")
def show_sign_in(request: CurrentPageRequest, token: str = "", next: str = "/") -> Response:
    """Show the sign-in page, or sign in with the *token* in the link that `onward serve` printed. *next* is where the reader wanted to
    go.
    """
    if token:
        with suppress(NotAuthenticated):
            _authenticate(request, token)
            return _signed_in(request, token, next)
    return bare_page(request, "pages/sign_in.html", next=local_path(next) or "/", error="", is_over=COOKIE in request.http.cookies)


@router.post("/login")
def sign_in(
    request: CurrentPageRequest, token: Annotated[str, Form(max_length=MAX_TOKEN_CHARS)] = "", next: Annotated[str, Form()] = "/"
) -> Response:
    """Sign in: store the token in a cookie that scripts cannot read."""
    try:
        _authenticate(request, token.strip())
    except NotAuthenticated as error:
        message = translate_message(error.message) if token.strip() else _("Required.")
        return bare_page(request, "pages/sign_in.html", status_code=422, next=local_path(next) or "/", error=message, is_over=False)
    return _signed_in(request, token.strip(), next)


def _authenticate(request: CurrentPageRequest, token: str) -> None:
    """Check a token, and record its use. Raises `NotAuthenticated`."""
    if not (request.caller.is_local and local_token.is_same(token, request.settings.local_token)):
        access.record_use(request.store, access.authenticate(request.store, token))


def _signed_in(request: CurrentPageRequest, token: str, next_path: str) -> Response:
    response = RedirectResponse(local_path(next_path) or "/", 303)
    response.set_cookie(
        COOKIE,
        token,
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="strict",
        secure=request.http.url.scheme == "https",
        path="/",
    )
    return response


@router.post("/logout")
def sign_out(request: CurrentPageRequest) -> Response:
    """Sign out: delete the cookie."""
    response = RedirectResponse("/login" if request.settings.is_exposed or request.settings.local_token else "/", 303)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", path="/")
    return response
