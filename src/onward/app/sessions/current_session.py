"""The session in progress, which every page of the dashboard shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from onward.app.accounts.accounts import now
from onward.core.accounts.accounts import AccountAvailability, account_availability
from onward.core.accounts.rank import RotationWindow, WindowPosition
from onward.core.project import Project
from onward.core.session import Session
from onward.store import Store, accounts, projects, sessions

_COUNT_LIMIT = 10


@dataclass(frozen=True, slots=True)
class CurrentSession:
    """The active session that started last, its project, its account (None if it has none) and where that is in the rotation window.
    `other_count` is the number of other active sessions.
    """

    session: Session
    project: Project
    availability: AccountAvailability | None
    window_place: WindowPosition
    other_count: int


def find_current(store: Store, window: RotationWindow | None = None, at: datetime | None = None) -> CurrentSession | None:
    """Return the current session; None if none is active."""
    with store.read() as connection:
        active = sessions.list_across_projects(connection, with_empty=False, status="in_progress", limit=_COUNT_LIMIT + 1)
        project = projects.find(connection, active[0].project_id) if active else None
        if not active or project is None:
            return None
        account_id = accounts.account_ids_by_session(connection, [active[0].id]).get(active[0].id)
        account = next(iter(accounts.list_accounts(connection, ids=[account_id])), None) if account_id else None
        other_count = len(active) - 1
        if other_count >= _COUNT_LIMIT:
            other_count = sessions.count_active(connection) - 1
    availability = account_availability(account, at or now()) if account else None
    window_place = (window or RotationWindow()).position(availability.used_percent if availability else None)
    return CurrentSession(session=active[0], project=project, availability=availability, window_place=window_place, other_count=other_count)
