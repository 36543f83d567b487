"""Harvesting of knowledge: facts of a session that help in other projects too, such as fixed errors, lessons, and
decisions with reasons.

Most facts matter in their project alone, and most prose in its session alone. So a clause must be heavy enough, name
something, and say why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from onward.core.extract.labels import label_kind
from onward.core.facts.fact import Fact
from onward.core.facts.phrases import failure_text
from onward.core.knowledge.categories import category_of
from onward.core.knowledge.cues import cue_bit, cue_bits
from onward.core.knowledge.entry import HarvestedEntry, KnowledgeKind
from onward.core.knowledge.signature import signature
from onward.core.text.prose import content_words, identifiers, words

MAX_PER_KIND = 8
"""The most entries of one kind from a session: only its best are useful elsewhere."""

MIN_WEIGHT = 0.4
MIN_WORDS, MAX_WORDS = 8, 60
_WHY = cue_bit("broke") | cue_bit("fixed") | cue_bit("decide") | cue_bit("learned") | cue_bit("reverse")
_NARRATES, _DECIDES, _LEARNED = cue_bit("narrate"), cue_bit("decide"), cue_bit("learned") | cue_bit("failed_try")
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


_DECISION = re.compile(r"\b(?:decided|chose|picked|settled on|agreed|diputuskan|sepakat|memilih)\b", re.I)
_DEPENDENT_OPENING = re.compile(
    r"\W*(?:(?:i|we)\b(?! (?:decided|chose|picked|settled|agreed|keep|kept|use|went)\b)|(?:this|that|these|those|it|its|they|he|she|"
    r"you|your|i'm|my|our|yes|no|yep|"
    r"ok|okay|right|actually|so|but|and|or|also|then|here|there|hmm|good|great|understood|correct|the (?:changes|above|following)|"
    r"ini|itu|ya|tapi|jadi)\b)",
    re.I,
)
"""Beginnings of sentences that are incomplete without their neighbours."""


def harvest_knowledge(facts: Iterable[Fact]) -> list[HarvestedEntry]:
    """Return the knowledge in a session's facts, the weightiest first, each signature once."""
    all_facts = list(facts)
    entries: dict[tuple[str, str], HarvestedEntry] = {}
    counts: dict[str, int] = {}
    for fact in sorted(all_facts, key=lambda item: (-item.weight, item.turn, item.position, item.id)):
        entry = _harvest_fact(fact, all_facts)
        if entry and entry.signature and (entry.kind, entry.signature) not in entries and counts.get(entry.kind, 0) < MAX_PER_KIND:
            counts[entry.kind] = counts.get(entry.kind, 0) + 1
            entries[entry.kind, entry.signature] = entry
    return list(entries.values())


def _harvest_fact(fact: Fact, facts: Sequence[Fact]) -> HarvestedEntry | None:
    if fact.kind == "error" and fact.author == "tool":
        return _harvest_solution(fact, facts)
    if fact.kind not in ("error", "decision", "lesson", "dead_end") or fact.author == "tool" or fact.weight < MIN_WEIGHT:
        return None
    text = fact.text if label_kind(fact.lead) else f"{fact.lead} {fact.text}".strip()
    cues = _cues(text)
    if _DEPENDENT_OPENING.match(text) or cues & _NARRATES or not MIN_WORDS <= len(words(text)) <= MAX_WORDS or not identifiers(fact.text):
        return None
    if fact.kind == "error":
        return _create_entry("solution", fact, text) if cues & cue_bit("broke") and cues & cue_bit("fixed") else None
    has_reason = bool(cues & _DECIDES) and any(reason in text.lower() for reason in _REASONS)
    if fact.kind == "decision" or (has_reason and _DECISION.search(text)):
        return _create_entry("decision", fact, text) if has_reason else None
    return _create_entry("lesson", fact, text) if fact.kind == "dead_end" or cues & _LEARNED else None


def _harvest_solution(fact: Fact, facts: Sequence[Fact]) -> HarvestedEntry | None:
    """Return the entry of an error of a command that passed later, with what was changed in between and what the
    agent said of it.
    """
    solution = fact.outcome
    if solution is None or solution.code != "passes":
        return None
    cause = _find_cause(fact, facts)
    change = f"A change of `{solution.changed_path}`" if solution.changed_path else ""
    fix = ": ".join(part for part in (change, cause) if part)
    text = failure_text(solution.command, solution.error)
    category = category_of(f"{text} {fix}")
    return (
        HarvestedEntry(
            kind="solution",
            signature=signature(solution.error),
            category=category,
            text=text,
            error=solution.error,
            fix=fix,
            fact_id=fact.id,
            turn=fact.turn,
        )
        if fix
        else None
    )


def _find_cause(error: Fact, facts: Iterable[Fact]) -> str:
    """Return the agent's weightiest statement between the failure and the pass that gives a cause, a fix or a
    reason; empty if none.
    """
    first, last = error.turn, max(source.turn for source in error.sources)
    terms = set(content_words(error.text))
    explanations = [
        fact
        for fact in facts
        if fact.author == "agent" and first <= fact.turn <= last and fact.kind in ("lesson", "decision", "error", "done", "dead_end")
        and (cues := _cues(fact.text)) & _WHY and not cues & _NARRATES and terms & set(content_words(fact.text))
    ]  # fmt: skip
    return max(explanations, key=lambda fact: (fact.weight, fact.id)).text if explanations else ""


def _create_entry(kind: KnowledgeKind, fact: Fact, text: str) -> HarvestedEntry:
    return HarvestedEntry(
        kind=kind, signature=signature(text), category=category_of(text), text=text, error="", fix="", fact_id=fact.id, turn=fact.turn
    )


def _cues(text: str) -> int:
    return cue_bits(text.lower(), words(text))
