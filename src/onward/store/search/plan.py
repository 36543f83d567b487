"""How a search uses its terms, the same on every database: which ones select turns, and which only rank them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

COMMON_TERM_TURNS = 20_000
"""A term that this many turns contain is common: it does not select turns, it only helps to rank them."""

MAX_RANKED_TURNS = 40_000
"""Turns that one search ranks, at most."""


@dataclass(frozen=True, slots=True)
class TurnFilter:
    """Which turns a search may find: those of a project, of roles, from a time on (`since`) and before one (`until`), in sessions of an
    agent, with all `phrases` and none of the `excluded` ones. A phrase is words in a row, as `split_words` returns them.
    """

    project_id: int | None = None
    roles: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    agent: str = ""
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


def sort_rarest_first(counts: Mapping[str, int]) -> list[str]:
    """Return the terms with a nonzero count, rarest first."""
    return sorted((term for term in counts if counts[term]), key=lambda term: counts[term])


def selective_terms(counts: Mapping[str, int]) -> list[str]:
    """Return the terms that select turns: the rarest ones, as long as few enough turns contain one; none if all are common."""
    rare: list[str] = []
    total = 0
    for term in sort_rarest_first(counts):
        total += counts[term]
        if counts[term] < COMMON_TERM_TURNS and total <= MAX_RANKED_TURNS:
            rare.append(term)
    return rare
