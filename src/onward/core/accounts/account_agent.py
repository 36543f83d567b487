"""Whose account it was: the agent that an account is for, and the accounts that readings of limits are of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from onward.core.agents import AGENTS
from onward.core.transcript.transcript import LimitReading


class _Named(Protocol):
    """What shows which agent an account is for."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def provider(self) -> str: ...
    @property
    def plan(self) -> str: ...
    @property
    def profile(self) -> str: ...


class FoundReading(NamedTuple):
    """A reading with the evidence for its account: the one that its session runs on, or None, its agent, and that agent's folder."""

    account_id: int | None
    agent: str
    profile: str
    reading: LimitReading


def agent_of(account: _Named | None) -> str:
    """Return the id of the agent that an account is for, by its provider, else its plan, else its name; empty if
    none of them shows it.
    """
    if account is None:
        return ""
    for field in (account.provider, account.plan, account.name):
        lowered = field.lower()
        for agent in AGENTS:
            if any(word in lowered for word in agent.providers):
                return agent.id
    return ""


def readings_by_account(pool: Sequence[_Named], readings: Iterable[FoundReading]) -> dict[int, list[LimitReading]]:
    """Return the readings of each account of the whole *pool*, by its id.

    A reading is of the account that its session runs on; else of the one whose profile is its folder; else of the only account of its
    agent, unless that one has another profile. Where several accounts are possible, it is of none.
    """
    by_account: dict[int, list[LimitReading]] = {}
    agents = {account.id: agent_of(account) for account in pool}
    for entry in readings:
        account_id = entry.account_id
        if account_id is None:
            of_agent = [account for account in pool if agents[account.id] == entry.agent]
            in_folder = [account for account in of_agent if account.profile and account.profile == entry.profile]
            candidates = in_folder or [account for account in of_agent if not account.profile or not entry.profile]
            account_id = candidates[0].id if len(candidates) == 1 else None
        if account_id is not None:
            by_account.setdefault(account_id, []).append(entry.reading)
    return by_account
