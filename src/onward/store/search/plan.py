"""Which terms of a question choose what is found, and which only help to rank it: the same on every database."""

from __future__ import annotations

from collections.abc import Mapping

COMMON_TERM_TURNS = 20_000
"""A term that this many turns hold is common: it does not choose what is found, it only helps to rank it."""

MAX_RANKED_TURNS = 40_000
"""Turns that one search ranks at most."""


def sort_rarest_first(counts: Mapping[str, int]) -> list[str]:
    """Return the terms that are found anywhere, with their *counts*, the rarest first."""
    return sorted((term for term in counts if counts[term]), key=lambda term: counts[term])


def selective_terms(counts: Mapping[str, int]) -> list[str]:
    """Return the terms that choose what is found: the rarest, as long as few enough turns hold one of them; none where all are common."""
    rare: list[str] = []
    total = 0
    for term in sort_rarest_first(counts):
        total += counts[term]
        if counts[term] < COMMON_TERM_TURNS and total <= MAX_RANKED_TURNS:
            rare.append(term)
    return rare
