"""The guard: decides by code alone which lines of a written handoff are accepted, and says what the evidence says instead of the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from onward.core.evidence.line import PROVING_VOICES
from onward.core.facts.fact import Handle
from onward.core.handoff.document import LineProof
from onward.core.handoff.writer_sections import FILES, GOAL, HEAD_SECTIONS, RULES, TRIED
from onward.core.text.prose import one_line
from onward.llm.checks.evidence import Evidence, EvidenceText
from onward.llm.checks.polarity_check import find_polarity_change
from onward.llm.checks.quotation import is_rule_quoted
from onward.llm.checks.role_check import find_role_problem
from onward.llm.checks.state_check import find_state_problem
from onward.llm.checks.tokens import normal, stems
from onward.llm.checks.value_check import check_values
from onward.llm.checks.values import exact_values
from onward.llm.checks.violation import find_violation

Reason: TypeAlias = Literal[
    "no handle",
    "unknown handle",
    "value",
    "swapped",
    "polarity",
    "state",
    "words",
    "not a quotation",
    "order",
    "excuse",
    "empty",
    "too long",
]
"""Why a line is refused."""

MAX_LINE_CHARS = 700
_WORD_SHARE, _HEAD_WORD_SHARE = 0.4, 0.25
"""The share of a line's words of meaning that its sources must contain."""
_FEW_WORDS = 4
"""A line of so few words of meaning and with an exact value may be worded freely: the value holds it."""

_CODE = re.compile(r"`[^`]*`")
_PROOF = re.compile(r"\((?:verified|claimed)\b(?::? ?)")


@dataclass(frozen=True, slots=True)
class WrittenLine:
    """A line as written: its section (those of `HEAD_SECTIONS` are the head), its text without handles, and the handles it cites. `proof`
    says what holds an accepted line.
    """

    section: str
    text: str
    handles: tuple[Handle, ...]
    proof: LineProof = ""


class LineVerdict(NamedTuple):
    """The verdict of the guard on a line: the accepted line, or None with the reason and what the evidence says."""

    line: WrittenLine | None
    reason: Reason | None = None
    detail: str = ""
    is_verified: bool = False


def judge(line: WrittenLine, evidence: Evidence) -> LineVerdict:
    """Judge one line against *evidence*."""
    text = line.text.strip()
    is_head = line.section in HEAD_SECTIONS
    if not text:
        return LineVerdict(None, "empty")
    if len(text) > MAX_LINE_CHARS:
        return LineVerdict(None, "too long", f"{len(text)} characters")
    if not line.handles:
        return LineVerdict(None, "no handle")
    if unknown := [handle for handle in line.handles if not evidence.has(handle)]:
        return LineVerdict(None, "unknown handle", ", ".join(map(str, unknown)))
    cited = evidence.near(line.handles)
    violation = find_violation(text)
    if violation and not any(normal(violation[1]) in source.text for source in cited):
        return LineVerdict(None, *violation)
    result = check_values(text, line.handles, evidence, is_head=is_head)
    if result.problems:
        problem = result.problems[0]
        if problem.instead:
            where = f"in {problem.found_at} " if problem.found_at else ""
            return LineVerdict(None, "swapped", f"`{problem.value}`: {where}`{problem.instead}` stands in its place")
        place = f"{problem.found_at} says it of something else" if problem.found_at else "it is nowhere in the evidence"
        return LineVerdict(None, "value", f"`{problem.value}`: {place}")
    handles = tuple(dict.fromkeys((*line.handles, *result.added_handles)))
    cited = evidence.near(handles)
    if role := find_role_problem(line.section, text, exact_values(text), cited):
        return LineVerdict(None, "swapped", f"`{role.value}`: {role.wanted} belongs there")
    if problem_verdict := _check_meaning(line, text, handles, cited, evidence):
        return problem_verdict
    exact = WrittenLine(line.section, text, handles)
    return LineVerdict(exact, is_verified=any(_is_proof(source) and source.handle in handles for source in cited))


def _check_meaning(
    line: WrittenLine, text: str, handles: Sequence[Handle], cited: Sequence[EvidenceText], evidence: Evidence
) -> LineVerdict | None:
    is_head = line.section in HEAD_SECTIONS
    if line.section == RULES and not _is_quotation(text, cited):
        return LineVerdict(None, "not a quotation", "a rule is in the person's own words")
    line_stems = stems(_PROOF.sub("", text))
    share = evidence.share(line_stems, frozenset().union(*(stems(source.text) for source in cited)))
    values = exact_values(text)
    is_held_by_values = any(value.kind == "quote" for value in values) or (len(stems(_CODE.sub(" ", text))) <= _FEW_WORDS and bool(values))
    if share < (_HEAD_WORD_SHARE if is_head else _WORD_SHARE) and not is_held_by_values:
        return LineVerdict(None, "words", f"{share:.0%} of its words stand in what it cites")
    if state := find_state_problem(line.section, text, handles, cited, evidence):
        return LineVerdict(None, "state", f"`{state.state}`: {_said(state.source) if state.source else state.shown}")
    is_claim = line.section not in (FILES, TRIED)
    if line.section not in (RULES, GOAL) and (change := find_polarity_change(text, cited, is_claim=is_claim)):
        return LineVerdict(None, "polarity", _said(change.source) if change.source else f"`{change.word}` without a denial")
    return None


def _is_proof(source: EvidenceText) -> bool:
    """Whether *source* proves what a line says: a result, a commit or a person, or an earlier page that had such a proof."""
    return source.voice in PROVING_VOICES or (source.voice == "handoff" and "(verified" in source.text)


def _said(source: EvidenceText) -> str:
    return f"{source.handle} says: {one_line(source.text, 160)}"


def _is_quotation(text: str, cited: Iterable[EvidenceText]) -> bool:
    """Whether the rule *text* is in the words of what it cites."""
    sources = [source for source in cited if source.voice in ("person", "handoff", "agent", "report", "summary")]
    spoken = [source.text for source in sources if source.voice in ("person", "handoff")]
    return is_rule_quoted(text, [source.text for source in sources], spoken)
