"""Which facts a handoff leaves out: greetings, all but the last commits of a session, a rule that a fuller one holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from onward.core.facts.fact import FIRST_STEP, OPEN_REQUEST, Fact, FactKind
from onward.core.facts.ledger import fact_order
from onward.core.text.prose import content_words, identifiers

RULE_KINDS: frozenset[FactKind] = frozenset(("rule", "shared_rule"))
_MAX_COMMITS = 3
"""Commits of one session that a handoff lists."""
_MIN_REQUEST_WORDS = 2
"""Content words below which a request says nothing by itself."""


def asks_nothing(fact: Fact, session_number: int) -> bool:
    """Whether a person's request is a greeting or points at what went before ("do that"), which only the last one's place explains."""
    is_request = fact.kind == "requirement" or fact.subject == FIRST_STEP or (fact.kind == "goal" and fact.session < session_number)
    is_bare = is_request and not fact.pinned and not fact.lead and not identifiers(fact.text)
    is_last_word = fact.subject in (OPEN_REQUEST, FIRST_STEP) and fact.session == session_number
    return is_bare and not is_last_word and fact.text.isascii() and len(content_words(fact.text)) < _MIN_REQUEST_WORDS


def last_commits(facts: Sequence[Fact]) -> list[Fact]:
    """Return *facts* without the commits before the last few of each session: `git log` lists them."""
    counts: Counter[int] = Counter()
    dropped: set[str] = set()
    for fact in sorted(facts, key=fact_order, reverse=True):
        if fact.subject.startswith("commit:"):
            counts[fact.session] += 1
            if counts[fact.session] > _MAX_COMMITS:
                dropped.add(fact.id)
    return [fact for fact in facts if fact.id not in dropped]


def fullest_rules(facts: Sequence[Fact]) -> list[Fact]:
    """Return *facts* without the rules that another one says word for word, and more."""
    rules = [fact for fact in facts if fact.kind in RULE_KINDS]
    texts = {fact.id: _plain(fact.text) for fact in rules}
    parts = {
        fact.id for fact in rules for other in rules
        if not fact.pinned and texts[fact.id] != texts[other.id] and texts[other.id].startswith(texts[fact.id])
    }  # fmt: skip
    return [fact for fact in facts if fact.id not in parts]


def _plain(text: str) -> str:
    return " ".join(text.lower().split()).rstrip(".!。！")
