"""Sessions: the list over all projects, and the pages of one: conversation, handoff, files, usage, replay."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple
from urllib.parse import urlencode

from fastapi import Query, Response

from onward.app.accounts import accounts, usage
from onward.app.accounts.charges import find_account
from onward.app.accounts.selection import CreditsOutlook, best_account, outlook
from onward.app.handoffs import handoffs
from onward.app.jobs.jobs import Job
from onward.app.projects import conversations, project_files, projects
from onward.app.sessions import bookmarks, completion_job, sessions
from onward.core.project import Project
from onward.core.session import Session
from onward.core.session_results import SessionDetail
from onward.errors import NotFound
from onward.web.brief import render_briefing
from onward.web.language import _
from onward.web.page_request import CurrentPageRequest, PageRequest, page_router, rotation_window
from onward.web.project_page import find_master_handoff, find_writer_jobs
from onward.web.render import page, partial
from onward.web.session_overview import draw_session
from onward.web.session_usage import usage_charts
from onward.web.turn_views import TurnView, citing_lines_by_turn, turn_views

router = page_router()

MAX_SESSIONS = 25
MAX_TURNS = 20
MAX_MATCHES = 200
MAX_FILES = 200
MAX_POINTS = 300
MAX_CHOICES = 200
MAX_QUERY_CHARS = 500

TurnOrdinal = Annotated[int, Query(ge=1, le=2**24)]
"""The ordinal of a turn."""


@router.get("/sessions")
def list_sessions(
    request: CurrentPageRequest,
    status: Literal["", "in_progress", "completed", "abandoned"] = "",
    project: str = "",
    account: str = "",
    agent: str = "",
    sort: Literal["", "title", "-title", "turns", "-turns", "credits", "-credits", "started", "-started"] = "",
    before: int | None = None,
    skip: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> Response:
    """Show the sessions of all projects, the last added first, filtered; with *sort*, in that order, after the first *skip*."""
    newest_sessions = sessions.list_all(
        request.store,
        project_id=_parse_id(project),
        account_id=_parse_id(account),
        status=status or None,
        agent=agent or None,
        before=None if sort else before,
        order=sort or None,
        skip=skip if sort else 0,
        limit=MAX_SESSIONS + 1,
    )
    shown_sessions = newest_sessions[:MAX_SESSIONS]
    filters = {"status": status, "project": project, "account": account, "agent": agent}
    response = page(
        request,
        "pages/sessions.html",
        sessions=shown_sessions,
        project_names={
            number: projects.require(request.store, number).name for number in {session.project_id for session in shown_sessions}
        },
        preserved_ratios=handoffs.preservation_ratios(request.store, [session.id for session in shown_sessions]),
        filters=filters,
        projects=[line.project for line in projects.list_known(request.store, limit=MAX_CHOICES)],
        accounts=[availability.account for availability in accounts.list_accounts(request.store, limit=MAX_CHOICES)],
        agents=sessions.list_agents(request.store),
        sort=sort,
        skip=skip,
        page_size=MAX_SESSIONS,
        is_first=before is None and not skip,
        has_more=len(newest_sessions) > MAX_SESSIONS,
    )
    if request.is_htmx and not request.is_boosted:
        # Unset filters are left out of the address.
        query = {name: value for name, value in {**filters, "sort": sort}.items() if value}
        response.headers["hx-push-url"] = "/sessions" + (f"?{urlencode(query)}" if query else "")
    return response


def _parse_id(text: str) -> int | None:
    """Return the id in a filter; 0, which matches nothing, if it is not a number."""
    return None if not text else int(text) if text.isdecimal() and len(text) < 10 else 0


class PageHead(NamedTuple):
    """What all pages of a session share. `job` is a job on the session that is open or has failed."""

    detail: SessionDetail
    project: Project
    outlook: CreditsOutlook | None
    account_name: str
    job: Job | None


def page_head(request: PageRequest, session_id: int) -> PageHead:
    """Return what all pages of a session share. Raises `NotFound`."""
    detail = sessions.show(request.store, sessions.require_by_id(request.store, session_id))
    is_active = detail.session.status == "in_progress"
    session_outlook = outlook(request.store, detail.session, window=rotation_window(request.settings)) if is_active else None
    account = (
        session_outlook.availability.account
        if session_outlook and session_outlook.availability
        else None
        if is_active
        else find_account(request.store, detail.session)
    )
    project = projects.require(request.store, detail.session.project_id)
    return PageHead(
        detail=detail,
        project=project,
        outlook=session_outlook,
        account_name=account.name if account else "",
        job=_find_unfinished_job(request, project, detail.session),
    )


def _find_unfinished_job(request: PageRequest, project: Project, session: Session) -> Job | None:
    job = completion_job.find_latest(request.store, project, session)
    if job is None or job.state == "done" or (job.finished_at and session.completed_at and session.completed_at > job.finished_at):
        return None
    return job


@router.get("/sessions/{session_id}")
def show_session(
    request: CurrentPageRequest,
    session_id: int,
    first: Annotated[TurnOrdinal, Query(alias="from")] = 1,
    turn: str = "",
    q: Annotated[str, Query(max_length=MAX_QUERY_CHARS)] = "",
) -> Response:
    """Show a conversation from one turn on. *turn* (41 or 41-43) is marked and scrolled to; the words *q* are marked and searched for."""
    head = page_head(request, session_id)
    first_turn, end = _parse_span(turn, head.detail.session.turns)
    if first_turn:
        first = max(1, first_turn - 4)
    views = _turn_views(request, head.detail, head.project, first, MAX_TURNS)
    return page(
        request,
        "pages/session.html",
        head=head,
        first=first,
        turns=views,
        marked=(first_turn, end),
        q=q.strip(),
        has_more=bool(views) and views[-1].stored_turn.ordinal < head.detail.session.turns,
        bookmarks=bookmarks.list_of_session(request.store, head.detail.session),
        briefing=render_briefing(request, head.project, head.detail) if head.detail.session.status == "in_progress" else "",
    )


def _parse_span(turn: str, turn_count: int) -> tuple[int, int]:
    """Return the first and the last marked turn of an address; zeros if none."""
    first, _sep, last = turn.partition("-")
    if not first.isdecimal() or len(first) > 8:
        return 0, 0
    first_turn = min(max(1, int(first)), max(1, turn_count))
    return first_turn, max(first_turn, int(last)) if last.isdecimal() and len(last) <= 8 else first_turn


def _turn_views(
    request: PageRequest, detail: SessionDetail, project: Project, first: int, limit: int, *, full: bool = False
) -> list[TurnView]:
    master = find_master_handoff(request, project)
    lines_by_turn = citing_lines_by_turn(
        detail.session.number, detail.handoff.handoff if detail.handoff else None, newest=master.handoff if master else None
    )
    # With the turn before, for its date.
    stored_turns = list(sessions.replay(request.store, detail.session, first=max(1, first - 1), limit=limit + 1))
    last_at = stored_turns.pop(0).turn.at if stored_turns and stored_turns[0].ordinal < first else None
    bookmarks_by_turn = {bookmark.turn: bookmark for bookmark in bookmarks.list_of_session(request.store, detail.session)}
    return turn_views(stored_turns[:limit], lines_by_turn, full=full, last_at=last_at, bookmarks=bookmarks_by_turn)


@router.get("/parts/sessions/{session_id}/turns")
def turns_part(
    request: CurrentPageRequest,
    session_id: int,
    first: Annotated[TurnOrdinal, Query(alias="from")] = 1,
    until: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """Return a page of turns: from one turn on, or those before one (*until*)."""
    detail = sessions.show(request.store, sessions.require_by_id(request.store, session_id))
    project = projects.require(request.store, detail.session.project_id)
    if until:
        first = max(1, until - MAX_TURNS)
    views = _turn_views(request, detail, project, first, until - first if until else MAX_TURNS)
    return partial(
        request,
        "partials/_turns.html",
        session=detail.session,
        project=project,
        turns=views,
        marked=(0, 0),
        earlier=first if until and first > 1 else 0,
        later=views[-1].stored_turn.ordinal + 1 if not until and views and views[-1].stored_turn.ordinal < detail.session.turns else 0,
    )


@router.get("/parts/sessions/{session_id}/map")
def map_part(request: CurrentPageRequest, session_id: int) -> Response:
    """Return the picture of a session. Loaded after the page, because all of its turns are read."""
    session = sessions.require_by_id(request.store, session_id)
    session_map = draw_session(sessions.replay(request.store, session), session.turns)
    return partial(request, "partials/_session_map.html", session_map=session_map)


@router.get("/parts/sessions/{session_id}/turns/{ordinal}")
def full_turn_part(request: CurrentPageRequest, session_id: int, ordinal: int) -> Response:
    """Return one turn in full."""
    detail = sessions.show(request.store, sessions.require_by_id(request.store, session_id))
    project = projects.require(request.store, detail.session.project_id)
    views = _turn_views(request, detail, project, ordinal, 1, full=True)
    return partial(request, "partials/_turns.html", session=detail.session, project=project, turns=views, marked=(0, 0), earlier=0, later=0)


@router.get("/parts/sessions/{session_id}/find")
def find_in_session(request: CurrentPageRequest, session_id: int, q: str = "") -> Response:
    """Return the turns of a session that match a query."""
    query = q.strip()[:MAX_QUERY_CHARS]
    session = sessions.require_by_id(request.store, session_id)
    matches = conversations.find_text(request.store, session, query, limit=MAX_MATCHES + 1) if query else []
    return partial(
        request, "partials/_turn_matches.html", session=session, q=query, matches=matches[:MAX_MATCHES], has_more=len(matches) > MAX_MATCHES
    )


@router.get("/sessions/{session_id}/handoff")
def show_handoff(request: CurrentPageRequest, session_id: int, on: str = "") -> Response:
    """Show the handoff that a session started from and the one it produced. *on* is the account to continue with."""
    head = page_head(request, session_id)
    next_account = None
    if on and head.detail.session.status == "completed":
        ranking = best_account(request.store, window=rotation_window(request.settings)).ranking
        next_account = next(
            (candidate for candidate in ranking if candidate.is_usable and str(candidate.availability.account.id) == on), None
        )
    final_handoff = head.detail.handoff
    writer_jobs = find_writer_jobs(request, head.project, final_handoff.version) if final_handoff else []
    return page(
        request,
        "pages/session_handoff.html",
        head=head,
        handoff=final_handoff,
        writer_jobs=writer_jobs,
        next_account=next_account,
        master=find_master_handoff(request, head.project),
    )


@router.get("/parts/sessions/{session_id}/handoff.md")
def download_handoff(request: CurrentPageRequest, session_id: int) -> Response:
    """Return the handoff of a session as a file."""
    detail = sessions.show(request.store, sessions.require_by_id(request.store, session_id))
    if detail.handoff is None:
        raise NotFound(_("Session %(number)s has no handoff.", number=detail.session.number), _("Complete the session first."))
    name = f"handoff-{detail.session.number}-v{detail.handoff.version}.md"
    return Response(
        detail.handoff.markdown,
        headers={"content-disposition": f'attachment; filename="{name}"'},
        media_type="text/markdown; charset=utf-8",
    )


@router.get("/sessions/{session_id}/files")
def list_files(request: CurrentPageRequest, session_id: int, after: str | None = None) -> Response:
    """Show the files that a session edited."""
    head = page_head(request, session_id)
    touched_files = project_files.list_files(
        request.store, head.project, session=head.detail.session.number, after=after, limit=MAX_FILES + 1
    )
    return page(request, "pages/session_files.html", head=head, files=touched_files[:MAX_FILES], has_more=len(touched_files) > MAX_FILES)


@router.get("/sessions/{session_id}/usage")
def show_usage(request: CurrentPageRequest, session_id: int) -> Response:
    """Show the usage of a session, by model."""
    head = page_head(request, session_id)
    names = {
        availability.account.id: availability.account.name for availability in accounts.list_accounts(request.store, limit=MAX_CHOICES)
    }
    return page(
        request, "pages/session_usage.html", head=head, usage=usage.read_session_usage(request.store, session_id), account_names=names
    )


@router.get("/parts/sessions/{session_id}/usage")
def usage_part(request: CurrentPageRequest, session_id: int) -> Response:
    """Return the charts of a session's context and cost. Loaded after the page, because all of its turns are read."""
    points = usage.list_usage_points(request.store, sessions.require_by_id(request.store, session_id), MAX_POINTS)
    return partial(request, "partials/_session_usage_charts.html", charts=usage_charts(points))


@router.get("/sessions/{session_id}/replay")
def show_replay(
    request: CurrentPageRequest, session_id: int, turn: TurnOrdinal = 1, speed: Annotated[int, Query(ge=1, le=4)] = 1
) -> Response:
    """Show a session turn by turn."""
    head = page_head(request, session_id)
    return page(request, "pages/replay.html", head=head, turn=min(turn, max(1, head.detail.session.turns)), speed=speed)
