"""Accounts of AI services: their credits, their events, and the sessions that ran on them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from onward.core.accounts.account_agent import readings_by_account
from onward.core.accounts.accounts import Account, AccountEvent, AccountEventKind, Limit, ModelLimit
from onward.core.accounts.periods import parse_period
from onward.core.accounts.report import AccountSession
from onward.core.accounts.windows import AccountWindow, CreditsSource, merge_windows
from onward.core.transcript.transcript import LimitReading
from onward.errors import Conflict
from onward.message import Message, from_data, to_data
from onward.store.clock import now, to_datetime, to_datetime_or_none, to_micros
from onward.store.limit_readings import list_newest
from onward.store.schema import account_events, account_limits, account_windows, accounts, session_accounts, sessions


class Charge(NamedTuple):
    """Credits that one source charged to an account for one session, and when it last did."""

    account_id: int
    source: CreditsSource
    credits: float
    at: datetime


def create_accounts(connection: Connection, new_accounts: Sequence[Account]) -> list[Account]:
    """Store new accounts, ignoring their ids, and return them by name. Raises `Conflict` when a name is taken."""
    at = now()
    with connection.begin_nested():
        try:
            connection.execute(
                insert(accounts),
                [{**_to_row(account), "created_at": to_micros(account.created_at), "updated_at": at} for account in new_accounts],
            )
        except IntegrityError:
            raise (
                _name_conflict(new_accounts[0].name)
                if len(new_accounts) == 1
                else Conflict("One of these names was taken in the meantime.", "Send the accounts again.")
            ) from None
    if any(account.windows for account in new_accounts):
        windows_by_name = {account.name: account.windows for account in new_accounts}
        for account in list_accounts(connection):
            if windows := windows_by_name.get(account.name):
                _replace_windows(connection, replace(account, windows=windows))
    names = {account.name for account in new_accounts}
    return [
        account
        for account in list_accounts(connection, name=new_accounts[0].name if len(new_accounts) == 1 else None)
        if account.name in names
    ]


def update_account(connection: Connection, account: Account) -> Account:
    """Store the current state of a locked account and return it. Raises `Conflict` when a new name is taken."""
    with connection.begin_nested():
        try:
            connection.execute(update(accounts).where(accounts.c.id == account.id).values(**_to_row(account), updated_at=now()))
        except IntegrityError:
            raise _name_conflict(account.name) from None
    connection.execute(delete(account_limits).where(account_limits.c.account_id == account.id))
    rows = [
        {"account_id": account.id, "model": limit.model, "reached_at": to_micros(limit.reached_at), "until_at": to_micros(limit.until_at)}
        for limit in account.limits
    ]
    if rows:
        connection.execute(insert(account_limits), rows)
    _replace_windows(connection, account)
    return list_accounts(connection, ids=[account.id])[0]


def _replace_windows(connection: Connection, account: Account) -> None:
    """Store the windows of an account that a person typed."""
    connection.execute(delete(account_windows).where(account_windows.c.account_id == account.id))
    rows = [
        {
            "account_id": account.id,
            "model": window.model,
            "period": window.period,
            "used": window.used,
            "total": window.total,
            "resets_at": to_micros(window.resets_at),
            "at": to_micros(window.at),
        }
        for window in account.windows
        if window.source == "estimated"
    ]
    if rows:
        connection.execute(insert(account_windows), rows)


def _name_conflict(name: str) -> Conflict:
    return Conflict(Message("There is already an account named {name!r}.", name=name), "Choose another name, or change that account.")


def lock_accounts(connection: Connection, ids: Collection[int] | None = None) -> list[Account]:
    """Lock these accounts, or all, until the transaction ends, and return those that exist.

    Lock a project before its accounts: two transactions that lock in different orders would deadlock.
    """
    query = select(accounts.c.id).order_by(accounts.c.id).with_for_update()
    locked_ids = list(connection.execute(query if ids is None else query.where(accounts.c.id.in_(ids))).scalars())
    return list_accounts(connection, ids=locked_ids)


def list_accounts(
    connection: Connection, *, ids: Collection[int] | None = None, name: str | None = None, after: str = "", limit: int | None = None
) -> list[Account]:
    """Return accounts by name: all, those with one of *ids*, or the one named *name*; with *after*, only later names."""
    query = select(accounts).where(accounts.c.name > after).order_by(accounts.c.name).limit(limit)
    if ids is not None:
        query = query.where(accounts.c.id.in_(ids))
    if name is not None:
        query = query.where(accounts.c.name == name)
    rows = connection.execute(query).all()
    limits: dict[int, list[Limit]] = {}
    limits_query = select(account_limits).order_by(account_limits.c.model)
    for row in connection.execute(
        limits_query if len(rows) > 1 else limits_query.where(account_limits.c.account_id.in_([row.id for row in rows]))
    ):
        limits.setdefault(row.account_id, []).append(Limit(row.model, to_datetime(row.reached_at), to_datetime_or_none(row.until_at)))
    typed, readings = _typed_windows(connection), _account_readings(connection) if rows else {}
    return [_from_row(row, tuple(limits.get(row.id, ())), merge_windows(typed.get(row.id, ()), readings.get(row.id, ()))) for row in rows]


def _typed_windows(connection: Connection) -> dict[int, list[AccountWindow]]:
    windows: dict[int, list[AccountWindow]] = {}
    for row in connection.execute(select(account_windows).order_by(account_windows.c.model, account_windows.c.period)):
        window = AccountWindow(
            model=row.model,
            period=row.period,
            used=row.used,
            total=row.total,
            resets_at=to_datetime_or_none(row.resets_at),
            at=to_datetime(row.at),
            source="estimated",
        )
        windows.setdefault(row.account_id, []).append(window)
    return windows


def _account_readings(connection: Connection) -> dict[int, list[LimitReading]]:
    readings = list_newest(connection)
    if not readings:
        return {}
    columns = (accounts.c.id, accounts.c.name, accounts.c.provider, accounts.c.plan, accounts.c.profile)
    return readings_by_account(connection.execute(select(*columns)).all(), readings)


def delete_account(connection: Connection, account_id: int) -> None:
    """Delete an account and its events. Sessions that ran on it remain."""
    connection.execute(delete(accounts).where(accounts.c.id == account_id))


def record_events(connection: Connection, *events: AccountEvent) -> None:
    """Store account events, ignoring their ids."""
    rows = [
        {
            "account_id": event.account_id,
            "session_id": event.session_id,
            "kind": event.kind,
            "source": event.source,
            "model": event.model,
            "credits": event.credits,
            "used_after": event.used_after,
            "note": event.note,
            "at": to_micros(event.at),
        }
        for event in events
    ]
    if rows:
        connection.execute(insert(account_events), rows)


def list_events(
    connection: Connection,
    *,
    account_id: int | None = None,
    kinds: Sequence[AccountEventKind] = (),
    since: datetime | None = None,
    before_id: int | None = None,
    limit: int | None = None,
) -> list[AccountEvent]:
    """Return events of one account or of all, newest first, filtered by kind, time (*since*) and id (below *before_id*)."""
    query = select(account_events).order_by(account_events.c.id.desc()).limit(limit)
    if account_id is not None:
        query = query.where(account_events.c.account_id == account_id)
    if kinds:
        query = query.where(account_events.c.kind.in_(kinds))
    if since is not None:
        query = query.where(account_events.c.at >= to_micros(since))
    if before_id is not None:
        query = query.where(account_events.c.id < before_id)
    return [
        AccountEvent(
            id=row.id,
            account_id=row.account_id,
            session_id=row.session_id,
            kind=row.kind,
            source=row.source,
            model=row.model,
            credits=row.credits,
            used_after=row.used_after,
            note=row.note,
            at=to_datetime(row.at),
        )
        for row in connection.execute(query)
    ]


def list_charges(connection: Connection, session_id: int) -> list[Charge]:
    """Return what a session was charged, by account and source."""
    columns = account_events.c
    query = (
        select(columns.account_id, columns.source, func.sum(columns.credits), func.max(columns.at))
        .where(columns.session_id == session_id, columns.credits.is_not(None))
        .group_by(columns.account_id, columns.source)
        .order_by(columns.account_id, columns.source)
    )
    return [Charge(row[0], row[1], float(row[2]), to_datetime(row[3])) for row in connection.execute(query)]


def link_session(connection: Connection, session_id: int, account_id: int, why: Message | str) -> None:
    """Record that a session runs on an account from now on."""
    reason = orjson.dumps(to_data(why)).decode()
    connection.execute(insert(session_accounts).values(session_id=session_id, account_id=account_id, began_at=now(), why=reason))


def list_links(
    connection: Connection, *, session_id: int | None = None, account_id: int | None = None, limit: int | None = None
) -> list[AccountSession]:
    """Return which sessions ran on which accounts, for one session or one account, newest first."""
    query = (
        select(session_accounts, sessions.c.project_id, sessions.c.number, sessions.c.status)
        .join(sessions)
        .order_by(session_accounts.c.id.desc())
        .limit(limit)
    )
    if session_id is not None:
        query = query.where(session_accounts.c.session_id == session_id)
    if account_id is not None:
        query = query.where(session_accounts.c.account_id == account_id)
    return [
        AccountSession(
            session_id=row.session_id,
            account_id=row.account_id,
            started_at=to_datetime(row.began_at),
            reason=_read_reason(row.why),
            project_id=row.project_id,
            number=row.number,
            status=row.status,
        )
        for row in connection.execute(query)
    ]


def _read_reason(text: str) -> Message | str:
    reason = from_data(orjson.loads(text))
    return reason if isinstance(reason, Message) else str(reason)


def account_ids_by_session(connection: Connection, session_ids: Collection[int]) -> dict[int, int]:
    """Return the account that each of these sessions runs on now; sessions without an account are left out."""
    newest = (
        select(func.max(session_accounts.c.id))
        .where(session_accounts.c.session_id.in_(session_ids))
        .group_by(session_accounts.c.session_id)
    )
    query = select(session_accounts.c.session_id, session_accounts.c.account_id).where(session_accounts.c.id.in_(newest))
    return {row.session_id: row.account_id for row in connection.execute(query)}


def session_ids_by_account(connection: Connection) -> dict[int, set[int]]:
    """Return the ids of the active sessions on each account."""
    newest = (
        select(func.max(session_accounts.c.id))
        .join(sessions, sessions.c.id == session_accounts.c.session_id)
        .where(sessions.c.status == "in_progress")
        .group_by(session_accounts.c.session_id)
    )
    query = select(session_accounts.c.account_id, session_accounts.c.session_id).where(session_accounts.c.id.in_(newest))
    ids_by_account: dict[int, set[int]] = {}
    for account_id, session_id in connection.execute(query):
        ids_by_account.setdefault(account_id, set()).add(session_id)
    return ids_by_account


def _to_row(account: Account) -> dict[str, Any]:
    return {
        "name": account.name,
        "provider": account.provider,
        "plan": account.plan,
        "models_json": _to_json(account.models),
        "tags_json": _to_json(account.tags),
        "note": account.note,
        "credits_total": account.credits_total,
        "credits_used": account.credits_used,
        "credits_estimated": account.credits_estimated,
        "credits_at": to_micros(account.credits_at),
        "resets_at": to_micros(account.resets_at),
        "period": str(account.period or ""),
        "is_paused": account.is_paused,
        "profile": account.profile,
    }


def _to_json(items: Iterable[object]) -> str:
    return orjson.dumps([list(item) if isinstance(item, tuple) else item for item in items]).decode()


def _from_row(row: Row[Any], limits: tuple[Limit, ...], windows: tuple[AccountWindow, ...]) -> Account:
    return Account(
        id=row.id,
        name=row.name,
        provider=row.provider,
        plan=row.plan,
        models=tuple(ModelLimit(*model) for model in orjson.loads(row.models_json)),
        tags=tuple(orjson.loads(row.tags_json)),
        note=row.note,
        credits_total=row.credits_total,
        credits_used=row.credits_used,
        credits_estimated=row.credits_estimated,
        credits_at=to_datetime(row.credits_at),
        resets_at=to_datetime_or_none(row.resets_at),
        period=parse_period(row.period),
        is_paused=row.is_paused,
        limits=limits,
        created_at=to_datetime(row.created_at),
        updated_at=to_datetime(row.updated_at),
        windows=windows,
        profile=row.profile,
    )
