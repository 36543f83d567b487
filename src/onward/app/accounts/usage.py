"""Usage: what sessions cost in tokens and at list prices, computed from their turns.

Each turn is stored once in its project, so turns repeated in a fork count once. A session is counted when it is completed, or when its
usage is requested.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from onward.core.accounts.report import AccountSession, ModelUsage
from onward.core.session import Session
from onward.core.transcript.transcript import Usage
from onward.store import Store, accounts, projects, sessions, turns, usage
from onward.store.usage import TurnUsage
from onward.tokens.prices import price_usd

__all__ = ["ModelUsage", "Usage", "UsagePoint", "count", "count_all", "list_usage_points", "read_session_usage", "recount"]


def count(store: Store, session_id: int) -> None:
    """Count the usage of a session if its turns have changed since the last count. If they change during the count, the next count
    corrects it.
    """
    with store.read() as connection:
        session = sessions.find(connection, session_id)
        if session is None or usage.is_counted(connection, session_id, session.turns, session.tokens):
            return
        links = accounts.list_links(connection, session_id=session_id)
        usages = sum_by_model(usage.read_turns(connection, session_id), links)
    with store.write() as connection:
        projects.lock_project(connection, session.project_id)
        current_session = sessions.find(connection, session_id)
        if (
            current_session
            and (current_session.turns, current_session.tokens) == (session.turns, session.tokens)
            and accounts.list_links(connection, session_id=session_id) == links
        ):
            usage.replace_usage(connection, session_id, usages, turns=session.turns, tokens=session.tokens)


def recount(store: Store, session_id: int) -> None:
    """Count the usage of a session again, whatever is counted."""
    with store.write() as connection:
        usage.forget(connection, session_id)
    count(store, session_id)


def count_all(store: Store, *, project_id: int | None = None) -> int:
    """Count all outdated sessions, of one project or of all, and return how many there were."""
    with store.read() as connection:
        session_ids = usage.list_uncounted(connection, project_id=project_id)
    for session_id in session_ids:
        count(store, session_id)
    return len(session_ids)


def read_session_usage(store: Store, session_id: int) -> list[ModelUsage]:
    """Return the cost of a session by account and model, highest first. Counts it first if necessary."""
    count(store, session_id)
    with store.read() as connection:
        return usage.totals(connection, session_id=session_id)


class UsagePoint(NamedTuple):
    """A session at one answer: the tokens that its model was sent, and the list price of the session until then, None while no price is
    known.
    """

    turn: int
    context_tokens: int
    cost_usd: float | None


def list_usage_points(store: Store, session: Session, limit: int) -> list[UsagePoint]:
    """Return at most *limit* points of a session, each with the largest context of the answers it represents. Answers of sub-agents, which
    have their own contexts, only add to the price.
    """
    points: list[UsagePoint] = []
    cost_usd: float | None = None
    with store.read() as connection:
        for stored_turn in turns.read_session(connection, session.id):
            turn = stored_turn.turn
            if not turn.usage or turn.usage == Usage():
                continue
            price = price_usd(turn.model, turn.usage, turn.at) if turn.model else None
            cost_usd = cost_usd if price is None else (cost_usd or 0.0) + price
            if not turn.sidechain:
                tokens = turn.usage.input_tokens + turn.usage.cache_read_tokens + turn.usage.cache_write_tokens
                points.append(UsagePoint(stored_turn.ordinal, tokens, cost_usd))
    width = -(-len(points) // limit) or 1
    groups = (points[start : start + width] for start in range(0, len(points), width))
    return [group[-1]._replace(context_tokens=max(point.context_tokens for point in group)) for group in groups]


@dataclass(slots=True)
class _UsageSum:
    turns: int = 0
    tokens: Usage = field(default_factory=Usage)
    cost_usd: float | None = None
    unpriced_turns: int = 0

    def add(self, turn: TurnUsage) -> None:
        self.turns += 1
        for name in turn.usage.__dataclass_fields__:
            setattr(self.tokens, name, getattr(self.tokens, name) + getattr(turn.usage, name))
        cost = price_usd(turn.model, turn.usage, turn.at) if turn.model else None
        if cost is None:
            self.unpriced_turns += 1
        else:
            self.cost_usd = (self.cost_usd or 0.0) + cost


def sum_by_model(turns: Iterable[TurnUsage], links: Sequence[AccountSession]) -> list[ModelUsage]:
    """Return the sum of *turns* by account and model. *links* are the accounts that the session ran on, with times, newest first."""
    sums: dict[tuple[int | None, str], _UsageSum] = {}
    for turn in turns:
        sums.setdefault((_account_at(links, turn.at), turn.model), _UsageSum()).add(turn)
    return [
        ModelUsage(
            account_id=account_id,
            model=model,
            turns=usage_sum.turns,
            tokens=usage_sum.tokens,
            cost_usd=usage_sum.cost_usd,
            unpriced_turns=usage_sum.unpriced_turns,
        )
        for (account_id, model), usage_sum in sums.items()
    ]


def _account_at(links: Sequence[AccountSession], at: datetime | None) -> int | None:
    """Return the account in use at a time. The first account counts from the beginning; a turn without a time counts for the last one."""
    if not links:
        return None
    return next((link.account_id for link in links if at is None or link.started_at <= at), links[-1].account_id)
