"""The accounts that sessions run on, and the credits that sessions charge to them.

A session is charged once, however often it is reported: each charge is the difference from the charges before. If nobody entered credits,
they are estimated from the usage in the transcript and from what the account's other sessions cost per dollar of list price. Entered
credits replace an estimate.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from onward.app.accounts.accounts import now
from onward.app.lookup import lock_account, require_session
from onward.core.accounts.accounts import Account, AccountEvent, charge_credits, credits_per_usd, settle_account
from onward.core.accounts.periods import last_reset
from onward.core.accounts.windows import CreditsSource
from onward.core.session import Session
from onward.message import Message
from onward.store import Store, accounts, projects, usage
from onward.store.accounts import Charge

if TYPE_CHECKING:
    from sqlalchemy import Connection


def assign(store: Store, session: Session, account: Account, *, why: Message | str = "chosen by hand", at: datetime | None = None) -> None:
    """Assign a session to an account and charge the account with the session's credits that no other account was charged with."""
    with store.write() as connection:
        projects.lock_project(connection, session.project_id)
        link_account(connection, require_session(connection, session.id), account.id, why, at)


def find_account(store: Store, session: Session) -> Account | None:
    """Return the account that a session runs on, or ran on last; None if there is none."""
    with store.read() as connection:
        account_id = accounts.account_ids_by_session(connection, [session.id]).get(session.id)
        return next(iter(accounts.list_accounts(connection, ids=[account_id])), None) if account_id else None


def link_account(connection: Connection, session: Session, account_id: int, why: Message | str, at: datetime | None = None) -> None:
    """Assign a session, whose project must be locked, to an account, unless it already runs on it."""
    lock_account(connection, account_id)
    if accounts.account_ids_by_session(connection, [session.id]).get(session.id) == account_id:
        return
    accounts.link_session(connection, session.id, account_id, why)
    usage.forget(connection, session.id)
    if session.credits_used is not None:
        charge(connection, session, at)


def charge(connection: Connection, session: Session, at: datetime | None = None) -> None:
    """Charge the account of a session, if it has one, with the credits that the session used, or with an estimate. The project must be
    locked.
    """
    at = at or now()
    account_id = accounts.account_ids_by_session(connection, [session.id]).get(session.id)
    if account_id is None:
        return
    charges = accounts.list_charges(connection, session.id)
    accounts_by_id = {
        account.id: account for account in accounts.lock_accounts(connection, {account_id, *(entry.account_id for entry in charges)})
    }
    if account_id not in accounts_by_id:
        return
    model = _main_model(connection, session.id)
    reported = sum(entry.credits for entry in charges if entry.source == "reported")
    estimates = [entry for entry in charges if entry.source == "estimated" and entry.credits]
    if session.credits_used is None:
        estimate = _estimate_credits(connection, account_id, session.id)
        difference = 0.0 if estimate is None else estimate - reported - sum(entry.credits for entry in estimates)
        _record_charge(
            connection, accounts_by_id[account_id], session.id, difference, "estimated", model, "from the usage in its transcript", at
        )
        return
    for entry in estimates:
        accounts_by_id[entry.account_id] = _reverse_estimate(connection, accounts_by_id[entry.account_id], session.id, entry, model, at)
    _record_charge(
        connection,
        accounts_by_id[account_id],
        session.id,
        session.credits_used - reported,
        "reported",
        model,
        "",
        at,
        since=_last_charge_at(charges),
    )


def _last_charge_at(charges: list[Charge]) -> datetime | None:
    return max((entry.at for entry in charges), default=None)


def _reverse_estimate(connection: Connection, account: Account, session_id: int, entry: Charge, model: str, at: datetime) -> Account:
    return _record_charge(
        connection, account, session_id, -entry.credits, "estimated", model, "replaced by the reported usage", at, since=entry.at
    )


def _record_charge(
    connection: Connection,
    account: Account,
    session_id: int,
    credits: float,
    source: CreditsSource,
    model: str,
    note: str,
    at: datetime,
    *,
    since: datetime | None = None,
) -> Account:
    """Add *credits* to an account and return it. A refund of a charge made at *since* is skipped if a reset has restored those credits."""
    credits = round(credits, 6)
    if not credits:
        return account
    before = settle_account(account, at)
    window_at = last_reset(account.resets_at, account.period, before.credits_at)
    was_reset = credits < 0 and since is not None and window_at is not None and since < window_at
    after = before if was_reset else charge_credits(before, credits, source)
    accounts.record_events(
        connection,
        AccountEvent(
            id=0,
            account_id=account.id,
            session_id=session_id,
            kind="use",
            source=source,
            model=model,
            credits=credits,
            used_after=after.credits_used,
            note=note,
            at=before.credits_at,
        ),
    )
    return accounts.update_account(connection, after)


def _estimate_credits(connection: Connection, account_id: int, session_id: int) -> float | None:
    """Return the credits that a session probably used, by what other sessions of the account cost; None if there is nothing to compare
    with.
    """
    totals = usage.totals(connection, session_id=session_id)
    cost = sum(total.cost_usd or 0.0 for total in totals)
    rate = credits_per_usd(usage.list_rates(connection, account_id))
    if rate is None or not cost or any(total.unpriced_turns for total in totals):
        return None
    return round(rate * cost, 1)


def _main_model(connection: Connection, session_id: int) -> str:
    """Return the model that did most of a session; empty if the transcript does not name it."""
    totals = usage.totals(connection, session_id=session_id)
    return totals[0].model if totals else ""
