"""What was said: clauses ranked by how much a person continuing needs them, each given a kind.

The ranker is linear, fitted on annotated sessions (`bench/fit_ranker.py`); its numbers are in `weights`. Rules of a person are found by cue and never left to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import exp
from typing import NamedTuple, TypeAlias

from onward.core.extract.cues import ERRANDS, bit, labelled
from onward.core.extract.features import REGIMES, SHARED, STANDING, Candidate, candidates, features, regime, setting, states_rule
from onward.core.extract.reversals import changes_value, retired_by
from onward.core.extract.trace import Trace
from onward.core.extract.weights import KIND_WEIGHTS, WORTH_WEIGHTS
from onward.core.facts import KINDS, Author, Evidence, Kind
from onward.core.text import content_words, one_line, stem

Features: TypeAlias = list[tuple[int, float]]

POOL = 220
"""Clauses kept of one session: several times what the largest handoff can show."""

_RULE, _REVERSE, _NARRATES = bit("rule"), bit("reverse"), bit("narrate")
_NEXT, _REACHED = bit("next"), bit("did") | bit("fixed")
_BY_USER: frozenset[Kind] = frozenset(("rule", "requirement", "decision", "error"))
_BY_AGENT: frozenset[Kind] = frozenset(KINDS) - {"goal", "rule", "requirement", "question"}
_NEEDS: dict[Kind, int] = {
    "rule": bit("rule"),
    "decision": bit("decide") | bit("reverse") | bit("want") | bit("agree") | bit("rule"),
    "error": bit("broke") | bit("fixed"),
    "dead_end": bit("failed_try") | bit("reverse") | bit("broke"),
    "next_step": bit("next") | bit("want") | bit("narrate"),
    "blocker": bit("blocked"),
}
"""Cues without one of which a clause is not of that kind, however it scores."""
_SAYS_MORE = bit("broke") | bit("fixed") | bit("decide") | bit("failed_try") | bit("reverse")
"""Cues that make a clause more than a value."""
_RULE_LONGEST = 25
"""Words; a longer remark is no rule unless it says always or never."""
_WORTH = tuple(tuple(WORTH_WEIGHTS[i] + WORTH_WEIGHTS[SHARED * (1 + own) + i] for i in range(SHARED)) for own in range(len(REGIMES)))
"""What a feature counts in each regime."""
_LEAD_LONGEST = 110
_ERRAND_LONGEST, _ERRAND = 12, 0.5
"""Words up to which a remark may be an errand, and what is left of its worth then."""
_REPLY = " — the user:"


class Heard(NamedTuple):
    """A fact in the making, from what was said."""

    kind: Kind
    turns: tuple[int, ...]
    author: Author
    text: str
    lead: str
    place: int
    weight: float
    evidence: Evidence
    retires: tuple[str, ...]


def heard(seen: Trace) -> Iterator[Heard]:
    """Yield the best clauses of the session, best first."""
    found = candidates(seen)
    around = setting(seen, found)
    worths: list[tuple[float, int]] = []
    for i, one in enumerate(found):
        if one.clause.text.endswith(":") and not one.clause.is_item and one.size < 12:
            continue
        worths.append((_worth(features(one, around), regime(one.said)), i))
    worths.sort(reverse=True)
    # All features of a long session would fill memory: those of the few clauses that are told are worked out again.
    ranked = ((worth, i, found[i], features(found[i], around)) for worth, i in worths)
    goal = _goal(found)
    told: set[str] = set()
    for worth, _, one, told_of in ranked:
        key = " ".join(sorted(one.stems)) or one.clause.text.lower()
        if key in told:
            continue
        told.add(key)
        settles = (one.cues & _REVERSE or changes_value(one.clause.text)) and not (one.said.author == "agent" and one.cues & _NARRATES)
        retired = retired_by(one.clause.text) if settles else ()
        label, kind, text = _announced(one)
        kind = "goal" if one is goal else kind or _kind(one, told_of, is_last=one.said.place >= around.last_closing)
        lead, turns = ("", (one.said.turn,)) if label else _lead(one, seen)
        text += _became(one, seen)
        weight = worth * _ERRAND if _is_errand(one) and not lead.endswith(_REPLY) else worth
        evidence: Evidence = "verified" if one.said.author == "user" else "claimed"
        yield Heard(kind, turns, one.said.author, text, lead, one.clause.place, weight, evidence, retired)
        if len(told) >= POOL:
            return


def _goal(found: Sequence[Candidate]) -> Candidate | None:
    """Return what the person came for: the first thing asked that is long enough to say it."""
    asked = [one for one in found if one.said.author == "user" and one.size >= 6 and not _is_rule(one)]
    return next((one for one in asked if not _is_errand(one)), None)


def _is_errand(one: Candidate) -> bool:
    """Whether a short remark only sends the agent on, as "ok, push it and open a PR" does."""
    return one.said.author == "user" and one.size <= _ERRAND_LONGEST and not ERRANDS.isdisjoint(one.opening) and not _is_rule(one)


def _is_rule(one: Candidate) -> bool:
    return one.said.author == "user" and bool(one.cues & _RULE) and states_rule(one.clause.text)


def _worth(told_of: Features, in_regime: int) -> float:
    return 1.0 / (1.0 + exp(-_score(_WORTH[in_regime], told_of)))


def _score(weights: Sequence[float], told_of: Features) -> float:
    return sum([weights[place] * value for place, value in told_of])


def _announced(one: Candidate) -> tuple[bool, Kind | None, str]:
    """Return whether the lead says no more than a section's name, the kind that a label announces, and the text without its label."""
    text = one.clause.text
    if one.said.author == "user":
        return False, None, text
    label, colon, rest = text.partition(": ")
    if colon and len(label) < 30 and len(rest) > 15 and (kind := labelled(label)):
        return False, kind, rest
    for above in (one.clause.lead, one.clause.heading):
        if above and (kind := labelled(above)):
            return True, kind, text
    return False, None, text


def _kind(one: Candidate, told_of: Features, *, is_last: bool) -> Kind:
    """Return the likeliest kind that its author can state and a cue allows: an agent sets no rules, nothing is an error that names no trouble.

    Only the last word of a session (*is_last*) leaves a question open: one that was asked before was answered, or was a request.
    """
    if _is_rule(one):
        return "rule"
    by_user = one.said.author == "user"
    if is_last and one.clause.text.endswith("?"):
        return "question"
    if is_last and not by_user and one.cues & _NEXT and not one.cues & _REACHED:
        return "next_step"
    able = _BY_USER if by_user else _BY_AGENT if any(map(_is_exact, one.names)) else _BY_AGENT - {"value", "file", "command"}
    otherwise: Kind = "requirement" if by_user else "lesson"
    if one.cues & _REACHED:
        able -= {"next_step"}
    if one.cues & _SAYS_MORE:
        able -= {"value"}
    if one.size > _RULE_LONGEST or not STANDING.isdisjoint(one.stems):
        able -= {"rule"}
    allowed = [kind for kind in able if one.cues & _NEEDS.get(kind, ~0)]
    return max(allowed, key=lambda kind: (_score(KIND_WEIGHTS[kind], told_of), kind), default=otherwise)


def _is_exact(name: str) -> bool:
    """A value that must be right to the letter: a path, url, flag, env name, or anything with a digit. Mere code names are not."""
    return "/" in name or name.startswith("-") or (name.isupper() and len(name) > 3) or any(c.isdigit() for c in name)


def _lead(one: Candidate, seen: Trace) -> tuple[str, tuple[int, ...]]:
    """Return what the clause was said under, and the turns that show both: its lead-in or heading; for a terse reply, what it replies to."""
    if one.said.author == "user" and one.texts <= 2 and one.size <= 12 and one.said.place and not _is_rule(one):
        before = seen.said[one.said.place - 1]
        asked = _last_word(before.text) if before.author == "agent" else ""
        if asked.endswith("?") or (asked and one.size <= 6):
            return one_line(asked, 160) + _REPLY, (one.said.turn, before.turn)
    return one_line(one.clause.lead or one.clause.heading, _LEAD_LONGEST), (one.said.turn,)


def _became(one: Candidate, seen: Trace) -> str:
    """Return under which path a file that the user named was made, where that is another: "docs/plan.md" asked for, `docs/plan-v2.md` created."""
    if one.said.author != "user":
        return ""
    for name in one.names:
        if "/" not in name or "." not in name or any(name in c.change.path for c in seen.changed):
            continue
        asked = set(map(stem, content_words(name)))
        made = (c.change.path for c in seen.changed if c.round == one.said.round and c.change.change == "created")
        for path in made:
            if asked < set(map(stem, content_words(path))) and len(asked) > 2:
                return f" (it became `{path}`)"
    return ""


def _last_word(text: str) -> str:
    """Return the question that a text ends with, else its last clause."""
    lines = [line.strip("-* #>") for line in text.split("\n") if line.strip("-* #>`|")]
    asked = next((line for line in reversed(lines[-6:]) if line.endswith("?")), lines[-1] if lines else "")
    return asked.split(". ")[-1]
