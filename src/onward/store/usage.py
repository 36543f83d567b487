"""Usage: tokens and costs of sessions by model and account, counted from their turns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, delete, func, insert, or_, select

from onward.core.accounts.report import ModelUsage
from onward.core.transcript.transcript import Usage
from onward.store.clock import to_datetime, to_datetime_or_none
from onward.store.schema import counted_sessions, session_accounts, sessions, turns, usage
from onward.store.turn_bodies import TurnCodec

_RATED_SESSIONS = 50
_TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")


class TurnUsage(NamedTuple):
    """The usage that one turn reports."""

    at: datetime | None
    model: str
    usage: Usage


def read_turns(connection: Connection, session_id: int) -> Iterator[TurnUsage]:
    """Yield the usage of a session's turns. Abandoned turns count too: they were paid for."""
    unpack = TurnCodec().unpack
    query = select(turns.c.role, turns.c.at, turns.c.body).where(turns.c.session_id == session_id, turns.c.role == "assistant")
    for row in connection.execute(query.order_by(turns.c.id).execution_options(yield_per=500)):
        turn = unpack(row.role, to_datetime_or_none(row.at), bytes(row.body))
        if turn.usage and turn.usage != Usage():
            yield TurnUsage(turn.at, turn.model or "", turn.usage)


def list_uncounted(connection: Connection, *, project_id: int | None = None, limit: int | None = None) -> list[int]:
    """Return the sessions, of one project or of all, whose turns changed since their usage was counted."""
    is_changed = or_(
        counted_sessions.c.turns.is_(None), counted_sessions.c.turns != sessions.c.turns, counted_sessions.c.tokens != sessions.c.tokens
    )
    query = (
        select(sessions.c.id)
        .outerjoin(counted_sessions, counted_sessions.c.session_id == sessions.c.id)
        .where(sessions.c.turns > 0, is_changed)
        .order_by(sessions.c.id)
        .limit(limit)
    )
    return list(connection.execute(query if project_id is None else query.where(sessions.c.project_id == project_id)).scalars())


def is_counted(connection: Connection, session_id: int, turns: int, tokens: int) -> bool:
    """Return whether a session's usage was counted when it had this many *turns* and *tokens*."""
    query = select(counted_sessions.c.turns, counted_sessions.c.tokens).where(counted_sessions.c.session_id == session_id)
    return connection.execute(query).first() == (turns, tokens)


def replace_usage(connection: Connection, session_id: int, model_usages: Sequence[ModelUsage], *, turns: int, tokens: int) -> None:
    """Store the usage of a locked session, counted when it had this many *turns* and *tokens*."""
    forget(connection, session_id)
    rows = [
        {
            "session_id": session_id,
            "account_id": item.account_id,
            "model": item.model,
            "turns": item.turns,
            "cost_usd": item.cost_usd,
            "unpriced_turns": item.unpriced_turns,
            **{name: getattr(item.tokens, name) for name in _TOKENS},
        }
        for item in model_usages
    ]
    if rows:
        connection.execute(insert(usage), rows)
    connection.execute(insert(counted_sessions).values(session_id=session_id, turns=turns, tokens=tokens))


def forget(connection: Connection, session_id: int) -> None:
    """Delete the counted usage of a session, so that it is counted again: its accounts changed."""
    connection.execute(delete(usage).where(usage.c.session_id == session_id))
    connection.execute(delete(counted_sessions).where(counted_sessions.c.session_id == session_id))


def totals(connection: Connection, *, session_id: int | None = None, account_id: int | None = None) -> list[ModelUsage]:
    """Return the usage of a session or an account, by account and model, most expensive first."""
    query = select(usage.c.account_id, usage.c.model, *_SUMS).group_by(usage.c.account_id, usage.c.model)
    if session_id is not None:
        query = query.where(usage.c.session_id == session_id)
    if account_id is not None:
        query = query.where(usage.c.account_id == account_id)
    return _sort_by_cost(_from_row(row) for row in connection.execute(query))


def totals_by_account(connection: Connection) -> dict[int, list[ModelUsage]]:
    """Return the usage of every account by model, most expensive first."""
    usages_by_account: dict[int, list[ModelUsage]] = {}
    for model_usage in totals(connection):
        if model_usage.account_id is not None:
            usages_by_account.setdefault(model_usage.account_id, []).append(model_usage)
    return usages_by_account


def totals_by_project(connection: Connection) -> dict[int, list[ModelUsage]]:
    """Return the usage of every project by account and model, most expensive first."""
    keys = (usage.c.account_id, usage.c.model)
    usages_by_project: dict[int, list[ModelUsage]] = {}
    for row in connection.execute(select(*keys, *_SUMS, sessions.c.project_id).join(sessions).group_by(*keys, sessions.c.project_id)):
        usages_by_project.setdefault(row.project_id, []).append(_from_row(row))
    return {project_id: _sort_by_cost(usages) for project_id, usages in usages_by_project.items()}


_SUMS = [func.sum(usage.c[name]) for name in ("turns", *_TOKENS, "cost_usd", "unpriced_turns")]


def _from_row(row: Any) -> ModelUsage:
    return ModelUsage(
        account_id=row[0],
        model=row[1],
        turns=int(row[2]),
        tokens=Usage(**dict(zip(_TOKENS, map(int, row[3:7]), strict=True))),
        cost_usd=row[7],
        unpriced_turns=int(row[8]),
    )


def _sort_by_cost(usages: Iterable[ModelUsage]) -> list[ModelUsage]:
    return sorted(usages, key=lambda item: (-(item.cost_usd or 0.0), -item.turns, item.account_id or 0, item.model))


@dataclass(frozen=True, slots=True)
class SessionSpend:
    """A session whose credits a person entered.

    `usd` is its usage at list price, None if a price is unknown; `at` is when it was completed, or started.
    """

    session_id: int
    project_id: int
    account_id: int | None
    credits: float
    accomplishments: int
    tokens: int
    usd: float | None
    at: datetime


def list_session_spend(connection: Connection, *, account_id: int | None = None, limit: int | None = None) -> list[SessionSpend]:
    """Return the sessions with known credits, newest first: all, or those that run on one account now."""
    # Subqueries use an index for each session. A join with a grouped query would scan all of that for each.
    current_account = (
        select(session_accounts.c.account_id)
        .where(session_accounts.c.session_id == sessions.c.id)
        .order_by(session_accounts.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    usd, unpriced = (
        select(func.sum(column)).where(usage.c.session_id == sessions.c.id).scalar_subquery()
        for column in (usage.c.cost_usd, usage.c.unpriced_turns)
    )
    columns = (sessions.c.id, sessions.c.project_id, sessions.c.credits_used, sessions.c.accomplishments_json, sessions.c.tokens)
    at = func.coalesce(sessions.c.completed_at, sessions.c.created_at)
    query = (
        select(*columns, current_account.label("account_id"), usd.label("usd"), unpriced.label("unpriced"), at.label("at"))
        .where(sessions.c.credits_used.is_not(None))
        .order_by(sessions.c.id.desc())
        .limit(limit)
    )
    if account_id is not None:
        account_sessions = select(session_accounts.c.session_id).where(session_accounts.c.account_id == account_id)
        query = query.where(sessions.c.id.in_(account_sessions), current_account == account_id)
    return [
        SessionSpend(
            session_id=row.id,
            project_id=row.project_id,
            account_id=row.account_id,
            credits=row.credits_used,
            accomplishments=len(orjson.loads(row.accomplishments_json)),
            tokens=row.tokens,
            usd=None if row.unpriced else row.usd,
            at=to_datetime(row.at),
        )
        for row in connection.execute(query)
    ]


def list_rates(connection: Connection, account_id: int) -> list[tuple[float, float]]:
    """Return (credits, US dollars at list price) of the last sessions on an account where both are known."""
    spends = list_session_spend(connection, account_id=account_id, limit=_RATED_SESSIONS)
    return [(spend.credits, spend.usd) for spend in spends if spend.usd and spend.credits]
