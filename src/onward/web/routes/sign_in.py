"""Sign in and out with an access token, for servers that other machines can reach."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Response
from fastapi.responses import RedirectResponse

from onward.app.admin import access
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
def show_sign_in(request: CurrentPageRequest, next: str = "/") -> Response:
    """Show the sign-in page. *next* is where the reader wanted to go."""
    return bare_page(request, "pages/sign_in.html", next=local_path(next) or "/", error="", is_over=COOKIE in request.http.cookies)


@router.post("/login")
def sign_in(
    request: CurrentPageRequest, token: Annotated[str, Form(max_length=MAX_TOKEN_CHARS)] = "", next: Annotated[str, Form()] = "/"
) -> Response:
    """Sign in: store the token in a cookie that scripts cannot read."""
    try:
        access_token = access.authenticate(request.store, token.strip())
    except NotAuthenticated as error:
        message = translate_message(error.message) if token.strip() else _("Required.")
        return bare_page(request, "pages/sign_in.html", status_code=422, next=local_path(next) or "/", error=message, is_over=False)
    response = RedirectResponse(local_path(next) or "/", 303)
    response.set_cookie(
        COOKIE,
        token.strip(),
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="strict",
        secure=request.http.url.scheme == "https",
        path="/",
    )
    access.record_use(request.store, access_token)
    return response


@router.post("/logout")
def sign_out(request: CurrentPageRequest) -> Response:
    """Sign out: delete the cookie."""
    response = RedirectResponse("/login" if request.settings.is_exposed else "/", 303)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", path="/")
    return response
