"""Knowledge: what of a session's facts helps in other projects too: errors with what ended them, lessons, and decisions with their reason.

Most facts are of their project alone, and most prose passes with its session. So a clause must be worth carrying, speak of something by name, and say why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from onward.core.categories import category_of
from onward.core.extract.cues import bit, cue_bits, labelled
from onward.core.facts import Fact
from onward.core.signature import signature
from onward.core.text import content_words, identifiers, words

KnowledgeKind: TypeAlias = Literal["solution", "lesson", "decision", "pattern", "practice"]
KNOWLEDGE_KINDS: tuple[KnowledgeKind, ...] = ("solution", "lesson", "decision", "pattern", "practice")
"""`solution` is an error with what ended it. The first three are harvested; patterns and best practices are written by hand, as anything may be."""

MOST_OF_A_KIND = 8
"""Entries of one kind that a session may give: it knows more, but its best is what others want."""

LEAST_WEIGHT = 0.4
FEWEST_WORDS, MOST_WORDS = 8, 60
FAILED, _PASSES, _AFTER = " failed with: ", " → it passes", " after a change of "
"""How the tools' errors are worded: the command, what it failed with, and what it passed after."""
_WHY = bit("broke") | bit("fixed") | bit("decide") | bit("learned") | bit("reverse")
_NARRATES, _DECIDES, _LEARNED = bit("narrate"), bit("decide"), bit("learned") | bit("failed_try")
_REASONS = (
    "because",
    "so that",
    "since ",
    "instead of",
    "rather than",
    "to avoid",
    "in favor of",
    "over the",
    "karena",
    "supaya",
    "daripada",
    "agar ",
)


_DECIDED = re.compile(r"\b(?:decided|chose|picked|settled on|agreed|diputuskan|sepakat|memilih)\b", re.I)
_LEANING = re.compile(
    r"\W*(?:(?:i|we)\b(?! (?:decided|chose|picked|settled|agreed|keep|kept|use|went)\b)|(?:this|that|these|those|it|its|they|he|she|you|your|i'm|my|our|yes|no|yep|"
    r"ok|okay|right|actually|so|but|and|or|also|then|here|there|hmm|good|great|understood|correct|the (?:changes|above|following)|ini|itu|ya|tapi|jadi)\b)",
    re.I,
)
"""How a sentence begins that cannot stand without its neighbours."""


class Gathered(NamedTuple):
    """A piece of knowledge as one fact tells it. `signature` is what makes it the same as another's; `fix` is empty where the text says it all."""

    kind: KnowledgeKind
    signature: str
    category: str
    text: str
    fix: str
    fact_id: str
    turn: int


def gathered(facts: Iterable[Fact]) -> list[Gathered]:
    """Return what a session's facts give to the knowledge base, the weightiest first, each thing once."""
    everything = list(facts)
    found: dict[tuple[str, str], Gathered] = {}
    counts: dict[str, int] = {}
    for fact in sorted(everything, key=lambda one: (-one.weight, one.turn, one.place, one.id)):
        one = _gathered(fact, everything)
        if one and one.signature and (one.kind, one.signature) not in found and counts.get(one.kind, 0) < MOST_OF_A_KIND:
            counts[one.kind] = counts.get(one.kind, 0) + 1
            found[one.kind, one.signature] = one
    return list(found.values())


def _gathered(fact: Fact, everything: Sequence[Fact]) -> Gathered | None:
    if fact.kind == "error" and fact.author == "tool":
        return _solved(fact, everything)
    if fact.kind not in ("error", "decision", "lesson", "dead_end") or fact.author == "tool" or fact.weight < LEAST_WEIGHT:
        return None
    text = fact.text if labelled(fact.lead) else f"{fact.lead} {fact.text}".strip()
    cues = _cues(text)
    if _LEANING.match(text) or cues & _NARRATES or not FEWEST_WORDS <= len(words(text)) <= MOST_WORDS or not identifiers(fact.text):
        return None
    if fact.kind == "error":
        return _made("solution", fact, text) if cues & bit("broke") and cues & bit("fixed") else None
    has_reason = bool(cues & _DECIDES) and any(reason in text.lower() for reason in _REASONS)
    if fact.kind == "decision" or (has_reason and _DECIDED.search(text)):
        return _made("decision", fact, text) if has_reason else None
    return _made("lesson", fact, text) if fact.kind == "dead_end" or cues & _LEARNED else None


class Solution(NamedTuple):
    """An error of a command that passed later: the whole line, the `error` in it, and the file whose change lay in between, if there was one."""

    told: str
    error: str
    changed: str


def solution_of(fact: Fact) -> Solution | None:
    """Return what an error that the tools showed says of its end; None for one that is not known to have ended."""
    told, passes, how = fact.text.partition(_PASSES)
    return Solution(told, told.partition(FAILED)[2] or told, how.partition(_AFTER)[2]) if passes else None


def _solved(fact: Fact, everything: Sequence[Fact]) -> Gathered | None:
    """Return an error of a command that passed later, with what was changed in between and what the agent said of it."""
    ended = solution_of(fact)
    if ended is None:
        return None
    why = _why(fact, everything)
    fix = ": ".join(part for part in (f"A change of {ended.changed}" if ended.changed else "", why) if part)
    category = category_of(f"{ended.told} {fix}")
    return Gathered("solution", signature(ended.error), category, ended.told, fix, fact.id, fact.turn) if fix else None


def _why(error: Fact, everything: Iterable[Fact]) -> str:
    """Return the weightiest thing that the agent said between the failure and the pass and that gives a cause, a cure or a reason."""
    first, last = error.turn, max(source.turn for source in error.sources)
    named = set(content_words(error.text))
    said = [
        fact
        for fact in everything
        if fact.author == "agent" and first <= fact.turn <= last and fact.kind in ("lesson", "decision", "error", "done", "dead_end")
        and (cues := _cues(fact.text)) & _WHY and not cues & _NARRATES and named & set(content_words(fact.text))
    ]  # fmt: skip
    return max(said, key=lambda fact: (fact.weight, fact.id)).text if said else ""


def _made(kind: KnowledgeKind, fact: Fact, text: str) -> Gathered:
    return Gathered(kind, signature(text), category_of(text), text, "", fact.id, fact.turn)


def _cues(text: str) -> int:
    return cue_bits(text.lower(), words(text))
