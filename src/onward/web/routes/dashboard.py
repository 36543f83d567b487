"""The start page: what to continue, what runs, what is open, credits and activity; for an empty store, the ways to import sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import NamedTuple

from fastapi import Response

from onward.app import analytics
from onward.app.accounts import accounts
from onward.app.accounts.selection import best_account
from onward.app.admin import stats
from onward.app.handoffs import handoffs
from onward.app.jobs import jobs
from onward.app.projects import facts, projects
from onward.app.sessions import sessions
from onward.core.facts.fact import Fact
from onward.core.handoff.document import CitedLine
from onward.core.handoff.writer_sections import STATE
from onward.core.project import Project, ProjectOverview
from onward.web.page_request import CurrentPageRequest, PageRequest, page_router, rotation_window
from onward.web.render import page, partial

router = page_router()

MAX_PROJECTS = 8
MAX_ACTIVE = 5
MAX_JOBS = 3
MAX_CONTINUED = 3
MAX_ACCOUNTS = 6
MAX_OPEN_PROJECTS, MAX_OPEN = 8, 10
WEEKS = 16


class Continuation(NamedTuple):
    """A project to continue, when it was last worked on, and what its newest handoff says first."""

    project: Project
    last_at: datetime | None
    lines: Sequence[tuple[str, CitedLine]]


class Day(NamedTuple):
    """A day of the activity strip: its column and row, and the sessions that started on it."""

    date: date
    week: int
    weekday: int
    sessions: int


@router.get("/")
def show_dashboard(request: CurrentPageRequest) -> Response:
    """Show the start page."""
    project_lines = projects.list_latest_with_totals(request.store, limit=MAX_PROJECTS)
    open_jobs = [job for job in jobs.list_jobs(request.store, limit=20) if job.is_open][:MAX_JOBS]
    if not project_lines:
        return page(request, "pages/welcome.html", jobs=open_jobs)
    active_sessions = sessions.list_all(request.store, status="in_progress", limit=MAX_ACTIVE)
    listed_accounts = accounts.list_accounts(request.store, limit=MAX_ACCOUNTS)
    return page(
        request,
        "pages/dashboard.html",
        stats=stats.read_stats(request.store),
        project_lines=project_lines,
        preserved_ratios=analytics.preservation_ratios(request.store, [line.project for line in project_lines]),
        active_sessions=active_sessions,
        project_names={session.project_id: projects.require(request.store, session.project_id).name for session in active_sessions},
        jobs=open_jobs,
        continuations=_continuations(request, project_lines),
        next_account=best_account(request.store, window=rotation_window(request.settings)).best if listed_accounts else None,
        accounts=listed_accounts,
        days=_activity(request),
        weeks=WEEKS,
    )


def _continuations(request: PageRequest, project_lines: Sequence[ProjectOverview]) -> list[Continuation]:
    """Return the first of *project_lines* that have a handoff."""
    newest = ((line, handoffs.list_versions(request.store, line.project, limit=1)) for line in project_lines)
    return [
        Continuation(
            line.project,
            line.totals.last_at,
            [(name, head_line) for name, head_line in versions[0].handoff.head if name != STATE],
        )
        for line, versions in islice(((line, versions) for line, versions in newest if versions), MAX_CONTINUED)
    ]


def _activity(request: PageRequest) -> list[Day]:
    """Return the days of the last weeks, the first a Monday."""
    today = datetime.now(UTC).date()
    first = today - timedelta(days=today.weekday(), weeks=WEEKS - 1)
    counts = sessions.count_by_day(request.store, datetime.combine(first, time(), UTC))
    dates = (first + timedelta(days=number) for number in range((today - first).days + 1))
    return [Day(day, (day - first).days // 7, day.weekday(), counts[day]) for day in dates]


@router.get("/parts/open")
def open_part(request: CurrentPageRequest) -> Response:
    """Return the open blockers and questions of the latest projects. Loaded after the page, because their ledgers are read."""
    latest_projects = [option.project for option in projects.list_latest(request.store, limit=MAX_OPEN_PROJECTS)]
    items: list[tuple[Project, Fact]] = []
    for project in latest_projects:
        live_facts = facts.list_facts(request.store, project)
        items += [(project, fact) for fact in live_facts[::-1] if fact.kind in ("blocker", "question")]
    return partial(request, "partials/_open_items.html", items=items[:MAX_OPEN], more=max(0, len(items) - MAX_OPEN))
