"""Rules for every project: how they join a project's ledger, and which rules of projects might become one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from onward.core.facts.fact import Fact, FactKind, FactState, Handle
from onward.core.facts.ledger import Ledger
from onward.core.text.prose import content_words, numbers, stem

SHARED_RULE: FactKind = "shared_rule"
MIN_PROJECTS = 3
"""Projects that must have a rule before Onward suggests to share it."""
_MIN_WORDS = 2


class SharedRuleSuggestion(NamedTuple):
    """A rule of several projects: its shortest wording, the id of that fact, and the projects by name."""

    text: str
    fact_id: str
    projects: tuple[str, ...]


def shared_fact(fact_id: str, text: str, state: FactState, at: datetime | None) -> Fact:
    """Return a rule for every project as a fact that a person stated."""
    return Fact(
        id=fact_id,
        kind=SHARED_RULE,
        subject="",
        statement=text,
        sources=(),
        at=at,
        weight=1.0,
        evidence="claimed",
        author="person",
        state=state,
    )


def join_shared_rules(ledger: Ledger, rules: Sequence[Fact]) -> Ledger:
    """Return *ledger* with the rules for every project. A rule of the project that says the same gives way to it, and is its source."""
    live = {rule_key(rule.text): rule for rule in rules if rule.state == "live"}
    sources: dict[str, list[Handle]] = {}
    remaining: list[Fact] = []
    for fact in ledger.facts:
        shared = live.get(rule_key(fact.text)) if fact.kind == "rule" and fact.state in ("live", "contradicted") else None
        if shared is None:
            remaining.append(fact)
        else:
            sources.setdefault(shared.id, []).extend(fact.sources)
    joined = (rule._replace(sources=tuple(dict.fromkeys(sources.get(rule.id, ())))) for rule in rules)
    return Ledger((*remaining, *joined))


def rule_key(text: str) -> frozenset[str]:
    """Return what two wordings of one rule share: its words by their stems, and its numbers."""
    return frozenset(map(stem, content_words(text))) | numbers(text) or frozenset(text.casefold().split())


def suggest_shared_rules(project_rules: Iterable[tuple[str, Fact]], rules: Iterable[Fact]) -> list[SharedRuleSuggestion]:
    """Return the rules that at least `MIN_PROJECTS` projects have and that are not shared, those of most projects first. A rule that a
    person retracted for every project is not suggested again.
    """
    known = {rule_key(rule.text) for rule in rules}
    groups: dict[frozenset[str], list[tuple[str, Fact]]] = {}
    for project, fact in project_rules:
        key = rule_key(fact.text)
        if key not in known and len(key) >= _MIN_WORDS:
            groups.setdefault(key, []).append((project, fact))
    suggestions = []
    for members in groups.values():
        names = tuple(dict.fromkeys(project for project, _ in members))
        if len(names) >= MIN_PROJECTS:
            wording = min((fact for _, fact in members), key=lambda fact: (len(fact.text), fact.id))
            suggestions.append(SharedRuleSuggestion(wording.text, wording.id, names))
    return sorted(suggestions, key=lambda suggestion: (-len(suggestion.projects), suggestion.text))
