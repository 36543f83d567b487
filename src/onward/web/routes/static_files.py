"""Static assets at /static, cached by browsers for good: their addresses change with their content."""

from __future__ import annotations

from fastapi import Request, Response

from onward.errors import NotFound
from onward.web.assets import load_assets
from onward.web.language import _
from onward.web.page_request import page_router

router = page_router()

IMMUTABLE_CACHE = "public, max-age=31536000, immutable"


@router.get("/static/{path:path}")
async def serve_static(request: Request, path: str) -> Response:
    """Return an asset. Async, because it only reads memory."""
    asset = load_assets().by_path.get(path)
    if asset is None:
        raise NotFound(_("File not found."), _("Reload the page: the server may have been updated."))
    is_current = request.query_params.get("v") == asset.version
    headers = {
        "cache-control": IMMUTABLE_CACHE if is_current else "no-cache",
        "etag": f'"{asset.version}"',
        "vary": "Accept-Encoding",
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
    }
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    if asset.gzipped and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.gzipped, headers={**headers, "content-encoding": "gzip", "content-type": asset.type})
    return Response(asset.data, headers={**headers, "content-type": asset.type})


@router.get("/favicon.ico")
async def serve_favicon() -> Response:
    """Return the icon for browsers that ask for it before they have read a page."""
    return Response(load_assets().by_path["mark.svg"].data, media_type="image/svg+xml", headers={"cache-control": "public, max-age=86400"})
