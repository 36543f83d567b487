"""Usage: the tokens that sessions cost, by model and account, counted from their turns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, delete, func, insert, or_, select

from onward.core.pool import ModelUsage
from onward.core.transcript import Usage
from onward.store.bodies import Bodies
from onward.store.clock import told, told_always
from onward.store.schema import counted_sessions, session_accounts, sessions, turns, usage

_RATED_SESSIONS = 50


class UsedTurn(NamedTuple):
    """A turn that cost something."""

    at: datetime | None
    model: str
    usage: Usage


def of_turns(connection: Connection, session_id: int) -> Iterator[UsedTurn]:
    """Yield the turns of a session that say what they cost, abandoned ones too: they were paid for."""
    unpack = Bodies().unpack
    query = select(turns.c.role, turns.c.at, turns.c.body).where(turns.c.session_id == session_id, turns.c.role == "assistant")
    for row in connection.execute(query.order_by(turns.c.id).execution_options(yield_per=500)):
        turn = unpack(row.role, told(row.at), bytes(row.body))
        if turn.usage and turn.usage != Usage():
            yield UsedTurn(turn.at, turn.model or "", turn.usage)


def uncounted(connection: Connection, *, project_id: int | None = None, limit: int | None = None) -> list[int]:
    """Return the sessions, of one project or of all, whose turns changed since their usage was counted."""
    changed = or_(
        counted_sessions.c.turns.is_(None), counted_sessions.c.turns != sessions.c.turns, counted_sessions.c.tokens != sessions.c.tokens
    )
    query = (
        select(sessions.c.id)
        .outerjoin(counted_sessions, counted_sessions.c.session_id == sessions.c.id)
        .where(sessions.c.turns > 0, changed)
        .order_by(sessions.c.id)
        .limit(limit)
    )
    return list(connection.execute(query if project_id is None else query.where(sessions.c.project_id == project_id)).scalars())


def is_counted(connection: Connection, session_id: int, turns: int, tokens: int) -> bool:
    """Say whether a session's usage was counted when it held so many *turns* and *tokens*."""
    query = select(counted_sessions.c.turns, counted_sessions.c.tokens).where(counted_sessions.c.session_id == session_id)
    return connection.execute(query).first() == (turns, tokens)


def replace(connection: Connection, session_id: int, found: Sequence[ModelUsage], *, turns: int, tokens: int) -> None:
    """Keep what was counted for a session, which must be held, when it held so many *turns* and *tokens*."""
    forget(connection, session_id)
    rows = [
        {
            "session_id": session_id, "account_id": one.account_id, "model": one.model, "turns": one.turns, "cost_usd": one.cost_usd,
            "unpriced_turns": one.unpriced_turns, **{name: getattr(one.tokens, name) for name in one.tokens.__dataclass_fields__},
        }
        for one in found
    ]  # fmt: skip
    if rows:
        connection.execute(insert(usage), rows)
    connection.execute(insert(counted_sessions).values(session_id=session_id, turns=turns, tokens=tokens))


def forget(connection: Connection, session_id: int) -> None:
    """Let a session be counted anew: its turns went to other accounts than was thought."""
    connection.execute(delete(usage).where(usage.c.session_id == session_id))
    connection.execute(delete(counted_sessions).where(counted_sessions.c.session_id == session_id))


def totals(connection: Connection, *, session_id: int | None = None, account_id: int | None = None) -> list[ModelUsage]:
    """Return what was counted of a session or an account, by account and model, the dearest first."""
    query = select(usage.c.account_id, usage.c.model, *_SUMS).group_by(usage.c.account_id, usage.c.model)
    if session_id is not None:
        query = query.where(usage.c.session_id == session_id)
    if account_id is not None:
        query = query.where(usage.c.account_id == account_id)
    return _dearest_first(_model_usage(row) for row in connection.execute(query))


def by_account(connection: Connection) -> dict[int, list[ModelUsage]]:
    """Return what was counted of every account, by its id, each by model, the dearest first."""
    found: dict[int, list[ModelUsage]] = {}
    for one in totals(connection):
        if one.account_id is not None:
            found.setdefault(one.account_id, []).append(one)
    return found


def by_project(connection: Connection) -> dict[int, list[ModelUsage]]:
    """Return what was counted of every project, by its id, each by account and model, the dearest first."""
    keys = (usage.c.account_id, usage.c.model)
    found: dict[int, list[ModelUsage]] = {}
    for row in connection.execute(select(*keys, *_SUMS, sessions.c.project_id).join(sessions).group_by(*keys, sessions.c.project_id)):
        found.setdefault(row.project_id, []).append(_model_usage(row))
    return {project_id: _dearest_first(some) for project_id, some in found.items()}


_SUMS = [
    func.sum(usage.c[name])
    for name in ("turns", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "cost_usd", "unpriced_turns")
]


def _model_usage(row: Any) -> ModelUsage:
    return ModelUsage(row[0], row[1], int(row[2]), Usage(*(int(number) for number in row[3:7])), row[7], int(row[8]))


def _dearest_first(found: Iterable[ModelUsage]) -> list[ModelUsage]:
    return sorted(found, key=lambda one: (-(one.cost_usd or 0.0), -one.turns, one.account_id or 0, one.model))


@dataclass(frozen=True, slots=True)
class SpentSession:
    """A session whose credits a person entered. `usd` is its usage at list prices, None where that is not known for all of it; `at` is when it was completed, or begun."""

    session_id: int
    project_id: int
    account_id: int | None
    credits: float
    accomplishments: int
    tokens: int
    usd: float | None
    at: datetime


def spent_sessions(connection: Connection, *, account_id: int | None = None, limit: int | None = None) -> list[SpentSession]:
    """Return the sessions whose credits are known, the newest first: all, or those that run on one account now."""
    # Looked up by index for each session: a join with what is grouped first would search through all of that for each.
    on = (
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
    told = (sessions.c.id, sessions.c.project_id, sessions.c.credits_used, sessions.c.accomplishments_json, sessions.c.tokens)
    at = func.coalesce(sessions.c.completed_at, sessions.c.created_at)
    query = (
        select(*told, on.label("account_id"), usd.label("usd"), unpriced.label("unpriced"), at.label("at"))
        .where(sessions.c.credits_used.is_not(None))
        .order_by(sessions.c.id.desc())
        .limit(limit)
    )
    if account_id is not None:
        went = select(session_accounts.c.session_id).where(session_accounts.c.account_id == account_id)
        query = query.where(sessions.c.id.in_(went), on == account_id)
    return [
        SpentSession(
            row.id, row.project_id, row.account_id, row.credits_used, len(orjson.loads(row.accomplishments_json)), row.tokens,
            None if row.unpriced else row.usd, told_always(row.at),
        )
        for row in connection.execute(query)
    ]  # fmt: skip


def known_rates(connection: Connection, account_id: int) -> list[tuple[float, float]]:
    """Return (credits, US dollars at list price) of the last sessions on an account where both are known."""
    found = spent_sessions(connection, account_id=account_id, limit=_RATED_SESSIONS)
    return [(one.credits, one.usd) for one in found if one.usd and one.credits]
