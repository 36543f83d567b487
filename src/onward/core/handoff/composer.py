"""Selection of the facts for a handoff: live facts in, a document within a token budget out.

Rules come first, with at most two fifths of the budget; then an inventory of files; then the head (goal, state, first
step); then everything else by marginal value per token. A fact that repeats the document gains little, and a fact of an
old session a little less than a new one. The same ledger gives the same document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import NamedTuple

from onward.core.facts.fact import GIT_STATE, Fact, FactKind, Handle
from onward.core.facts.headings import HEAD, SECTIONS
from onward.core.facts.kinds import KINDS
from onward.core.facts.ledger import Ledger, fact_names, fact_order
from onward.core.handoff.document import CitedLine, Handoff, HandoffSection, render
from onward.core.text.prose import content_words, words

RULES_SHARE = 0.4
"""The largest share of the budget for rules; `onward fact list --kind rule` lists the others."""

FILES_SHARE = 0.15
"""The largest share of the budget for files before anything else competes: their places are needed first."""

SECTION_OF: dict[FactKind, str] = {kind.name: kind.section.title for kind in KINDS.values()}
"""The title of the section that a fact is shown in, by its kind."""

_REPORTED_KINDS: frozenset[FactKind] = frozenset(kind.name for kind in KINDS.values() if kind.is_reported)
"""Kinds of what an agent reports of its work. What it says of these in one turn stays on one line, in the section of
the weightiest: a sentence that is cut apart loses its subject.
"""

_HANDLE_TOKENS = 7
_BULLET_TOKENS = 2
_SECTION_TOKENS = 7
_COST_EXPONENT = 0.5
"""How much cost counts against value: 0 ignores the length, 1 is value per token."""
_SESSION_DECAY = 0.95
"""The factor on a fact's value per later session."""
_RECURRENCE_BONUS = 0.2
"""What each further session that names the same thing adds to a fact's value, for at most three sessions."""
_REPEAT_VALUE = 0.2
"""The factor on a fact's value if the document already holds all of its words."""
_REPETITIVE_BELOW, _REPETITIVE_FACTOR = 0.2, 0.15
"""The value of a fact with a smaller share of new words is multiplied by this factor: it fills a large budget and
never crowds a small one.
"""
_DUPLICATE_BELOW = 0.02
"""A fact with a smaller share of new words is already in the document."""


class SessionSummary(NamedTuple):
    """What a handoff needs to know of a session. `tokens` counts its transcript."""

    number: int
    agent: str = ""
    date: str = ""
    tokens: int = 0


def compose(ledger: Ledger, sessions: Sequence[SessionSummary], budget_tokens: int, count_tokens: Callable[[str], int]) -> Handoff:
    """Return the handoff after the last of *sessions*, of at most *budget_tokens* by *count_tokens*, without its
    closing lines.
    """
    last = sessions[-1] if sessions else SessionSummary(0)
    live = [f for f in ledger.live() if f.session <= last.number]
    head = _head(live, last.number)
    origin = ", ".join(part for part in (last.date, last.agent) if part)
    base = Handoff(session=last.number, origin=origin, head=head)
    choice = _Selection(count_tokens, budget_tokens - count_tokens(render(base)) - 4, last.number, _count_recurrences(live))
    choice.cover(line.text for _, line in head)
    shown_ids = {i for _, line in head for i in line.facts}
    remaining = [f for f in live if f.id not in shown_ids]
    choice.select((f for f in remaining if f.kind == "rule" or f.pinned), int(budget_tokens * RULES_SHARE))
    choice.select((f for f in remaining if f.kind == "file"), int(budget_tokens * FILES_SHARE))
    non_rules = [f for f in remaining if f.kind != "rule"]
    choice.select(non_rules, budget_tokens)
    # The cost of a line is known only with its neighbours: count the document once, and spend what is left.
    choice.left_tokens = budget_tokens - count_tokens(render(_document(base, choice.chosen)))
    choice.select(non_rules, budget_tokens)
    return _fit_to_budget(base, choice, budget_tokens, count_tokens)


def _document(base: Handoff, chosen: Iterable[Fact]) -> Handoff:
    return replace(base, sections=tuple(_sections(chosen)))


def _fit_to_budget(base: Handoff, choice: _Selection, budget_tokens: int, count_tokens: Callable[[str], int]) -> Handoff:
    """Return the document of the selected facts, without the last ones that do not fit."""
    while True:
        document = _document(base, choice.chosen)
        excess = count_tokens(render(document)) - budget_tokens
        if excess <= 0 or not choice.chosen:
            return document
        del choice.chosen[-max(1, excess // 40) :]


class _Selection:
    """Facts selected so far, in order of selection, with the words they cover and the tokens left."""

    def __init__(self, count_tokens: Callable[[str], int], left_tokens: int, session_number: int, recurring: Mapping[str, int]) -> None:
        self.chosen: list[Fact] = []
        self._ids: set[str] = set()
        self._count = count_tokens
        self.left_tokens = left_tokens
        self._session_number = session_number
        self._recurring = recurring
        self._covered: set[str] = set()
        """Words, and pairs of neighbouring words, that are in the document."""
        self._leads: set[tuple[str, Handle, str]] = set()
        self._lines: set[tuple[str, Handle]] = set()
        self._sections: set[str] = set()

    def cover(self, texts: Iterable[str]) -> None:
        """Mark the words of *texts* as covered by the document."""
        for text in texts:
            self._covered.update(_grams(text))

    def select(self, facts: Iterable[Fact], max_tokens: int) -> None:
        """Select the best of *facts* while they fit, with at most *max_tokens* for them. Lazy greedy selection works
        because gains only fall.
        """
        remaining = min(max_tokens, self.left_tokens)
        by_id = {f.id: f for f in facts if f.id not in self._ids}
        grams = {name: _grams(f.text) for name, f in by_id.items()}
        costs = {name: self._count(f.text) + _BULLET_TOKENS for name, f in by_id.items()}
        heap = [(-self._gain(f, grams[name], costs[name]), name) for name, f in by_id.items()]
        heapify(heap)
        while heap and remaining > 12:
            before, name = heappop(heap)
            fact = by_id[name]
            gain = self._gain(fact, grams[name], costs[name])
            if gain <= 0.0:
                continue
            if heap and -gain > heap[0][0] + 1e-12 and -gain != before:
                heappush(heap, (-gain, name))
                continue
            cost = costs[name] + self._overhead(fact)
            if cost > remaining:
                continue
            remaining -= cost
            self.left_tokens -= cost
            self._add(fact, grams[name])

    def _gain(self, fact: Fact, grams: frozenset[str], cost: int) -> float:
        new_share = len(grams - self._covered) / len(grams) if grams else 0.0
        if new_share < _DUPLICATE_BELOW and not fact.pinned:
            return 0.0
        factor = 1.0 if fact.kind == "rule" or fact.pinned else _SESSION_DECAY ** (self._session_number - fact.session)
        factor *= 1 + _RECURRENCE_BONUS * min(3, self._recurring.get(fact.id, 0))
        if new_share < _REPETITIVE_BELOW:
            factor *= _REPETITIVE_FACTOR
        return float(
            fact.weight * factor * (_REPEAT_VALUE + (1 - _REPEAT_VALUE) * new_share) / max(8, cost + self._overhead(fact)) ** _COST_EXPONENT
        )

    def _overhead(self, fact: Fact) -> int:
        line = _line_key(fact)
        tokens = self._count(fact.lead) + 1 if fact.lead and (*line, fact.lead) not in self._leads else 0
        if line not in self._lines:
            tokens += _HANDLE_TOKENS + (0 if SECTION_OF[fact.kind] in self._sections else _SECTION_TOKENS)
        return tokens

    def _add(self, fact: Fact, grams: frozenset[str]) -> None:
        line = _line_key(fact)
        self.chosen.append(fact)
        self._ids.add(fact.id)
        self._covered |= grams
        self._covered.update(_grams(fact.lead))
        self._lines.add(line)
        self._leads.add((*line, fact.lead))
        self._sections.add(SECTION_OF[fact.kind])


def _line_key(fact: Fact) -> tuple[str, Handle]:
    """Return what facts on one line have in common: the section, unless an agent reported them in one turn, and the
    turn.
    """
    is_reported = fact.kind in _REPORTED_KINDS and fact.author == "agent" and (fact.turn > 0 or not fact.sources)
    return "" if is_reported else SECTION_OF[fact.kind], fact.sources[0] if fact.sources else Handle(0, 0)


def _count_recurrences(live: Sequence[Fact]) -> dict[str, int]:
    """Return, by fact, how many further sessions name one of the same things: recurring topics matter longer."""
    if len({f.session for f in live}) < 2:
        return {}
    mentions = {f.id: (f.session, fact_names(f)) for f in live}
    sessions: dict[str, set[int]] = {}
    for session, names in mentions.values():
        for name in names:
            sessions.setdefault(name, set()).add(session)
    return {fact: max((len(sessions[name]) for name in names), default=1) - 1 for fact, (_, names) in mentions.items()}


def _grams(text: str) -> frozenset[str]:
    """Return the content words of *text* and their neighbouring pairs: texts on one topic share words, texts that
    say the same share pairs.
    """
    terms = content_words(text) or words(text)
    return frozenset(terms) | {f"{a} {b}" for a, b in pairwise(terms)}


def _head(live: Sequence[Fact], session_number: int) -> tuple[tuple[str, CitedLine], ...]:
    """Return goal, state and first step: the best facts of their kinds, with those at the last session's end first."""
    end = max((f.turn for f in live if f.session == session_number), default=0) or 1
    goal = _best_fact(live, ("goal",), session_number, end, lateness=0.0) or _best_fact(
        live, ("requirement",), session_number, end, lateness=0.5
    )
    state = _best_fact(live, ("done",), session_number, end, lateness=0.8)
    # What an earlier session left to do first may be done by now.
    first_step = _best_fact([f for f in live if f.session == session_number], ("next_step",), session_number, end, lateness=0.8)
    git = next((f for f in live if f.subject == GIT_STATE and f.session == session_number), None)
    first_goal = _best_fact([f for f in live if f.session == 1], ("goal",), 1, end, lateness=0.0) if session_number > 1 else None
    facts_by_name = {"Goal": [first_goal, goal] if first_goal is not goal else [goal], "State": [state, git], "Do first": [first_step]}
    lines = ((name, [f for f in facts_by_name.get(name, []) if f]) for name in HEAD)
    return tuple((name, line_from_facts(facts)) for name, facts in lines if facts)


def _best_fact(facts: Iterable[Fact], kinds: Sequence[FactKind], session_number: int, end: int, lateness: float) -> Fact | None:
    """Return the weightiest fact of *kinds*; *lateness* (0..1) is how much a fact loses at the beginning of the last
    session.
    """

    def value(fact: Fact) -> float:
        # Turn 0 is a person's statement on completing the session, so it is the latest.
        late = (fact.turn / end if fact.turn else 1.0) if fact.session == session_number else 0.0
        return fact.weight * 0.8 ** (session_number - fact.session) * (1 - lateness * (1 - late))

    candidates = [f for f in facts if f.kind in kinds and f.author != "tool"]
    return max(candidates, key=lambda f: (value(f), fact_order(f)), default=None)


def _sections(chosen: Iterable[Fact]) -> Iterable[HandoffSection]:
    by_line: dict[tuple[str, Handle], list[Fact]] = {}
    for fact in sorted(chosen, key=fact_order):
        by_line.setdefault(_line_key(fact), []).append(fact)
    by_section: dict[str, list[Fact]] = {}
    for line_facts in by_line.values():
        weightiest = max(line_facts, key=lambda fact: fact.weight)
        by_section.setdefault(SECTION_OF[weightiest.kind], []).extend(line_facts)
    for title in SECTIONS:
        if facts := by_section.get(title):
            yield HandoffSection(title, tuple(line_from_facts(group) for group in _group_by_turn(facts)))


def _group_by_turn(facts: Sequence[Fact]) -> Iterable[list[Fact]]:
    """Group neighbours of one turn on one line: they share a handle, and those with the same lead share that too."""
    group: list[Fact] = []
    for fact in facts:
        if group and (fact.sources[:1] != group[0].sources[:1] or not fact.sources or len(group) == 4):
            yield group
            group = []
        group.append(fact)
    if group:
        yield group


def line_from_facts(facts: Sequence[Fact]) -> CitedLine:
    """Return one line for *facts*, with a shared lead printed once."""
    parts: list[str] = []
    lead = ""
    for fact in facts:
        text = fact.text if fact.text[-1:] in ".!?…:;" else fact.text + ";"
        if fact.state == "contradicted":
            text += " (in part replaced since)"
        if fact.lead and fact.lead != lead:
            lead = fact.lead
            text = f"{lead.rstrip(':')}: {text}"
        parts.append(text)
    sources = tuple(dict.fromkeys(h for f in facts for h in f.sources))
    return CitedLine(" ".join(parts).rstrip(";"), sources, tuple(f.id for f in facts))
