"""Choosing an account: the best account to use next, moving an open session to it, and how credits are used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from onward.app.accounts.accounts import now, record_credits
from onward.app.accounts.charges import link_account
from onward.app.accounts.fields import parse_need
from onward.app.accounts.usage import count_all
from onward.app.lookup import require_session
from onward.core.accounts.accounts import Account, AccountAvailability, AccountEvent, account_availability, charge_credits, settle_account
from onward.core.accounts.forecast import LOOKBACK_DAYS, BurnRate, CreditsUse, Efficiency, Forecast, burn_rate, forecast, window_forecast
from onward.core.accounts.rank import (
    REMEMBERED_FAILURES_HOURS,
    AccountCandidate,
    AccountChoice,
    AccountNeed,
    RankedAccount,
    RotationWindow,
    decide_rotation,
    rank_accounts,
)
from onward.core.accounts.report import AccountCredits, CreditsOutlook, CreditsReport, ModelUsage, ProjectCredits, RotationOutcome
from onward.core.session import Session
from onward.errors import Conflict
from onward.message import Message
from onward.store import Store, accounts, projects, usage
from onward.store.usage import SessionSpend

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = [
    "AccountChoice",
    "AccountCredits",
    "AccountNeed",
    "BurnRate",
    "CreditsOutlook",
    "CreditsReport",
    "Efficiency",
    "Forecast",
    "ModelUsage",
    "ProjectCredits",
    "RankedAccount",
    "RotationOutcome",
    "RotationWindow",
    "analyze",
    "best_account",
    "outlook",
    "parse_need",
    "rotate",
]  # fmt: skip


def best_account(
    store: Store, need: AccountNeed | None = None, *, window: RotationWindow | None = None, at: datetime | None = None
) -> AccountChoice:
    """Return the suggested account and the reasons."""
    with store.read() as connection:
        options = _rank_accounts(
            connection, accounts.list_accounts(connection), need or AccountNeed(), window or RotationWindow(), at or now()
        )
    return AccountChoice(next((option for option in options if option.is_usable), None), options)


def _rank_accounts(
    connection: Connection,
    pool: Sequence[Account],
    need: AccountNeed,
    window: RotationWindow,
    at: datetime,
    *,
    except_session: int | None = None,
) -> list[RankedAccount]:
    """Rank the accounts of the pool. *except_session* does not count as a session that runs on an account."""
    availabilities = [account_availability(account, at) for account in pool]
    account_events = accounts.list_events(connection, kinds=["failure"], since=at - timedelta(hours=REMEMBERED_FAILURES_HOURS))
    if need.model:
        window_starts = [
            availability.window_at
            for availability in availabilities
            if any(model.credits is not None for model in availability.account.models)
        ]
        since = min((start for start in window_starts if start), default=None) if all(window_starts) else None
        account_events += accounts.list_events(connection, kinds=["use"], since=since) if window_starts else []
    session_ids, events_by_account = accounts.session_ids_by_account(connection), _group_by_account(account_events)
    candidates = [
        AccountCandidate(
            availability,
            events_by_account.get(availability.account.id, []),
            len(session_ids.get(availability.account.id, set()) - {except_session}),
        )
        for availability in availabilities
    ]
    return rank_accounts(candidates, need, window)


_HasAccount = TypeVar("_HasAccount", AccountEvent, SessionSpend)


def _group_by_account(records: Sequence[_HasAccount]) -> dict[int | None, list[_HasAccount]]:
    grouped: dict[int | None, list[_HasAccount]] = {}
    for record in records:
        grouped.setdefault(record.account_id, []).append(record)
    return grouped


def rotate(
    store: Store,
    session: Session,
    *,
    need: AccountNeed | None = None,
    window: RotationWindow | None = None,
    credits_used: float | None = None,
    to: Account | None = None,
    at: datetime | None = None,
) -> RotationOutcome:
    """Move an open session to the best account if its own account has reached the rotation window or is unavailable; or to the account
    *to*, whatever the window.

    *credits_used* is what the user reads on the account now. Raises `Conflict` if the session is not open.
    """
    at, window, need = at or now(), window or RotationWindow(), need or AccountNeed()
    with store.write() as connection:
        projects.lock_project(connection, session.project_id)
        open_session = require_session(connection, session.id)
        if open_session.status != "in_progress":
            raise Conflict(
                Message("Session {number} is {status}.", number=open_session.number, status=open_session.status),
                "Only an active session can change its account.",
            )
        # Lock the whole pool: two rotations at once would otherwise decide by the same state.
        pool = accounts.lock_accounts(connection)
        current_id = accounts.account_ids_by_session(connection, [session.id]).get(session.id)
        if credits_used is not None and current_id is not None:
            pool = [
                record_credits(connection, account, credits_used, at, session_id=session.id) if account.id == current_id else account
                for account in pool
            ]
        options = _rank_accounts(connection, pool, need, window, at, except_session=session.id)
        current = next((option for option in options if option.availability.account.id == current_id), None)
        other_options = [option for option in options if option.availability.account.id != current_id]
        decision = decide_rotation(current, other_options, window)
        target, why = decision.target, decision.why
        if to is not None:
            target = next((option for option in other_options if option.availability.account.id == to.id), None)
            why = Message("chosen by hand")
            if target is None:
                why = Message("{account} was deleted", account=to.name)
                if to.id == current_id:
                    why = Message("it already runs on {account}", account=to.name)
        if target:
            link_account(connection, open_session, target.availability.account.id, why, at)
        previous = current.availability if current else None
        return RotationOutcome(
            session=open_session,
            has_moved=target is not None,
            before=previous,
            after=target.availability if target else previous,
            position=decision.position,
            why=why,
            reasons=target.reasons if target else (),
        )


def outlook(
    store: Store, session: Session, *, window: RotationWindow | None = None, credits_used: float | None = None, at: datetime | None = None
) -> CreditsOutlook:
    """Return the state of a session's credits and the suggested account. Nothing is moved.

    *credits_used* is what the user says the session used; it replaces what the account was charged for the session. Without an account, it
    is measured against 100 credits.
    """
    at, window = at or now(), window or RotationWindow()
    with store.read() as connection:
        current_id = accounts.account_ids_by_session(connection, [session.id]).get(session.id)
        charged_credits = sum(entry.credits for entry in accounts.list_charges(connection, session.id) if entry.account_id == current_id)
        pool = [
            charge_credits(settle_account(account, at), credits_used - charged_credits, "reported")
            if credits_used is not None and account.id == current_id
            else account
            for account in accounts.list_accounts(connection)
        ]
        options = _rank_accounts(connection, pool, AccountNeed(), window, at, except_session=session.id)
    current = next((option for option in options if option.availability.account.id == current_id), None)
    decision = decide_rotation(current, [option for option in options if option is not current], window)
    if current is None:
        return CreditsOutlook(
            None, window.position(session.credits_used if credits_used is None else credits_used), decision.target, decision.why
        )
    return CreditsOutlook(current.availability, decision.position, decision.target, decision.why)


def analyze(store: Store, *, account: Account | None = None, project_id: int | None = None, at: datetime | None = None) -> CreditsReport:
    """Return the credit usage of one account, one project, or everything. Counts usage that is not counted yet first."""
    at = at or now()
    count_all(store, project_id=project_id)
    with store.read() as connection:
        availabilities = [account_availability(account, at) for account in accounts.list_accounts(connection)]
        account_events = accounts.list_events(connection, kinds=["use", "report"], since=at - timedelta(days=LOOKBACK_DAYS))
        spent_sessions = usage.list_session_spend(connection)
        usage_by_account, usage_by_project = usage.totals_by_account(connection), usage.totals_by_project(connection)
        names_by_id = {
            project.id: project.name for archived in (False, True) for project in projects.list_projects(connection, archived=archived)
        }
    credits_left = sum(availability.credits_left or 0.0 for availability in availabilities if availability.status == "active")
    events_by_account, sessions_by_account = _group_by_account(account_events), _group_by_account(spent_sessions)
    sessions_by_project: dict[int, list[SessionSpend]] = {number: [] for number in names_by_id}
    for session in spent_sessions:
        sessions_by_project.setdefault(session.project_id, []).append(session)
    account_credits = [
        AccountCredits(
            availability,
            _forecast_account(availability, events_by_account.get(account_id, [])),
            _efficiency(sessions_by_account.get(account_id, [])),
            usage_by_account.get(account_id, []),
        )
        for availability in availabilities
        if project_id is None and (account_id := availability.account.id) and (account is None or account_id == account.id)
    ]
    project_credits = [
        ProjectCredits(
            project_id=number,
            name=name,
            forecast=_forecast_project(sessions_by_project[number], credits_left, at),
            efficiency=_efficiency(sessions_by_project[number]),
            usage=usage_by_project.get(number, []),
        )
        for number, name in names_by_id.items()
        if account is None and project_id in (None, number)
    ]
    return CreditsReport(at, credits_left, account_credits, project_credits)


def _forecast_account(availability: AccountAvailability, events: Sequence[AccountEvent]) -> Forecast:
    """Return when the tightest window of an account is used up."""
    tightest = availability.tightest_window()
    if tightest and not tightest.is_credits:
        return window_forecast(tightest, availability.at)
    uses = [CreditsUse(event.at, event.credits) for event in events if event.credits]
    note = Message("Some of the credits were estimated from transcripts.") if availability.credits_estimated else None
    return forecast(burn_rate(uses, availability.at), availability.credits_left, resets_at=availability.resets_at, usage_note=note)


def _forecast_project(spent_sessions: Sequence[SessionSpend], credits_left: float, at: datetime) -> Forecast:
    """Return when this project alone would use up the credits that are left on all accounts."""
    rate = burn_rate([CreditsUse(session.at, session.credits) for session in spent_sessions], at)
    return forecast(
        rate,
        credits_left,
        usage_note=Message(
            "Assumes that this project uses everything left on all accounts; sessions without reported credits are not counted."
        ),
    )


def _efficiency(spent_sessions: Sequence[SessionSpend]) -> Efficiency:
    priced = [session.usd for session in spent_sessions if session.usd is not None]
    return Efficiency(
        sessions=len(spent_sessions),
        credits=sum(session.credits for session in spent_sessions),
        accomplishments=sum(session.accomplishments for session in spent_sessions),
        tokens=sum(session.tokens for session in spent_sessions),
        usd=sum(priced) if priced and len(priced) == len(spent_sessions) else None,
    )
