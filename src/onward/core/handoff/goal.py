"""Which goal holds after many sessions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from onward.core.facts.fact import OPEN_REQUEST, Fact
from onward.core.facts.ledger import fact_order
from onward.core.text.prose import content_words

_DECAY, _UNWORKED_FACTOR, _ERRAND_FACTOR, _ERRAND_WORDS = 0.7, 0.5, 0.6, 3
"""What is left of a goal's hold with each later session that has a goal, of one that nothing was done for, and of one of so few words."""


def choose_goal(live: Sequence[Fact], facts: Iterable[Fact]) -> Fact | None:
    """Return which of the *live* facts is the goal that holds: that of the newest session that has one or leaves a request open; an older
    one where that was only a question or an errand. *facts* are those of the whole ledger: a session that changed a file or made a commit
    worked on its goal.
    """
    worked = {fact.session for fact in facts if fact.kind == "file" or fact.subject.startswith("commit:") or fact.subject == OPEN_REQUEST}
    stated = {fact.session for fact in live if fact.kind == "goal"}
    goals = [fact for fact in live if fact.kind == "goal" or (fact.session not in stated and _is_open_request(fact))]
    goals.sort(key=lambda fact: (-fact.session, -fact.weight, fact_order(fact)))
    places = {session: place for place, session in enumerate(dict.fromkeys(fact.session for fact in goals))}

    def strength(fact: Fact) -> tuple[bool, float]:
        force = 1.0 if fact.session in worked else _UNWORKED_FACTOR
        force *= _ERRAND_FACTOR if len(content_words(fact.text)) <= _ERRAND_WORDS else 1.0
        return fact.pinned, force * _DECAY ** places[fact.session]

    return max(goals, key=strength, default=None)


def _is_open_request(fact: Fact) -> bool:
    """Whether a fact is a request that its session leaves open, in words and not only by a path."""
    return fact.subject == OPEN_REQUEST and sum("/" not in word for word in fact.text.split()) > _ERRAND_WORDS
