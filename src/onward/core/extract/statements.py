"""Facts from what was said: clauses ranked by how much a later session needs them, each with a kind.

The ranker is linear and fitted on annotated sessions (`bench/fit_ranker.py`); its numbers are in `weights`. Rules of a
user are found by cues, never by the ranker alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import exp
from typing import NamedTuple, TypeAlias

from onward.core.extract.cues import ERRAND_WORDS, cue_bit, label_kind
from onward.core.extract.features import (
    FEATURE_COUNT,
    REGIMES,
    RULE_WORDS,
    Candidate,
    features,
    list_candidates,
    regime,
    session_context,
    states_rule,
)
from onward.core.extract.reversals import changes_value, retired_values
from onward.core.extract.trace import Trace
from onward.core.extract.weights import KIND_WEIGHTS, WORTH_WEIGHTS
from onward.core.facts.fact import FactAuthor, FactEvidence, FactKind
from onward.core.facts.kinds import KINDS
from onward.core.text.prose import content_words, one_line, stem

Features: TypeAlias = list[tuple[int, float]]

MAX_STATEMENTS = 220
"""The most clauses kept of one session: several times what the largest handoff can show."""

_RULE, _REVERSE, _NARRATES = cue_bit("rule"), cue_bit("reverse"), cue_bit("narrate")
_NEXT, _DONE = cue_bit("next"), cue_bit("did") | cue_bit("fixed")
_BY_USER: frozenset[FactKind] = frozenset(kind.name for kind in KINDS.values() if kind.by_user)
_BY_AGENT: frozenset[FactKind] = frozenset(kind.name for kind in KINDS.values() if kind.by_agent)
_NEEDED_CUES: dict[FactKind, int] = {kind.name: sum(map(cue_bit, kind.cues)) for kind in KINDS.values() if kind.cues}
"""By kind: the cues of which a clause must have one, whatever its score."""
_NOT_FITTED = (-4.0, *[0.0] * (FEATURE_COUNT - 1))
"""Weights of a kind that the ranker was not fitted to: its labels announce it, or no likelier kind is allowed."""
_KIND_WEIGHTS: dict[FactKind, tuple[float, ...]] = {name: KIND_WEIGHTS.get(name, _NOT_FITTED) for name in KINDS}
_SAYS_MORE = cue_bit("broke") | cue_bit("fixed") | cue_bit("decide") | cue_bit("failed_try") | cue_bit("reverse")
"""Cues of a clause that says more than a value."""
_MAX_RULE_WORDS = 25
"""Words; a longer remark is no rule unless it says always or never."""
_WORTH_BY_REGIME = tuple(
    tuple(WORTH_WEIGHTS[i] + WORTH_WEIGHTS[FEATURE_COUNT * (1 + regime_index) + i] for i in range(FEATURE_COUNT))
    for regime_index in range(len(REGIMES))
)
"""The weight of each feature in each regime."""
_MAX_LEAD_CHARS = 110
_MAX_ERRAND_WORDS, _ERRAND_FACTOR = 12, 0.5
"""The most words of an errand, and the factor on its worth."""
_REPLY_MARK = " — the user:"


class StatementDraft(NamedTuple):
    """A draft of a fact from a statement."""

    kind: FactKind
    turns: tuple[int, ...]
    author: FactAuthor
    text: str
    lead: str
    position: int
    weight: float
    evidence: FactEvidence
    retires: tuple[str, ...]


def rank_statements(trace: Trace) -> Iterator[StatementDraft]:
    """Yield drafts of the best clauses of the session, the best first."""
    candidate_list = list_candidates(trace)
    context = session_context(trace, candidate_list)
    worths: list[tuple[float, int]] = []
    for i, candidate in enumerate(candidate_list):
        if candidate.clause.text.endswith(":") and not candidate.clause.is_item and candidate.size < 12:
            continue
        worths.append((_worth(features(candidate, context), regime(candidate.statement)), i))
    worths.sort(reverse=True)
    # The features of all clauses of a long session would fill the memory, so those of the few best are computed again.
    ranked = ((worth, i, candidate_list[i], features(candidate_list[i], context)) for worth, i in worths)
    goal = _find_goal(candidate_list)
    seen_keys: set[str] = set()
    for worth, _, candidate, candidate_features in ranked:
        key = " ".join(sorted(candidate.stems)) or candidate.clause.text.lower()
        if key in seen_keys:
            continue
        seen_keys.add(key)
        is_reversal = (candidate.cues & _REVERSE or changes_value(candidate.clause.text)) and not (
            candidate.statement.author == "agent" and candidate.cues & _NARRATES
        )
        old_values = retired_values(candidate.clause.text) if is_reversal else ()
        label, kind, text = _read_label(candidate)
        kind = (
            "goal"
            if candidate is goal
            else kind or _likeliest_kind(candidate, candidate_features, is_last=candidate.statement.position >= context.last_closing)
        )
        lead, turns = ("", (candidate.statement.turn,)) if label else _find_lead(candidate, trace)
        text += _created_note(candidate, trace)
        weight = worth * _ERRAND_FACTOR if _is_errand(candidate) and not lead.endswith(_REPLY_MARK) else worth
        evidence: FactEvidence = "verified" if candidate.statement.author == "user" else "claimed"
        yield StatementDraft(
            kind=kind,
            turns=turns,
            author=candidate.statement.author,
            text=text,
            lead=lead,
            position=candidate.clause.position,
            weight=weight,
            evidence=evidence,
            retires=old_values,
        )
        if len(seen_keys) >= MAX_STATEMENTS:
            return


def _find_goal(candidate_list: Sequence[Candidate]) -> Candidate | None:
    """Return the first request of the user that is long enough to be a goal; None if there is none."""
    requests = [
        candidate
        for candidate in candidate_list
        if candidate.statement.author == "user" and candidate.size >= 6 and not _is_rule(candidate)
    ]
    return next((request for request in requests if not _is_errand(request)), None)


def _is_errand(candidate: Candidate) -> bool:
    """Return whether a short remark only sends the agent on, such as "ok, push it and open a PR"."""
    return (
        candidate.statement.author == "user"
        and candidate.size <= _MAX_ERRAND_WORDS
        and not ERRAND_WORDS.isdisjoint(candidate.opening)
        and not _is_rule(candidate)
    )


def _is_rule(candidate: Candidate) -> bool:
    return candidate.statement.author == "user" and bool(candidate.cues & _RULE) and states_rule(candidate.clause.text)


def _worth(candidate_features: Features, regime_index: int) -> float:
    return 1.0 / (1.0 + exp(-_score(_WORTH_BY_REGIME[regime_index], candidate_features)))


def _score(weights: Sequence[float], candidate_features: Features) -> float:
    return sum([weights[place] * value for place, value in candidate_features])


def _read_label(candidate: Candidate) -> tuple[bool, FactKind | None, str]:
    """Return whether the lead is only the name of a section, the kind that a label announces, and the text without
    its label.
    """
    text = candidate.clause.text
    if candidate.statement.author == "user":
        return False, None, text
    label, colon, rest = text.partition(": ")
    if colon and len(label) < 30 and len(rest) > 15 and (kind := label_kind(label)):
        return False, kind, rest
    for heading in (candidate.clause.lead, candidate.clause.heading):
        if heading and (kind := label_kind(heading)):
            return True, kind, text
    return False, None, text


def _likeliest_kind(candidate: Candidate, candidate_features: Features, *, is_last: bool) -> FactKind:
    """Return the likeliest kind that its author can state and its cues allow: an agent sets no rules, and an error
    names trouble.

    Only the last report of a session (*is_last*) leaves a question open: an earlier one was answered, or was a request.
    """
    if _is_rule(candidate):
        return "rule"
    by_user = candidate.statement.author == "user"
    if is_last and candidate.clause.text.endswith("?"):
        return "question"
    if is_last and not by_user and candidate.cues & _NEXT and not candidate.cues & _DONE:
        return "next_step"
    possible_kinds = (
        _BY_USER if by_user else _BY_AGENT if any(map(_is_exact, candidate.names)) else _BY_AGENT - {"value", "file", "command"}
    )
    default_kind: FactKind = "requirement" if by_user else "lesson"
    if candidate.cues & _DONE:
        possible_kinds -= {"next_step"}
    if candidate.cues & _SAYS_MORE:
        possible_kinds -= {"value"}
    if candidate.size > _MAX_RULE_WORDS or not RULE_WORDS.isdisjoint(candidate.stems):
        possible_kinds -= {"rule"}
    allowed = [kind for kind in possible_kinds if candidate.cues & _NEEDED_CUES.get(kind, ~0)]
    return max(allowed, key=lambda kind: (_score(_KIND_WEIGHTS[kind], candidate_features), kind), default=default_kind)


def _is_exact(name: str) -> bool:
    """Return whether a value must be right to the letter: a path, url, flag, environment name, or anything with a
    digit. Other code names need not.
    """
    return "/" in name or name.startswith("-") or (name.isupper() and len(name) > 3) or any(c.isdigit() for c in name)


def _find_lead(candidate: Candidate, trace: Trace) -> tuple[str, tuple[int, ...]]:
    """Return the lead-in or heading of a clause, or the question that a short reply answers, with the turns that
    show both.
    """
    if (
        candidate.statement.author == "user"
        and candidate.texts <= 2
        and candidate.size <= 12
        and candidate.statement.position
        and not _is_rule(candidate)
    ):
        previous = trace.statements[candidate.statement.position - 1]
        question = _last_question(previous.text) if previous.author == "agent" else ""
        if question.endswith("?") or (question and candidate.size <= 6):
            return one_line(question, 160) + _REPLY_MARK, (candidate.statement.turn, previous.turn)
    return one_line(candidate.clause.lead or candidate.clause.heading, _MAX_LEAD_CHARS), (candidate.statement.turn,)


def _created_note(candidate: Candidate, trace: Trace) -> str:
    """Return a note on the path of a file that was created under another name than the user asked for:
    "docs/plan.md" became `docs/plan-v2.md`.
    """
    if candidate.statement.author != "user":
        return ""
    for name in candidate.names:
        if "/" not in name or "." not in name or any(name in c.change.path for c in trace.changes):
            continue
        named_stems = set(map(stem, content_words(name)))
        created_paths = (c.change.path for c in trace.changes if c.round == candidate.statement.round and c.change.kind == "created")
        for path in created_paths:
            if named_stems < set(map(stem, content_words(path))) and len(named_stems) > 2:
                return f" (it became `{path}`)"
    return ""


def _last_question(text: str) -> str:
    """Return the question at the end of a text, else its last clause."""
    lines = [line.strip("-* #>") for line in text.split("\n") if line.strip("-* #>`|")]
    question = next((line for line in reversed(lines[-6:]) if line.endswith("?")), lines[-1] if lines else "")
    return question.split(". ")[-1]
