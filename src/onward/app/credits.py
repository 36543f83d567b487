"""Credits: which account to use next, moving an open session to it in time, and how credits go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection

from onward.app.account_fields import need_of
from onward.app.accounts import now, told_used
from onward.app.charging import put_on
from onward.app.usage import count_all
from onward.core.accounts import Account, Event, Standing, settled, spent, standing
from onward.core.credits import REMEMBERED_FAILURES_HOURS, Candidate, Need, Ranked, Window, ranking, rotation
from onward.core.forecast import LOOKBACK_DAYS, Burn, Efficiency, Forecast, Use, burn, forecast
from onward.core.pool import AccountCredits, Best, Credits, ModelUsage, Outlook, ProjectCredits, Rotated
from onward.core.session import Session
from onward.errors import Conflict, NotFound
from onward.store import Store, accounts, projects, sessions, usage
from onward.store.usage import SpentSession

__all__ = [
    "AccountCredits", "Best", "Burn", "Credits", "Efficiency", "Forecast", "ModelUsage", "Need", "Outlook", "ProjectCredits", "Ranked", "Rotated", "Window",
    "analyze", "best", "need_of", "outlook", "rotate",
]  # fmt: skip


def best(store: Store, need: Need | None = None, *, window: Window | None = None, at: datetime | None = None) -> Best:
    """Return the account to use next, and why."""
    with store.read() as connection:
        ranked = _ranked(connection, accounts.listed(connection), need or Need(), window or Window(), at or now())
    return Best(next((one for one in ranked if one.usable), None), ranked)


def _ranked(
    connection: Connection, found: Sequence[Account], need: Need, window: Window, at: datetime, *, but: int | None = None
) -> list[Ranked]:
    """Rank accounts; session *but* is not counted among those that run on them."""
    standings = [standing(account, at) for account in found]
    happened = accounts.events(connection, kinds=["failure"], since=at - timedelta(hours=REMEMBERED_FAILURES_HOURS))
    if need.model:
        windows = [one.window_at for one in standings if any(model.credits is not None for model in one.account.models)]
        since = min((one for one in windows if one), default=None) if all(windows) else None
        happened += accounts.events(connection, kinds=["use"], since=since) if windows else []
    running, of = accounts.open_sessions(connection), _by_account(happened)
    candidates = [Candidate(one, of.get(one.account.id, []), len(running.get(one.account.id, set()) - {but})) for one in standings]
    return ranking(candidates, need, window)


_HasAccount = TypeVar("_HasAccount", Event, SpentSession)


def _by_account(found: Sequence[_HasAccount]) -> dict[int | None, list[_HasAccount]]:
    grouped: dict[int | None, list[_HasAccount]] = {}
    for one in found:
        grouped.setdefault(one.account_id, []).append(one)
    return grouped


def rotate(
    store: Store,
    session: Session,
    *,
    need: Need | None = None,
    window: Window | None = None,
    credits_used: float | None = None,
    to: Account | None = None,
    at: datetime | None = None,
) -> Rotated:
    """Move an open session to the best account, if the one it runs on has come into its rotation window or cannot be used; or to the account *to*, whatever the window says.

    *credits_used* is what a person reads on the account now. Raises `Conflict` when the session is not open.
    """
    at, window, need = at or now(), window or Window(), need or Need()
    with store.write() as connection:
        projects.hold(connection, session.project_id)
        open_session = sessions.by_id(connection, session.id)
        if open_session is None:
            raise NotFound("The session is gone: its project was deleted.", "List what there is: onward project list")
        if open_session.status != "active":
            raise Conflict(f"Session {open_session.number} is {open_session.status}.", "Only an active session changes its account.")
        # All of the pool is held: two rotations at once would otherwise decide by the same state.
        found = accounts.hold(connection)
        current_id = accounts.current(connection, [session.id]).get(session.id)
        if credits_used is not None and current_id is not None:
            found = [told_used(connection, one, credits_used, at, session_id=session.id) if one.id == current_id else one for one in found]
        ranked = _ranked(connection, found, need, window, at, but=session.id)
        current = next((one for one in ranked if one.standing.account.id == current_id), None)
        others = [one for one in ranked if one.standing.account.id != current_id]
        decided = rotation(current, others, window)
        target, why = decided.to, decided.why
        if to is not None:
            target, why = next((one for one in others if one.standing.account.id == to.id), None), "a person chose it"
            if target is None:
                why = f"it runs on {to.name} already" if to.id == current_id else f"{to.name} is gone: someone deleted it"
        if target:
            put_on(connection, open_session, target.standing.account.id, why, at)
        before = current.standing if current else None
        return Rotated(
            open_session,
            target is not None,
            before,
            target.standing if target else before,
            decided.place,
            why,
            target.reasons if target else (),
        )


def outlook(
    store: Store, session: Session, *, window: Window | None = None, credits_used: float | None = None, at: datetime | None = None
) -> Outlook:
    """Return how a session stands with its credits, and which account to go on with. Nothing is moved.

    *credits_used* is what a person says the session used: what its account was charged for it gives way to that. Where it runs on no account, it is held against a hundred.
    """
    at, window = at or now(), window or Window()
    with store.read() as connection:
        current_id = accounts.current(connection, [session.id]).get(session.id)
        charged = sum(one.credits for one in accounts.charges(connection, session.id) if one.account_id == current_id)
        found = [
            spent(settled(one, at), credits_used - charged, "reported") if credits_used is not None and one.id == current_id else one
            for one in accounts.listed(connection)
        ]
        ranked = _ranked(connection, found, Need(), window, at, but=session.id)
    current = next((one for one in ranked if one.standing.account.id == current_id), None)
    decided = rotation(current, [one for one in ranked if one is not current], window)
    if current is None:
        return Outlook(None, window.place(session.credits_used if credits_used is None else credits_used), decided.to, decided.why)
    return Outlook(current.standing, decided.place, decided.to, decided.why)


def analyze(store: Store, *, account: Account | None = None, project_id: int | None = None, at: datetime | None = None) -> Credits:
    """Return how credits go: of one account, one project, or everything. What was not counted of the sessions' usage yet is counted first."""
    at = at or now()
    count_all(store, project_id=project_id)
    with store.read() as connection:
        everything = [standing(one, at) for one in accounts.listed(connection)]
        happened = accounts.events(connection, kinds=["use", "report"], since=at - timedelta(days=LOOKBACK_DAYS))
        spent = usage.spent_sessions(connection)
        used_by, used_for = usage.by_account(connection), usage.by_project(connection)
        names = {one.id: one.name for archived in (False, True) for one in projects.listed(connection, archived=archived)}
    left = sum(one.credits_left or 0.0 for one in everything if one.status == "active")
    events_of, spent_by = _by_account(happened), _by_account(spent)
    spent_for: dict[int, list[SpentSession]] = {number: [] for number in names}
    for session in spent:
        spent_for.setdefault(session.project_id, []).append(session)
    of_accounts = [
        AccountCredits(one, _foreseen(one, events_of.get(number, [])), _efficiency(spent_by.get(number, [])), used_by.get(number, []))
        for one in everything
        if project_id is None and (number := one.account.id) and (account is None or number == account.id)
    ]
    of_projects = [
        ProjectCredits(number, name, _drawn(spent_for[number], left, at), _efficiency(spent_for[number]), used_for.get(number, []))
        for number, name in names.items()
        if account is None and project_id in (None, number)
    ]
    return Credits(at, left, of_accounts, of_projects)


def _foreseen(one: Standing, events: Sequence[Event]) -> Forecast:
    uses = [Use(event.at, event.credits) for event in events if event.credits]
    guessed = "some of the credits were estimated from transcripts" if one.credits_estimated else ""
    return forecast(burn(uses, one.at), one.credits_left, resets_at=one.resets_at, whose=guessed)


def _drawn(spent: Sequence[SpentSession], left: float, at: datetime) -> Forecast:
    """Return when a project alone would have used what is left on all accounts."""
    rate = burn([Use(one.at, one.credits) for one in spent], at)
    return forecast(
        rate, left, whose="all that is left on the accounts goes to this project; sessions without entered credits are not counted"
    )


def _efficiency(spent: Sequence[SpentSession]) -> Efficiency:
    priced = [one.usd for one in spent if one.usd is not None]
    return Efficiency(
        len(spent),
        sum(one.credits for one in spent),
        sum(one.accomplishments for one in spent),
        sum(one.tokens for one in spent),
        sum(priced) if priced and len(priced) == len(spent) else None,
    )
