"""Choosing what a handoff says: live facts in, a document under a token budget out.

Rules come first, but never take more than two fifths of the budget; then an inventory of files; then the head (goal, state, what to do first); then everything else by marginal value per token:
a fact that repeats what is already in gains little, a fact of an old session a little less than one of today. The same ledger gives the same document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import NamedTuple

from onward.core.facts import GIT_STATE, Fact, Handle, Kind
from onward.core.handoff import Handoff, Line, Section, render
from onward.core.headings import HEAD, SECTIONS
from onward.core.ledger import Ledger, names_of, order
from onward.core.text import content_words, words

RULES_SHARE = 0.4
"""Of the budget, at most, for rules; the rest is reached with `onward fact list --kind rule`."""

FILES_SHARE = 0.15
"""Of the budget, at most, that files get before anything else competes: where things are is asked for first."""

SECTION_OF: dict[Kind, str] = {
    "rule": "Rules (always)",
    "goal": "Asked for",
    "requirement": "Asked for",
    "next_step": "Next",
    "blocker": "Blocked and open questions",
    "question": "Blocked and open questions",
    "decision": "Decided, and why",
    "done": "Done",
    "file": "Where things are",
    "command": "Commands",
    "error": "Errors and fixes",
    "dead_end": "Tried, does not work",
    "lesson": "Learned",
    "value": "Exact values",
}

_TOLD: frozenset[Kind] = frozenset(("decision", "done", "error", "dead_end", "lesson", "value"))
"""Kinds of what an agent tells of its work. What it says of these in one turn stays on one line, under the heading of the weightiest: cut apart, a sentence loses what it is about."""

_HANDLE_TOKENS = 7
_BULLET_TOKENS = 2
_SECTION_TOKENS = 7
_DENSITY = 0.5
"""How much cost counts against value: 0 takes the best whatever its length, 1 takes value per token."""
_AGE = 0.95
"""What a fact is worth one session later, of what it was worth before."""
_RECURS = 0.2
"""What each further session that names the same thing adds to a fact's value, up to three."""
_KNOWN = 0.2
"""What is left of a fact's value when every word of it is in the document already."""
_REPEATS, _REPEATED = 0.2, 0.15
"""A fact of which less than this share is new counts for this part of its value: it fills a large budget and never crowds a small one."""
_SAME = 0.02
"""A fact of which less than this share is new is in the document already."""


class SessionLine(NamedTuple):
    """What a handoff has to know of a session. `tokens` counts its transcript."""

    number: int
    agent: str = ""
    date: str = ""
    tokens: int = 0


def compose(ledger: Ledger, sessions: Sequence[SessionLine], budget_tokens: int, count_tokens: Callable[[str], int]) -> Handoff:
    """Return the handoff after the last of *sessions*, of at most *budget_tokens* by *count_tokens* without its closing lines."""
    last = sessions[-1] if sessions else SessionLine(0)
    live = [f for f in ledger.live() if f.session <= last.number]
    head = _head(live, last.number)
    origin = ", ".join(part for part in (last.date, last.agent) if part)
    base = Handoff(last.number, origin, head)
    choice = _Choice(count_tokens, budget_tokens - count_tokens(render(base)) - 4, last.number, _recurring(live))
    choice.cover(line.text for _, line in head)
    shown = {i for _, line in head for i in line.facts}
    rest = [f for f in live if f.id not in shown]
    choice.take((f for f in rest if f.kind == "rule" or f.pinned), int(budget_tokens * RULES_SHARE))
    choice.take((f for f in rest if f.kind == "file"), int(budget_tokens * FILES_SHARE))
    passing = [f for f in rest if f.kind != "rule"]
    choice.take(passing, budget_tokens)
    # What a line adds is known only when its neighbours are: count the document once, and spend what was saved.
    choice.left_tokens = budget_tokens - count_tokens(render(_document(base, choice.chosen)))
    choice.take(passing, budget_tokens)
    return _fitting(base, choice, budget_tokens, count_tokens)


def _document(base: Handoff, chosen: Iterable[Fact]) -> Handoff:
    return replace(base, sections=tuple(_sections(chosen)))


def _fitting(base: Handoff, choice: _Choice, budget_tokens: int, count_tokens: Callable[[str], int]) -> Handoff:
    """Return the document of what was chosen, giving up the last choices until it fits."""
    while True:
        made = _document(base, choice.chosen)
        over = count_tokens(render(made)) - budget_tokens
        if over <= 0 or not choice.chosen:
            return made
        del choice.chosen[-max(1, over // 40) :]


class _Choice:
    """Facts chosen so far, in the order of choosing, with what they cover and what is left to spend."""

    def __init__(self, count_tokens: Callable[[str], int], left_tokens: int, now: int, recurring: Mapping[str, int]) -> None:
        self.chosen: list[Fact] = []
        self._ids: set[str] = set()
        self._count = count_tokens
        self.left_tokens = left_tokens
        self._now = now
        self._recurring = recurring
        self._covered: set[str] = set()
        """Words, and pairs of neighbouring words, that the document holds already."""
        self._leads: set[tuple[str, Handle, str]] = set()
        self._lines: set[tuple[str, Handle]] = set()
        self._sections: set[str] = set()

    def cover(self, texts: Iterable[str]) -> None:
        """Take note of words that the document holds already."""
        for text in texts:
            self._covered.update(_grams(text))

    def take(self, facts: Iterable[Fact], most_tokens: int) -> None:
        """Choose the best of *facts* while there is room, spending at most *most_tokens* on them. Lazy greedy: gains only ever fall."""
        room = min(most_tokens, self.left_tokens)
        by_id = {f.id: f for f in facts if f.id not in self._ids}
        grams = {name: _grams(f.text) for name, f in by_id.items()}
        costs = {name: self._count(f.text) + _BULLET_TOKENS for name, f in by_id.items()}
        heap = [(-self._gain(f, grams[name], costs[name]), name) for name, f in by_id.items()]
        heapify(heap)
        while heap and room > 12:
            before, name = heappop(heap)
            fact = by_id[name]
            gain = self._gain(fact, grams[name], costs[name])
            if gain <= 0.0:
                continue
            if heap and -gain > heap[0][0] + 1e-12 and -gain != before:
                heappush(heap, (-gain, name))
                continue
            cost = costs[name] + self._overhead(fact)
            if cost > room:
                continue
            room -= cost
            self.left_tokens -= cost
            self._add(fact, grams[name])

    def _gain(self, fact: Fact, grams: frozenset[str], cost: int) -> float:
        new = len(grams - self._covered) / len(grams) if grams else 0.0
        if new < _SAME and not fact.pinned:
            return 0.0
        age = 1.0 if fact.kind == "rule" or fact.pinned else _AGE ** (self._now - fact.session)
        age *= 1 + _RECURS * min(3, self._recurring.get(fact.id, 0))
        if new < _REPEATS:
            age *= _REPEATED
        return float(fact.weight * age * (_KNOWN + (1 - _KNOWN) * new) / max(8, cost + self._overhead(fact)) ** _DENSITY)

    def _overhead(self, fact: Fact) -> int:
        line = _line_of(fact)
        tokens = self._count(fact.lead) + 1 if fact.lead and (*line, fact.lead) not in self._leads else 0
        if line not in self._lines:
            tokens += _HANDLE_TOKENS + (0 if SECTION_OF[fact.kind] in self._sections else _SECTION_TOKENS)
        return tokens

    def _add(self, fact: Fact, grams: frozenset[str]) -> None:
        line = _line_of(fact)
        self.chosen.append(fact)
        self._ids.add(fact.id)
        self._covered |= grams
        self._covered.update(_grams(fact.lead))
        self._lines.add(line)
        self._leads.add((*line, fact.lead))
        self._sections.add(SECTION_OF[fact.kind])


def _line_of(fact: Fact) -> tuple[str, Handle]:
    """Return what facts on one line have in common: the section, or that an agent told them in one breath, and the turn."""
    told = fact.kind in _TOLD and fact.author == "agent" and (fact.turn > 0 or not fact.sources)
    return "" if told else SECTION_OF[fact.kind], fact.sources[0] if fact.sources else Handle(0, 0)


def _recurring(live: Sequence[Fact]) -> dict[str, int]:
    """Return, by fact, how many further sessions name one of the same things: what work keeps coming back to matters longer."""
    if len({f.session for f in live}) < 2:
        return {}
    named = {f.id: (f.session, names_of(f)) for f in live}
    sessions: dict[str, set[int]] = {}
    for session, names in named.values():
        for name in names:
            sessions.setdefault(name, set()).add(session)
    return {fact: max((len(sessions[name]) for name in names), default=1) - 1 for fact, (_, names) in named.items()}


def _grams(text: str) -> frozenset[str]:
    """Return the content words of *text* and their neighbouring pairs: two sentences about one thing share words, two that say the same share pairs."""
    said = content_words(text) or words(text)
    return frozenset(said) | {f"{a} {b}" for a, b in pairwise(said)}


def _head(live: Sequence[Fact], now: int) -> tuple[tuple[str, Line], ...]:
    """Return goal, state and what to do first: the best facts of their kind, those of the last session's end before all."""
    end = max((f.turn for f in live if f.session == now), default=0) or 1
    goal = _best(live, ("goal",), now, end, lateness=0.0) or _best(live, ("requirement",), now, end, lateness=0.5)
    state = _best(live, ("done",), now, end, lateness=0.8)
    # What an earlier session left to do first may long be done.
    first = _best([f for f in live if f.session == now], ("next_step",), now, end, lateness=0.8)
    git = next((f for f in live if f.subject == GIT_STATE and f.session == now), None)
    began = _best([f for f in live if f.session == 1], ("goal",), 1, end, lateness=0.0) if now > 1 else None
    named = {"Goal": [began, goal] if began is not goal else [goal], "State": [state, git], "Do first": [first]}
    lines = ((name, [f for f in named.get(name, []) if f]) for name in HEAD)
    return tuple((name, line_saying(facts)) for name, facts in lines if facts)


def _best(facts: Iterable[Fact], kinds: Sequence[Kind], now: int, end: int, lateness: float) -> Fact | None:
    """Return the weightiest fact of *kinds*; *lateness* (0..1) is how much it loses by standing at the beginning of the last session."""

    def value(fact: Fact) -> float:
        # Turn 0 is what a person said on completing the session: the last word of all.
        late = (fact.turn / end if fact.turn else 1.0) if fact.session == now else 0.0
        return fact.weight * 0.8 ** (now - fact.session) * (1 - lateness * (1 - late))

    fitting = [f for f in facts if f.kind in kinds and f.author != "tool"]
    return max(fitting, key=lambda f: (value(f), order(f)), default=None)


def _sections(chosen: Iterable[Fact]) -> Iterable[Section]:
    by_line: dict[tuple[str, Handle], list[Fact]] = {}
    for fact in sorted(chosen, key=order):
        by_line.setdefault(_line_of(fact), []).append(fact)
    by_section: dict[str, list[Fact]] = {}
    for together in by_line.values():
        weightiest = max(together, key=lambda fact: fact.weight)
        by_section.setdefault(SECTION_OF[weightiest.kind], []).extend(together)
    for title in SECTIONS:
        if facts := by_section.get(title):
            yield Section(title, tuple(line_saying(group) for group in _groups(facts)))


def _groups(facts: Sequence[Fact]) -> Iterable[list[Fact]]:
    """Put neighbours from one turn on one line: they share their handle, and those with the same lead share that too."""
    group: list[Fact] = []
    for fact in facts:
        if group and (fact.sources[:1] != group[0].sources[:1] or not fact.sources or len(group) == 4):
            yield group
            group = []
        group.append(fact)
    if group:
        yield group


def line_saying(facts: Sequence[Fact]) -> Line:
    """Return one line that says *facts*, a lead that they share once."""
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
    return Line(" ".join(parts).rstrip(";"), sources, tuple(f.id for f in facts))
