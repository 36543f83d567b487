"""A project: its master handoff and what it keeps, its sessions, the files they touched, and the turns behind a line."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import Response

from onward.app import analytics, handoffs, projects, sessions, sources, touched
from onward.errors import BadInput, NotFound
from onward.web.of_project import CHANGED, around, closing, newest, open_items
from onward.web.rendering import page, partial
from onward.web.visit import At, Visit, routes

router = routes()

MOST_SESSIONS, MOST_FILES = 25, 100
NEWEST_SESSIONS = 6
LOOP_STEPS = 8
CONTEXT_TURNS = 2


@router.get("/projects/{project_id}")
def show(at: At, project_id: int) -> Response:
    """Show where a project stands: its handoff, what that keeps and what it lost, what is open, and the sessions that made it."""
    frame = around(at, project_id, "overview")
    entries = sessions.recent(at.store, frame["project"], limit=NEWEST_SESSIONS + 1)
    return page(
        at,
        "pages/project.html",
        **frame,
        **_master(at, project_id),
        entries=entries[:NEWEST_SESSIONS],
        has_more=len(entries) > NEWEST_SESSIONS,
    )


@router.get("/parts/projects/{project_id}/master")
def master(at: At, project_id: int) -> Response:
    """Answer the handoff and what it keeps, as they are now."""
    return partial(at, "partials/_master.html", project=projects.of_id(at.store, project_id), **_master(at, project_id))


def _master(at: Visit, project_id: int) -> dict[str, Any]:
    found = newest(at, projects.of_id(at.store, project_id))
    return {
        "found": found,
        "open_items": open_items(found.handoff) if found else [],
        "closing": closing(found.handoff) if found else [],
        "event": CHANGED,
    }


@router.get("/parts/projects/{project_id}/changes")
def changes(at: At, project_id: int) -> Response:
    """Answer what the last completed session changed. It is told by two ledgers, so it comes after the page."""
    project = projects.of_id(at.store, project_id)
    done = sessions.of_all(at.store, project_id=project_id, status="completed", limit=2)
    found = None
    if len(done) > 1:
        before, after = sorted(one.number for one in done)
        try:
            found = handoffs.diff(at.store, project, before, after)
        except (NotFound, BadInput):
            found = None
    return partial(at, "partials/_changes.html", project=project, found=found)


@router.get("/parts/projects/{project_id}/loop")
def loop(at: At, project_id: int) -> Response:
    """Answer how the handoff grew, from the first session to the last."""
    project = projects.of_id(at.store, project_id)
    return partial(at, "partials/_growth_loop.html", project=project, steps=analytics.steps(at.store, project, LOOP_STEPS))


@router.get("/projects/{project_id}/sessions")
def timeline(at: At, project_id: int, status: Literal["", "active", "completed", "abandoned"] = "", before: int | None = None) -> Response:
    """Show a project's sessions, the one begun last first."""
    frame = around(at, project_id, "sessions")
    found = sessions.recent(at.store, frame["project"], status=status or None, before=before, limit=MOST_SESSIONS + 1)
    return page(
        at,
        "pages/project_sessions.html",
        **frame,
        entries=found[:MOST_SESSIONS],
        status=status,
        before=before,
        has_more=len(found) > MOST_SESSIONS,
    )


@router.get("/projects/{project_id}/files")
def files(at: At, project_id: int, text: str = "", after: str = "") -> Response:
    """Show the files that a project's sessions touched, by path."""
    frame = around(at, project_id, "files")
    found = touched.listed(at.store, frame["project"], text=text.strip(), after=after or None, limit=MOST_FILES + 1)
    return page(
        at, "pages/project_files.html", **frame, files=found[:MOST_FILES], text=text.strip(), after=after, has_more=len(found) > MOST_FILES
    )


@router.get("/projects/{project_id}/sources/{handle}")
def source(at: At, project_id: int, handle: str) -> Response:
    """Show the turns behind a line of a handoff, with those around them, and the lines that they are behind."""
    project = projects.of_id(at.store, project_id)
    found = sources.source(at.store, project, handle)
    span = found.span
    session = sessions.find(at.store, project, span.session)
    around_it = [] if span.first == 0 else list(
        sessions.replay(at.store, session, first=max(1, span.first - CONTEXT_TURNS), last=span.last + CONTEXT_TURNS)
    )  # fmt: skip
    shown = [(one.ordinal, one.turn) for one in around_it] or found.turns
    stands = newest(at, project)
    cited = [] if stands is None else [
        (section.title, line)
        for section in stands.handoff.sections
        for line in section.lines
        if any(one.session == span.session and span.first <= one.turn <= span.last for one in line.sources)
    ]  # fmt: skip
    return page(
        at, "pages/source.html", project=project, handle=str(span), span=span, session=session, turns=shown, cited=cited,
        earlier=_neighbour(span.session, span.first - 1), later=_neighbour(span.session, span.last + 1) if span.last < session.turns else "",
    )  # fmt: skip


def _neighbour(session: int, turn: int) -> str:
    return f"s{session}.{turn}" if turn >= 1 else ""
