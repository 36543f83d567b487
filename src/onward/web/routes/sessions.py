"""Sessions: those of every project, and one of them with its conversation, its handoffs, its files and what it cost."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple
from urllib.parse import urlencode

from fastapi import Query, Response

from onward.app import accounts, conversations, handoffs, projects, session_jobs, sessions, touched, usage
from onward.app.charging import account_of
from onward.app.credits import Outlook, best, outlook
from onward.app.jobs import Job
from onward.core.project import Project
from onward.core.session import Session, SessionDetail
from onward.errors import NotFound
from onward.web.briefing import briefing_of
from onward.web.conversation import TurnView, told_by_turn, turn_views
from onward.web.language import _
from onward.web.of_project import newest, refinements
from onward.web.rendering import page, partial
from onward.web.visit import At, Visit, routes, window

router = routes()

MOST_SESSIONS = 25
MOST_TURNS = 20
MOST_FOUND = 200
MOST_FILES = 200
MOST_CHOICES = 200
MOST_QUERY_CHARS = 500

Place = Annotated[int, Query(ge=1, le=2**24)]
"""A place in a conversation: the ordinal of a turn."""


@router.get("/sessions")
def listed(
    at: At,
    status: Literal["", "active", "completed", "abandoned"] = "",
    project: str = "",
    account: str = "",
    agent: str = "",
    before: int | None = None,
) -> Response:
    """Show the sessions of every project, the one begun last first, as far as they are wanted."""
    found = sessions.of_all(
        at.store,
        project_id=_number(project),
        account_id=_number(account),
        status=status or None,
        agent=agent or None,
        before=before,
        limit=MOST_SESSIONS + 1,
    )
    shown = found[:MOST_SESSIONS]
    chosen = {"status": status, "project": project, "account": account, "agent": agent}
    answer = page(
        at,
        "pages/sessions.html",
        sessions=shown,
        names={number: projects.of_id(at.store, number).name for number in {one.project_id for one in shown}},
        kept=handoffs.kept_of(at.store, [one.id for one in shown]),
        chosen=chosen,
        projects=[line.project for line in projects.known(at.store, limit=MOST_CHOICES)],
        accounts=[one.account for one in accounts.listed(at.store, limit=MOST_CHOICES)],
        agents=sessions.agents(at.store),
        is_first=before is None,
        has_more=len(found) > MOST_SESSIONS,
    )
    if at.is_htmx and not at.is_boosted:
        # What is not asked for is no part of the address.
        wanted = {name: value for name, value in chosen.items() if value}
        answer.headers["hx-push-url"] = "/sessions" + (f"?{urlencode(wanted)}" if wanted else "")
    return answer


def _number(text: str) -> int | None:
    """Return the id that a filter names; one that there is none of where it is no number."""
    return None if not text else int(text) if text.isdecimal() and len(text) < 10 else 0


class Head(NamedTuple):
    """What every page of a session begins with. `job` is what is being done with it, or did not come to its end."""

    detail: SessionDetail
    project: Project
    outlook: Outlook | None
    account: str
    job: Job | None


def head_of(at: Visit, session_id: int) -> Head:
    """Return what every page of a session begins with. Raises `NotFound`."""
    detail = sessions.show(at.store, sessions.of_id(at.store, session_id))
    is_active = detail.session.status == "active"
    seen = outlook(at.store, detail.session, window=window(at.settings)) if is_active else None
    account = seen.standing.account if seen and seen.standing else None if is_active else account_of(at.store, detail.session)
    project = projects.of_id(at.store, detail.session.project_id)
    return Head(detail, project, seen, account.name if account else "", _unfinished(at, project, detail.session))


def _unfinished(at: Visit, project: Project, one: Session) -> Job | None:
    job = session_jobs.latest(at.store, project, one)
    if job is None or job.state == "done" or (job.finished_at and one.completed_at and one.completed_at > job.finished_at):
        return None
    return job


@router.get("/sessions/{session_id}")
def show(at: At, session_id: int, first: Annotated[Place, Query(alias="from")] = 1, turn: str = "") -> Response:
    """Show a session's conversation, from one turn on; with *turn* (41, or 41-43) that one is marked and in sight."""
    head = head_of(at, session_id)
    begin, end = _span(turn, head.detail.session.turns)
    if begin:
        first = max(1, begin - 4)
    shown = _views(at, head.detail, head.project, first, MOST_TURNS)
    return page(
        at,
        "pages/session.html",
        head=head,
        first=first,
        turns=shown,
        marked=(begin, end),
        has_more=bool(shown) and shown[-1].stored.ordinal < head.detail.session.turns,
        briefing=briefing_of(at, head.project, head.detail) if head.detail.session.status == "active" else "",
    )


def _span(turn: str, most: int) -> tuple[int, int]:
    """Return the first and the last turn that an address marks; zeros where it marks none."""
    first, _sep, last = turn.partition("-")
    if not first.isdecimal() or len(first) > 8:
        return 0, 0
    begin = min(max(1, int(first)), max(1, most))
    return begin, max(begin, int(last)) if last.isdecimal() and len(last) <= 8 else begin


def _views(at: Visit, detail: SessionDetail, project: Project, first: int, limit: int, *, whole: bool = False) -> list[TurnView]:
    now = newest(at, project)
    told = told_by_turn(detail.session.number, detail.made.handoff if detail.made else None, now=now.handoff if now else None)
    return turn_views(sessions.replay(at.store, detail.session, first=first, limit=limit), told, whole=whole)


@router.get("/parts/sessions/{session_id}/turns")
def turns(at: At, session_id: int, first: Annotated[Place, Query(alias="from")] = 1, until: Annotated[int, Query(ge=0)] = 0) -> Response:
    """Answer some turns, and how to come to more: those from one on, or those before one (*until*)."""
    detail = sessions.show(at.store, sessions.of_id(at.store, session_id))
    project = projects.of_id(at.store, detail.session.project_id)
    if until:
        first = max(1, until - MOST_TURNS)
    shown = _views(at, detail, project, first, until - first if until else MOST_TURNS)
    return partial(
        at,
        "partials/_turns.html",
        session=detail.session,
        project=project,
        turns=shown,
        marked=(0, 0),
        earlier=first if until and first > 1 else 0,
        later=shown[-1].stored.ordinal + 1 if not until and shown and shown[-1].stored.ordinal < detail.session.turns else 0,
    )


@router.get("/parts/sessions/{session_id}/turns/{ordinal}")
def whole_turn(at: At, session_id: int, ordinal: int) -> Response:
    """Answer one turn with nothing cut."""
    detail = sessions.show(at.store, sessions.of_id(at.store, session_id))
    project = projects.of_id(at.store, detail.session.project_id)
    shown = _views(at, detail, project, ordinal, 1, whole=True)
    return partial(at, "partials/_turns.html", session=detail.session, project=project, turns=shown, marked=(0, 0), earlier=0, later=0)


@router.get("/parts/sessions/{session_id}/find")
def find(at: At, session_id: int, q: str = "") -> Response:
    """Answer where in a session something is said."""
    asked = q.strip()[:MOST_QUERY_CHARS]
    one = sessions.of_id(at.store, session_id)
    found = conversations.find(at.store, one, asked, limit=MOST_FOUND + 1) if asked else []
    return partial(at, "partials/_found_turns.html", session=one, q=asked, found=found[:MOST_FOUND], has_more=len(found) > MOST_FOUND)


@router.get("/sessions/{session_id}/handoff")
def handoff(at: At, session_id: int, on: str = "") -> Response:
    """Show what a session began with and what it left, and what a model is doing about it; after completing, *on* names the account to go on with."""
    head = head_of(at, session_id)
    ranked = None
    if on and head.detail.session.status == "completed":
        ranking = best(at.store, window=window(at.settings)).ranking
        ranked = next((one for one in ranking if one.usable and str(one.standing.account.id) == on), None)
    made = head.detail.made
    working = refinements(at, head.project, made.version) if made else []
    return page(at, "pages/session_handoff.html", head=head, made=made, refinements=working, on=ranked, newest=newest(at, head.project))


@router.get("/parts/sessions/{session_id}/handoff.md")
def download(at: At, session_id: int) -> Response:
    """Answer the handoff that a session made, as a file."""
    detail = sessions.show(at.store, sessions.of_id(at.store, session_id))
    if detail.made is None:
        raise NotFound(_("Session %(number)s made no handoff.", number=detail.session.number), _("Complete it."))
    name = f"handoff-{detail.session.number}-v{detail.made.version}.md"
    return Response(
        detail.made.markdown, headers={"content-disposition": f'attachment; filename="{name}"'}, media_type="text/markdown; charset=utf-8"
    )


@router.get("/sessions/{session_id}/files")
def files(at: At, session_id: int, after: str | None = None) -> Response:
    """Show the files that a session touched."""
    head = head_of(at, session_id)
    found = touched.listed(at.store, head.project, session=head.detail.session.number, after=after, limit=MOST_FILES + 1)
    return page(at, "pages/session_files.html", head=head, files=found[:MOST_FILES], has_more=len(found) > MOST_FILES)


@router.get("/sessions/{session_id}/usage")
def used(at: At, session_id: int) -> Response:
    """Show what a session cost, by model."""
    head = head_of(at, session_id)
    names = {one.account.id: one.account.name for one in accounts.listed(at.store, limit=MOST_CHOICES)}
    return page(at, "pages/session_usage.html", head=head, usage=usage.of_session(at.store, session_id), names=names)


@router.get("/sessions/{session_id}/replay")
def replay(at: At, session_id: int, turn: Place = 1, speed: Annotated[int, Query(ge=1, le=4)] = 1) -> Response:
    """Show a session turn by turn."""
    head = head_of(at, session_id)
    return page(at, "pages/replay.html", head=head, turn=min(turn, max(1, head.detail.session.turns)), speed=speed)
