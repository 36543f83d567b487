"""Facts that a handoff leaves out: greetings, all but the last commits of a session, rules that a longer one includes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from onward.core.facts.fact import FIRST_STEP, OPEN_REQUEST, Fact, FactKind
from onward.core.facts.ledger import fact_order
from onward.core.text.prose import content_words, identifiers

RULE_KINDS: frozenset[FactKind] = frozenset(("rule", "shared_rule"))
_MAX_COMMITS = 3
"""The most commits of one session in a handoff."""
_SIGNATURE_WORDS = 4
_PLAIN_WORD = re.compile(r"(?:--)?[a-z][\w:-]*|\S*\.(?:sh|py|[cm]?[jt]s|rb|pl|ps1)", re.I)
"""A word of a command that says what it does: a tool, a script or a long option; not a path, value or assignment."""
_NEXT_COMMAND = re.compile(r"&&|\|\|?|;")
_CODE_SPAN = re.compile(r"`([^`]+)`")
_MIN_REQUEST_WORDS = 2
"""A request with fewer content words says nothing by itself."""


def asks_nothing(fact: Fact, session_number: int) -> bool:
    """Whether a person's request is a greeting or refers to something earlier ("do that"). The last request of the newest session is
    exempt, because its place makes it clear.
    """
    is_request = fact.kind == "requirement" or fact.subject == FIRST_STEP or (fact.kind == "goal" and fact.session < session_number)
    is_bare = is_request and not fact.pinned and not fact.lead and not identifiers(fact.text)
    is_last_word = fact.subject in (OPEN_REQUEST, FIRST_STEP) and fact.session == session_number
    return is_bare and not is_last_word and fact.text.isascii() and len(content_words(fact.text)) < _MIN_REQUEST_WORDS


def telling_commands(facts: Sequence[Fact], head: str) -> list[Fact]:
    """Return the commands of *facts*, the weightiest first, without repetitions of one that the *head* or an earlier line names: the same
    words apart from short flags, paths and values. A command that failed last is repeated unless the head names it.
    """
    spans = _CODE_SPAN.findall(head)
    signatures = {_signature(span) for span in spans}
    chosen: list[Fact] = []
    for fact in sorted(facts, key=lambda fact: (-fact.session, -fact.weight, fact_order(fact))):
        command = fact.subject.removeprefix("command:")
        signature = _signature(command)
        has_failed = fact.outcome is not None and fact.outcome.code == "fails"
        is_repeated = command in spans or (signature and signature in signatures and not has_failed)
        if not is_repeated or fact.pinned:
            signatures.add(signature)
            chosen.append(fact)
    return chosen


def _signature(command: str) -> tuple[str, ...]:
    """Return the first words of a command that say what it does."""
    first = _NEXT_COMMAND.split(command, maxsplit=1)[0]
    return tuple(word for word in first.split() if _PLAIN_WORD.fullmatch(word))[:_SIGNATURE_WORDS]


def last_commits(facts: Sequence[Fact]) -> list[Fact]:
    """Return *facts* without all but the last few commits of each session: `git log` lists the others."""
    counts: Counter[int] = Counter()
    dropped: set[str] = set()
    for fact in sorted(facts, key=fact_order, reverse=True):
        if fact.subject.startswith("commit:"):
            counts[fact.session] += 1
            if counts[fact.session] > _MAX_COMMITS:
                dropped.add(fact.id)
    return [fact for fact in facts if fact.id not in dropped]


def fullest_rules(facts: Sequence[Fact]) -> list[Fact]:
    """Return *facts* without rules whose words are all in a longer one."""
    rules = [fact for fact in facts if fact.kind in RULE_KINDS]
    texts = {fact.id: _plain(fact.text) for fact in rules}
    parts = {
        fact.id for fact in rules for other in rules
        if not fact.pinned and texts[fact.id] != texts[other.id] and texts[other.id].startswith(texts[fact.id])
    }  # fmt: skip
    return [fact for fact in facts if fact.id not in parts]


def _plain(text: str) -> str:
    return " ".join(text.lower().split()).rstrip(".!。！")
