"""What pages load, at /static: kept by browsers for good, because its address changes with what it holds."""

from __future__ import annotations

from fastapi import Request, Response

from onward.errors import NotFound
from onward.web.assets import assets
from onward.web.language import _
from onward.web.visit import routes

router = routes()

FOR_GOOD = "public, max-age=31536000, immutable"


@router.get("/static/{path:path}")
async def static(request: Request, path: str) -> Response:
    """Answer a file. Not a plain function: it is at hand, and waits for nothing."""
    found = assets().found.get(path)
    if found is None:
        raise NotFound(_("There is no such file."), _("Reload the page: this server may be newer than it."))
    is_this = request.query_params.get("v") == found.version
    headers = {
        "cache-control": FOR_GOOD if is_this else "no-cache",
        "etag": f'"{found.version}"',
        "vary": "Accept-Encoding",
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
    }
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    if found.packed and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, headers={**headers, "content-encoding": "gzip", "content-type": found.type})
    return Response(found.data, headers={**headers, "content-type": found.type})


@router.get("/favicon.ico")
async def favicon() -> Response:
    """Answer the mark to those who ask before they have read a page."""
    return Response(assets().found["mark.svg"].data, media_type="image/svg+xml", headers={"cache-control": "public, max-age=86400"})
