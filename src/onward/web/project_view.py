"""The project that the reader is looking at, by the address of the page."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from onward.app.sessions import sessions
from onward.errors import NotFound
from onward.web.page_request import PageRequest

_PATH = re.compile(r"/(projects|sessions)/(\d{1,9})(?:/|$)")


def find_viewed_project_id(request: PageRequest) -> int | None:
    """Return the id of the project that the page is about, None if it is about none. For a part of a page, that is the page around it."""
    address = request.http.headers.get("hx-current-url", "") if request.http.url.path.startswith("/parts/") else str(request.http.url)
    url = urlsplit(address)
    match = _PATH.match(url.path)
    if match and match[1] == "projects":
        return int(match[2])
    if match:
        try:
            return sessions.require_by_id(request.store, int(match[2])).project_id
        except NotFound:
            return None
    chosen = parse_qs(url.query).get("project", [""])[0]
    return int(chosen) if chosen.isdecimal() and len(chosen) < 10 else None
