"""Sessions on accounts: which one a session runs on, and the credits that it is charged with there.

A session is charged once, whatever is said how often: each time, with the difference to what it was charged before. What nobody entered is estimated from the usage in its transcript, where
the account's other sessions tell what a dollar of list price is in credits; what is entered later takes the estimate's place.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from onward.app.accounts import now
from onward.core.accounts import Account, Event, Source, credits_per_usd, last_reset, settled, spent
from onward.core.session import Session
from onward.errors import NotFound
from onward.store import Store, accounts, projects, sessions, usage
from onward.store.accounts import Charge


def assign(store: Store, session: Session, account: Account, *, why: str = "chosen by a person", at: datetime | None = None) -> None:
    """Put a session on an account. It is charged there with the credits that it has, as far as no other account was."""
    with store.write() as connection:
        if not projects.hold(connection, session.project_id) or (found := sessions.by_id(connection, session.id)) is None:
            raise NotFound("The session is gone: its project was deleted.", "List what there is: onward project list")
        put_on(connection, found, account.id, why, at)


def account_of(store: Store, session: Session) -> Account | None:
    """Return the account that a session runs on, or ran on last; None where none was named."""
    with store.read() as connection:
        account_id = accounts.current(connection, [session.id]).get(session.id)
        return next(iter(accounts.listed(connection, ids=[account_id])), None) if account_id else None


def put_on(connection: Connection, session: Session, account_id: int, why: str, at: datetime | None = None) -> None:
    """Put a session, whose project must be held, on an account, unless it is on that one already."""
    held = accounts.hold(connection, [account_id])
    if not held:
        raise NotFound(f"There is no account {account_id}.", "List what there is: onward account list")
    if accounts.current(connection, [session.id]).get(session.id) == account_id:
        return
    accounts.link(connection, session.id, account_id, why)
    usage.forget(connection, session.id)
    if session.credits_used is not None:
        charge(connection, session, at)


def charge(connection: Connection, session: Session, at: datetime | None = None) -> None:
    """Charge the account that a session runs on, if any, with the credits it used; with what is estimated, where nobody said. Its project must be held."""
    at = at or now()
    account_id = accounts.current(connection, [session.id]).get(session.id)
    if account_id is None:
        return
    charged = accounts.charges(connection, session.id)
    held = {one.id: one for one in accounts.hold(connection, {account_id, *(one.account_id for one in charged)})}
    if account_id not in held:
        return
    model = _main_model(connection, session.id)
    reported = sum(one.credits for one in charged if one.source == "reported")
    guessed = [one for one in charged if one.source == "estimated" and one.credits]
    if session.credits_used is None:
        estimate = _estimated(connection, account_id, session.id)
        more = 0.0 if estimate is None else estimate - reported - sum(one.credits for one in guessed)
        _note(connection, held[account_id], session.id, more, "estimated", model, "from the usage in its transcript", at)
        return
    for one in guessed:
        held[one.account_id] = _taken_back(connection, held[one.account_id], session.id, one, model, at)
    _note(connection, held[account_id], session.id, session.credits_used - reported, "reported", model, "", at, since=_last(charged))


def _last(charged: list[Charge]) -> datetime | None:
    return max((one.at for one in charged), default=None)


def _taken_back(connection: Connection, account: Account, session_id: int, one: Charge, model: str, at: datetime) -> Account:
    return _note(connection, account, session_id, -one.credits, "estimated", model, "what was reported takes its place", at, since=one.at)


def _note(
    connection: Connection,
    account: Account,
    session_id: int,
    credits: float,
    source: Source,
    model: str,
    note: str,
    at: datetime,
    *,
    since: datetime | None = None,
) -> Account:
    """Count *credits* on an account, and return it. Fewer than were charged at *since* are given back only if no reset gave them back already."""
    credits = round(credits, 6)
    if not credits:
        return account
    before = settled(account, at)
    window_at = last_reset(account.resets_at, account.period, before.credits_at)
    is_back = credits < 0 and since is not None and window_at is not None and since < window_at
    after = before if is_back else spent(before, credits, source)
    accounts.note(connection, Event(0, account.id, session_id, "use", source, model, credits, after.credits_used, note, before.credits_at))
    return accounts.put(connection, after)


def _estimated(connection: Connection, account_id: int, session_id: int) -> float | None:
    """Return the credits that a session is likely to have used, by what others of the account cost; None where nothing tells."""
    found = usage.totals(connection, session_id=session_id)
    cost = sum(one.cost_usd or 0.0 for one in found)
    rate = credits_per_usd(usage.known_rates(connection, account_id))
    if rate is None or not cost or any(one.unpriced_turns for one in found):
        return None
    return round(rate * cost, 1)


def _main_model(connection: Connection, session_id: int) -> str:
    """Return the model that did most of a session; empty where its transcript does not say."""
    found = usage.totals(connection, session_id=session_id)
    return found[0].model if found else ""
