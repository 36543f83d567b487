"""The guard: decides by code alone which lines of a written handoff are accepted, and says what the evidence says instead of the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from onward.core.evidence.line import PROVING_VOICES
from onward.core.facts.fact import Handle
from onward.core.text.prose import one_line
from onward.llm.checks import tokens
from onward.llm.checks.evidence import Evidence, EvidenceText
from onward.llm.checks.polarity_check import find_polarity_change
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
_QUOTED_SHARE = 0.6
"""The share of a rule's words of meaning that stand in the same order in what a person said, where it has no quotation marks."""

_CODE = re.compile(r"`[^`]*`")
_PROOF = re.compile(r"\((?:verified|claimed)\b(?::? ?)")


@dataclass(frozen=True, slots=True)
class WrittenLine:
    """A line as written: its section ("Goal", "State" and "Do first" are the head), its text without handles, and the handles it cites."""

    section: str
    text: str
    handles: tuple[Handle, ...]
    replaces: tuple[Handle, ...] = ()


class LineVerdict(NamedTuple):
    """What the guard says of a line: the accepted line, or None with the reason and what the evidence says."""

    line: WrittenLine | None
    reason: Reason | None = None
    detail: str = ""
    is_verified: bool = False


HEAD_SECTIONS = ("Goal", "State", "Do first")


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
    exact = WrittenLine(line.section, text, handles, line.replaces)
    return LineVerdict(exact, is_verified=any(_is_proof(source) and source.handle in handles for source in cited))


def _check_meaning(
    line: WrittenLine, text: str, handles: Sequence[Handle], cited: Sequence[EvidenceText], evidence: Evidence
) -> LineVerdict | None:
    is_head = line.section in HEAD_SECTIONS
    if line.section == "Rules" and not _is_quotation(text, cited):
        return LineVerdict(None, "not a quotation", "a rule is in the person's own words")
    line_stems = stems(_PROOF.sub("", text))
    share = evidence.share(line_stems, frozenset().union(*(stems(source.text) for source in cited)))
    values = exact_values(text)
    is_held_by_values = any(value.kind == "quote" for value in values) or (len(stems(_CODE.sub(" ", text))) <= _FEW_WORDS and bool(values))
    if share < (_HEAD_WORD_SHARE if is_head else _WORD_SHARE) and not is_held_by_values:
        return LineVerdict(None, "words", f"{share:.0%} of its words stand in what it cites")
    if line.section not in ("Rules", "Goal") and (change := find_polarity_change(text, cited)):
        return LineVerdict(None, "polarity", _said(change.source) if change.source else f"`{change.word}` without a denial")
    if state := find_state_problem(line.section, text, handles, cited, evidence):
        return LineVerdict(None, "state", f"`{state.state}`: {_said(state.source) if state.source else state.shown}")
    return None


def _is_proof(source: EvidenceText) -> bool:
    """Whether *source* proves what a line says: a result, a commit or a person, or an earlier page that had such a proof."""
    return source.voice in PROVING_VOICES or (source.voice == "handoff" and "(verified" in source.text)


def _said(source: EvidenceText) -> str:
    return f"{source.handle} says: {one_line(source.text, 160)}"


def _is_quotation(text: str, cited: Iterable[EvidenceText]) -> bool:
    """Whether *text* is in the words of what it cites: a quotation from it, or a run of its words."""
    sources = [_flat(source.text) for source in cited if source.voice in ("person", "handoff", "agent", "report", "summary")]
    quotes = [value.normal for value in exact_values(text) if value.kind == "quote"]
    if quotes:
        return all(any(_flat(quote) in source for source in sources) for quote in quotes)
    words = [word.stem for word in tokens.words(text)]
    return any(
        _shared_length(words, [word.stem for word in tokens.words(source.text)]) >= _QUOTED_SHARE * len(words)
        for source in cited
        if source.voice in ("person", "handoff")
    )


def _shared_length(first: Sequence[str], second: Sequence[str]) -> int:
    """Return the length of the longest sequence of words that both have in the same order."""
    lengths = [0] * (len(second) + 1)
    for word in first:
        previous = 0
        for index, other in enumerate(second):
            previous, lengths[index + 1] = lengths[index + 1], previous + 1 if word == other else max(lengths[index + 1], lengths[index])
    return lengths[-1]


def _flat(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", normal(text)))
