"""A project: its overview, sessions, files, and the turns behind a handoff line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import Query, Response

from onward.app import analytics
from onward.app.handoffs import handoffs
from onward.app.projects import project_files, projects
from onward.app.sessions import sessions
from onward.app.turns import sources
from onward.core.project import ProjectOverview
from onward.errors import BadInput, NotFound
from onward.web.page_request import CurrentPageRequest, PageRequest, page_router
from onward.web.project_page import closing_lines, find_master_handoff, open_items, project_context
from onward.web.render import page, partial
from onward.web.session_timeline import draw_timeline

router = page_router()

MAX_PROJECTS, MAX_SESSIONS, MAX_FILES = 50, 25, 100
NEWEST_SESSIONS = 6
MAX_DRAWN_SESSIONS = 200
ZOOM_LEVELS = (0.25, 0.5, 1.0, 2.0, 4.0)
LOOP_STEPS = 8
CONTEXT_TURNS = 2


@router.get("/projects")
def list_all_projects(
    request: CurrentPageRequest,
    status: Literal["active", "archived"] = "active",
    sort: Literal["name", "-name", "sessions", "-sessions", "tokens", "-tokens", "last", "-last"] = "-last",
    skip: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> Response:
    """Show the active or the archived projects, in an order that the reader chooses."""
    all_lines = projects.list_projects(request.store, archived=status == "archived")
    sorted_lines = sorted(all_lines, key=_SORT_KEYS[sort.removeprefix("-")], reverse=sort.startswith("-"))
    project_lines = sorted_lines[skip : skip + MAX_PROJECTS]
    return page(
        request,
        "pages/projects.html",
        project_lines=project_lines,
        preserved_ratios=analytics.preservation_ratios(request.store, [line.project for line in project_lines]),
        is_archived=status == "archived",
        sort=sort,
        skip=skip,
        page_size=MAX_PROJECTS,
        has_more=len(sorted_lines) > skip + MAX_PROJECTS,
    )


_SORT_KEYS: dict[str, Callable[[ProjectOverview], Any]] = {
    "name": lambda line: line.project.name.casefold(),
    "sessions": lambda line: line.totals.sessions,
    "tokens": lambda line: line.totals.tokens,
    "last": lambda line: line.totals.last_at or datetime.min.replace(tzinfo=UTC),
}


@router.get("/projects/{project_id}")
def show_project(request: CurrentPageRequest, project_id: int) -> Response:
    """Show the overview: master handoff, preservation, open items and recent sessions."""
    context = project_context(request, project_id, "overview")
    entries = sessions.list_recent(request.store, context["project"], limit=NEWEST_SESSIONS + 1)
    return page(
        request,
        "pages/project.html",
        **context,
        **_master_context(request, project_id),
        entries=entries[:NEWEST_SESSIONS],
        has_more=len(entries) > NEWEST_SESSIONS,
    )


def _master_context(request: PageRequest, project_id: int) -> dict[str, Any]:
    handoff = find_master_handoff(request, projects.require(request.store, project_id))
    return {
        "handoff": handoff,
        "open_items": open_items(handoff.handoff) if handoff else [],
        "closing": closing_lines(handoff.handoff) if handoff else [],
    }


@router.get("/parts/projects/{project_id}/changes")
def changes_part(request: CurrentPageRequest, project_id: int) -> Response:
    """Return the changes of the last completed session. Loaded after the page, because two ledgers are compared."""
    project = projects.require(request.store, project_id)
    completed_sessions = sessions.list_all(request.store, project_id=project_id, status="completed", limit=2)
    changelog = None
    if len(completed_sessions) > 1:
        previous_number, last_number = sorted(session.number for session in completed_sessions)
        try:
            changelog = handoffs.diff(request.store, project, previous_number, last_number)
        except (NotFound, BadInput):
            changelog = None
    return partial(request, "partials/_changes.html", project=project, changes=changelog)


@router.get("/parts/projects/{project_id}/loop")
def growth_part(request: CurrentPageRequest, project_id: int) -> Response:
    """Return the growth of the handoff from the first session to the last."""
    project = projects.require(request.store, project_id)
    return partial(
        request, "partials/_handoff_history.html", project=project, steps=analytics.handoff_steps(request.store, project, LOOP_STEPS)
    )


@router.get("/projects/{project_id}/sessions")
def list_sessions(
    request: CurrentPageRequest,
    project_id: int,
    status: Literal["", "in_progress", "completed", "abandoned"] = "",
    before: int | None = None,
) -> Response:
    """Show a project's sessions, newest first."""
    context = project_context(request, project_id, "sessions")
    entries = sessions.list_recent(request.store, context["project"], status=status or None, before=before, limit=MAX_SESSIONS + 1)
    return page(
        request,
        "pages/project_sessions.html",
        **context,
        entries=entries[:MAX_SESSIONS],
        status=status,
        before=before,
        has_more=len(entries) > MAX_SESSIONS,
    )


@router.get("/parts/projects/{project_id}/timeline")
def timeline_part(request: CurrentPageRequest, project_id: int, zoom: float = 1.0) -> Response:
    """Return the picture of a project's newest sessions on a time axis."""
    level = min(ZOOM_LEVELS, key=lambda candidate: abs(candidate - zoom))
    line = projects.require_line(request.store, project_id)
    return partial(
        request,
        "partials/_timeline.html",
        project=line.project,
        total=line.totals.sessions,
        picture=draw_timeline(sessions.list_recent(request.store, line.project, limit=MAX_DRAWN_SESSIONS), level),
        levels=ZOOM_LEVELS,
        index=ZOOM_LEVELS.index(level),
    )


@router.get("/projects/{project_id}/files")
def list_files(request: CurrentPageRequest, project_id: int, text: str = "", after: str = "") -> Response:
    """Show the files that a project's sessions edited, by path."""
    context = project_context(request, project_id, "files")
    touched_files = project_files.list_files(request.store, context["project"], text=text.strip(), after=after or None, limit=MAX_FILES + 1)
    return page(
        request,
        "pages/project_files.html",
        **context,
        files=touched_files[:MAX_FILES],
        text=text.strip(),
        after=after,
        has_more=len(touched_files) > MAX_FILES,
    )


@router.get("/projects/{project_id}/sources/{handle}")
def show_source(request: CurrentPageRequest, project_id: int, handle: str) -> Response:
    """Show the turns behind a handle with their context, and the handoff lines that cite them."""
    context = _source_context(request, project_id, handle)
    span, master = context["span"], find_master_handoff(request, context["project"])
    citing_lines = (
        []
        if master is None
        else [
            (section.title, line)
            for section in master.handoff.sections
            for line in section.lines
            if any(line_source.session == span.session and span.first <= line_source.turn <= span.last for line_source in line.sources)
        ]
    )
    return page(request, "pages/source.html", **context, citing_lines=citing_lines)


@router.get("/parts/projects/{project_id}/sources/{handle}")
def source_part(request: CurrentPageRequest, project_id: int, handle: str) -> Response:
    """Return the turns behind a handle with their context, as a panel beside a page."""
    return partial(request, "partials/_source_panel.html", **_source_context(request, project_id, handle))


def _source_context(request: PageRequest, project_id: int, handle: str) -> dict[str, Any]:
    project = projects.require(request.store, project_id)
    cited_source = sources.read_source(request.store, project, handle)
    span = cited_source.span
    session = sessions.require(request.store, project, span.session)
    nearby_turns = (
        []
        if span.first == 0
        else list(sessions.replay(request.store, session, first=max(1, span.first - CONTEXT_TURNS), last=span.last + CONTEXT_TURNS))
    )
    shown_turns = [(nearby_turn.ordinal, nearby_turn.turn) for nearby_turn in nearby_turns] or cited_source.turns
    return {
        "project": project,
        "handle": str(span),
        "span": span,
        "session": session,
        "turns": shown_turns,
        "earlier": _neighbour_handle(span.session, span.first - 1),
        "later": _neighbour_handle(span.session, span.last + 1) if span.last < session.turns else "",
    }


def _neighbour_handle(session: int, turn: int) -> str:
    return f"s{session}.{turn}" if turn >= 1 else ""
