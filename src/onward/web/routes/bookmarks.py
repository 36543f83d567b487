"""Bookmarks of turns in the dashboard: set and removed with a star, each with a note."""

from __future__ import annotations

import json
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Form, Query, Response

from onward.app.sessions import bookmarks, sessions
from onward.app.sessions.bookmarks import MAX_NOTE_CHARS
from onward.core.session import Session
from onward.web.language import _
from onward.web.page_request import CurrentPageRequest, PageRequest, Toast, page_router
from onward.web.render import partial

router = page_router()


@router.post("/parts/sessions/{session_id}/bookmarks/{turn}")
def set_bookmark(
    request: CurrentPageRequest, session_id: int, turn: int, note: Annotated[str | None, Form(max_length=10_000)] = None
) -> Response:
    """Bookmark a turn, or change the note of its bookmark."""
    session = sessions.require_by_id(request.store, session_id)
    bookmarks.set_bookmark(request.store, session, turn, note)
    response = _bookmark(request, session, turn)
    if note is not None:
        response.headers["hx-trigger-after-swap"] = json.dumps({"onward:close": ""})
    return response


@router.delete("/parts/sessions/{session_id}/bookmarks/{turn}")
def remove_bookmark(request: CurrentPageRequest, session_id: int, turn: int) -> Response:
    """Remove the bookmark of a turn. The toast offers to bring its note back."""
    session = sessions.require_by_id(request.store, session_id)
    removed_bookmark = bookmarks.remove_bookmark(request.store, session, turn)
    undo_url = (
        f"/parts/sessions/{session_id}/bookmarks/{turn}/undo?{urlencode({'note': removed_bookmark.note if removed_bookmark else ''})}"
    )
    toast = Toast(_("Bookmark of turn %(number)s removed", number=turn), undo=undo_url) if removed_bookmark else None
    return _bookmark(request, session, turn, toast)


@router.post("/parts/sessions/{session_id}/bookmarks/{turn}/undo")
def restore_bookmark(
    request: CurrentPageRequest, session_id: int, turn: int, note: Annotated[str, Query(max_length=10_000)] = ""
) -> Response:
    """Bring a removed bookmark back."""
    bookmarks.set_bookmark(request.store, sessions.require_by_id(request.store, session_id), turn, note)
    return Response(status_code=204, headers={"hx-trigger": json.dumps({"onward:bookmark": turn})})


@router.get("/parts/sessions/{session_id}/bookmarks/{turn}")
def bookmark_part(request: CurrentPageRequest, session_id: int, turn: int) -> Response:
    """Return the star of a turn with its note."""
    return _bookmark(request, sessions.require_by_id(request.store, session_id), turn)


@router.get("/parts/sessions/{session_id}/bookmarks/{turn}/note")
def note_dialog_part(request: CurrentPageRequest, session_id: int, turn: int) -> Response:
    """Return the dialog that edits the note of a bookmark."""
    session = sessions.require_by_id(request.store, session_id)
    bookmark = bookmarks.find_bookmark(request.store, session, turn)
    note = bookmark.note if bookmark else ""
    return partial(request, "partials/_bookmark_note.html", session=session, number=turn, note=note, max_chars=MAX_NOTE_CHARS)


def _bookmark(request: PageRequest, session: Session, turn: int, toast: Toast | None = None) -> Response:
    bookmark = bookmarks.find_bookmark(request.store, session, turn)
    return partial(request, "partials/_bookmark.html", session=session, number=turn, bookmark=bookmark, toast=toast)
