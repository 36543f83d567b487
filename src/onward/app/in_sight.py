"""The session that goes on: what stands in sight wherever a person is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from onward.app.accounts import now
from onward.core.accounts import Standing, standing
from onward.core.credits import Place, Window
from onward.core.project import Project
from onward.core.session import Session
from onward.store import Store, accounts, projects, sessions

_COUNTED = 10


@dataclass(frozen=True, slots=True)
class InSight:
    """The active session that was begun last, its project, the account it runs on (None where nobody named one) and where that stands in the window; `others` are active too, ten at most."""

    session: Session
    project: Project
    standing: Standing | None
    place: Place
    others: int


def in_sight(store: Store, window: Window | None = None, at: datetime | None = None) -> InSight | None:
    """Return the session that goes on; None where none does."""
    with store.read() as connection:
        active = sessions.of_all(connection, status="active", limit=_COUNTED + 1)
        project = projects.by_id(connection, active[0].project_id) if active else None
        if not active or project is None:
            return None
        account_id = accounts.current(connection, [active[0].id]).get(active[0].id)
        account = next(iter(accounts.listed(connection, ids=[account_id])), None) if account_id else None
    stands = standing(account, at or now()) if account else None
    place = (window or Window()).place(stands.used_percent if stands else None)
    return InSight(active[0], project, stands, place, len(active) - 1)
