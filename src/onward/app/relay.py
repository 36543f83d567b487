"""Handing over when a limit is reached: the session is completed, and the account is chosen that goes on."""

from __future__ import annotations

from collections.abc import Sequence

from onward.app import accounts, sessions
from onward.app.charging import account_of
from onward.app.completing import complete
from onward.app.credits import best
from onward.core.accounts import Standing
from onward.core.credits import Need, Window
from onward.core.project import Project
from onward.core.relay import Relayed, agent_of
from onward.core.session import Completed, Session
from onward.core.stored_handoff import StoredHandoff
from onward.errors import NotFound
from onward.store import Store, handoffs


def relay(
    store: Store,
    project: Project,
    *,
    number: int | None = None,
    accomplishments: Sequence[str] | None = None,
    blockers: Sequence[str] | None = None,
    credits_used: float | None = None,
    limit_reached: bool = False,
    need: Need | None = None,
    window: Window | None = None,
    agent: str = "",
    budget_tokens: int | None = None,
) -> Relayed:
    """Complete the session of that *number*, or the active one begun last, and name the account to go on with.

    With *limit_reached*, its account is noted to have reached its limit, so it is not chosen. *agent* is who goes on, whatever the account is for. Without an active session, the project's
    newest handoff is what is gone on from. Raises `NotFound` where there is neither.
    """
    session = _session(store, project, number)
    done: Completed | None = None
    left: Standing | None = None
    if session:
        done = complete(
            store, session, accomplishments=accomplishments, blockers=blockers, credits_used=credits_used, budget_tokens=budget_tokens
        )
        account = account_of(store, session)
        if account:
            left = accounts.limit_reached(store, account) if limit_reached else accounts.show(store, account).standing
    handoff = done.handoff if done else _newest(store, project)
    chosen = best(store, need, window=window)
    goes_on = agent or agent_of(chosen.best.standing.account if chosen.best else None)
    active = tuple(one.number for one in sessions.listed(store, project, status="active"))
    return Relayed(done.session if done else None, handoff, bool(done and done.again), left, chosen, goes_on, active)


def _session(store: Store, project: Project, number: int | None) -> Session | None:
    try:
        return sessions.find(store, project, number)
    except NotFound:
        if number is not None:
            raise
        return None


def _newest(store: Store, project: Project) -> StoredHandoff:
    with store.read() as connection:
        found = handoffs.newest(connection, project.id)
    if found is None:
        raise NotFound(
            f"{project.name} has no active session and no handoff: there is nothing to go on from.",
            "Import what your agent wrote: onward import --complete",
        )
    return found
