"""The current goal of a project after many sessions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from onward.core.facts.fact import OPEN_REQUEST, Fact
from onward.core.facts.ledger import fact_order
from onward.core.text.prose import content_words

_DECAY, _UNWORKED_FACTOR, _ERRAND_FACTOR, _ERRAND_WORDS = 0.7, 0.4, 0.6, 3
"""Factors on the claim of an older goal: for each later goal, for one without any work, for one with at most so many words."""
_TALK_TOKENS = 3_000
"""A session with at least this many tokens is work even if it changed nothing: a review, a search for a cause."""


def worked_sessions(facts: Iterable[Fact], tokens: Mapping[int, int]) -> frozenset[int]:
    """Return the sessions with work: they changed a file, made a commit, leave a request open, have many *tokens*, or a person described
    the work. Others only asked something or tested the agent.
    """
    shown = {fact.session for fact in facts if _shows_work(fact)}
    return frozenset(shown | {number for number, count in tokens.items() if count >= _TALK_TOKENS})


def _shows_work(fact: Fact) -> bool:
    is_typed = fact.author == "user" and not fact.turn
    return fact.kind == "file" or fact.subject == OPEN_REQUEST or fact.subject.startswith("commit:") or is_typed


def choose_goal(live: Sequence[Fact], worked: frozenset[int]) -> Fact | None:
    """Return which of the *live* facts is the current goal.

    It is the goal of the newest session that has one or leaves a request open. If that was only a question or an errand, it is an older
    one. *worked* are the sessions that worked on their goal.
    """
    stated = {fact.session for fact in live if fact.kind == "goal"}
    goals = [fact for fact in live if fact.kind == "goal" or (fact.session not in stated and _is_open_request(fact))]
    goals.sort(key=lambda fact: (-fact.session, -fact.weight, fact_order(fact)))
    places = {text: place for place, text in enumerate(dict.fromkeys(fact.text.lower() for fact in goals))}

    def strength(fact: Fact) -> tuple[bool, float]:
        force = 1.0 if fact.session in worked else _UNWORKED_FACTOR
        force *= _ERRAND_FACTOR if len(content_words(fact.text)) <= _ERRAND_WORDS else 1.0
        return fact.pinned, force * _DECAY ** places[fact.text.lower()]

    return max(goals, key=strength, default=None)


def _is_open_request(fact: Fact) -> bool:
    """Whether a fact is a request that its session leaves open, in words and not only as a path."""
    return fact.subject == OPEN_REQUEST and sum("/" not in word for word in fact.text.split()) > _ERRAND_WORDS
