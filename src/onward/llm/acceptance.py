"""Turns a writer's answer into a handoff: code judges the lines, restores required ones that are missing, and cuts a page to its budget."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from onward.core.evidence.obligations import Obligation, is_told
from onward.core.facts.fact import Fact, Handle
from onward.core.handoff.document import CitedLine, Handoff, HandoffSection, LineProof
from onward.core.handoff.writer_sections import (
    CUT_ORDER,
    DECIDED,
    DONE,
    GOAL,
    HEAD_SECTIONS,
    LEARNED,
    NEXT,
    RULES,
    SECTION_TITLES,
    SECTIONS,
    STATE,
)
from onward.core.text.prose import content_words, one_line, stem
from onward.llm.checks.evidence import Evidence
from onward.llm.checks.guard import LineVerdict, Reason, WrittenLine, judge
from onward.llm.handoff_prompt import render_lines
from onward.llm.page import DroppedLine, WrittenHandoff
from onward.message import Message

STANDING_SHARE = 0.8
"""The share of a page's lines that must pass for the page to be accepted."""

_PROOF_WORD = re.compile(r"\((?:verified|claimed)(?=[):,;])|\((?:verified|claimed) (?=by|with|in)")
_TASK_SECTIONS = (NEXT, DECIDED, DONE)
"""The sections that a demand for one task belongs to."""
_REPLACED_SHARE = 0.4
"""The share of a refused line's words in a repaired one that replaces it."""
_FACT_SHARE = 0.6
"""The share of a fact's words that a line must contain to tell it."""
_REPORTED_CHARS, _SHOWN_EVIDENCE_CHARS = 240, 420


class RefusedLine(NamedTuple):
    """A refused line, and why. `detail` says what the evidence says instead."""

    line: WrittenLine
    reason: Reason
    detail: str

    def to_json(self) -> dict[str, str]:
        """Return plain data for the report."""
        fields = {"reason": self.reason, "text": self.line.text, "about": self.detail}
        return {name: one_line(text, _REPORTED_CHARS) for name, text in fields.items()}


@dataclass(frozen=True, slots=True)
class Assessment:
    """The accepted lines of a written page. `owed` is neither in it nor rightly dropped; the page is `excess_tokens` too long."""

    lines: tuple[WrittenLine, ...]
    refused: tuple[RefusedLine, ...]
    owed: tuple[Obligation, ...]
    excess_tokens: int

    @property
    def checked(self) -> int:
        """The number of lines that were judged."""
        return len(self.lines) + len(self.refused)

    @property
    def needs_repair(self) -> bool:
        """Whether a repair could make the page better."""
        return self.has_faults or self.excess_tokens > 0

    @property
    def has_faults(self) -> bool:
        """Whether lines were refused or required ones are missing, which only the writer can repair; code cuts a page that is too long."""
        return bool(self.refused or self.owed)


@dataclass(frozen=True, slots=True)
class WritingTask:
    """What a page is checked against: the evidence, the required items, and its budget in tokens."""

    evidence: Evidence
    owed: Sequence[Obligation]
    room_tokens: int
    count_tokens: Callable[[str], int]


class AcceptedPage(NamedTuple):
    """The accepted part of a written page: its lines, how many were restored and cut, and why the page is refused (or empty)."""

    lines: tuple[WrittenLine, ...]
    put_back: int
    cut: int
    why: str | Message


def assess(written: WrittenHandoff, task: WritingTask) -> Assessment:
    """Judge each line of *written*, and find what is still owed."""
    stands: list[WrittenLine] = []
    refused: list[RefusedLine] = []
    for line in written.lines:
        verdict = judge(line, task.evidence)
        if verdict.line is None or verdict.reason:
            refused.append(RefusedLine(line, verdict.reason or "empty", verdict.detail))
        elif not _is_repeated(verdict.line, stands):
            stands.append(_with_proof(verdict))
    return _assessment(stands, refused, written.dropped, task)


def _assessment(
    stands: Sequence[WrittenLine], refused: Sequence[RefusedLine], dropped: Sequence[DroppedLine], task: WritingTask
) -> Assessment:
    owed = tuple(item for item in task.owed if not _is_told(item, stands) and not _is_rightly_dropped(item, dropped, stands, task.evidence))
    return Assessment(tuple(stands), tuple(refused), owed, task.count_tokens(render_lines(stands)) - task.room_tokens)


def _is_told(item: Obligation, lines: Iterable[WrittenLine]) -> bool:
    """Whether one of *lines* contains *item*. A rule counts among the rules only."""
    return is_told(item, [(line.text, line.handles) for line in lines if (line.section == RULES) >= (item.section == RULES)])


def _is_rightly_dropped(item: Obligation, dropped: Sequence[DroppedLine], lines: Iterable[WrittenLine], evidence: Evidence) -> bool:
    """Whether the writer may drop *item*: later evidence proves the reason, or code read a rule in what *lines* tell as something else."""
    if item.is_fixed or not item.handles:
        return False
    naming = [drop for drop in dropped if set(item.handles) & set(drop.handles)]
    proved = {handle for drop in naming if _is_proved(drop, evidence) for handle in drop.handles}
    if set(item.handles) <= proved:
        return True
    is_read_by_code = item.section == RULES and set(item.handles) <= {handle for drop in naming for handle in drop.handles}
    return is_read_by_code and is_told(item, [(line.text, line.handles) for line in lines if line.section in _TASK_SECTIONS])


def _is_proved(drop: DroppedLine, evidence: Evidence) -> bool:
    """Whether the reason for dropping a line names a handle and is accepted like any line."""
    handles = tuple(Handle(int(session), int(turn)) for session, turn in re.findall(r"\bs(\d+)\.(\d+)\b", drop.reason))
    text = re.sub(r"\bs\d+\.\d+\b", "", drop.reason).strip(" .,:;")
    later = [handle for handle in handles if all(handle > dropped for dropped in drop.handles)]
    return bool(later) and bool(text) and judge(WrittenLine(DONE, text, tuple(later)), evidence).line is not None


def _is_repeated(line: WrittenLine, others: Iterable[WrittenLine]) -> bool:
    return any(line.text == other.text or (line.section == other.section and line.section in HEAD_SECTIONS) for other in others)


def _with_proof(verdict: LineVerdict) -> WrittenLine:
    """Return the line with "verified" or "claimed" as the evidence has it, whatever the writer said."""
    assert verdict.line
    word: LineProof = "verified" if verdict.is_verified else "claimed"
    text = _PROOF_WORD.sub(lambda match: f"({word}{' ' if match[0].endswith(' ') else ''}", verdict.line.text)
    if verdict.line.section == DONE and text == verdict.line.text and "(verified" not in text and "(claimed" not in text:
        text = f"{text.rstrip()} ({word})"
    return replace(verdict.line, text=text, proof=word)


def merge_repair(first: Assessment, repair: WrittenHandoff, task: WritingTask) -> Assessment:
    """Return *first* with the lines of its *repair* judged and added; head lines replace those that stood."""
    second = assess(repair, replace(task, owed=()))
    new_heads = {line.section for line in second.lines if line.section in HEAD_SECTIONS}
    kept_lines = [line for line in first.lines if line.section not in new_heads]
    stands = [*kept_lines, *(line for line in second.lines if not _is_repeated(line, kept_lines))]
    left = [refusal for refusal in first.refused if not _is_replaced(refusal.line, second)]
    order = {name: position for position, name in enumerate((*HEAD_SECTIONS, *SECTIONS))}
    return _assessment(sorted(stands, key=lambda line: order[line.section]), [*left, *second.refused], repair.dropped, task)


def _is_replaced(line: WrittenLine, second: Assessment) -> bool:
    """Whether a line of the repair, standing or not, takes the place of *line*."""
    words = {stem(word) for word in content_words(line.text)}
    candidates = [*second.lines, *(refusal.line for refusal in second.refused)]
    return any(
        other.section == line.section
        and len(words & {stem(word) for word in content_words(other.text)}) >= _REPLACED_SHARE * max(1, len(words))
        for other in candidates
    )


def repair_material(assessment: Assessment, task: WritingTask) -> str:
    """Return the material of the repair call: refused lines with their evidence, missing items, and the excess of the page."""
    parts: list[str] = []
    for refusal in assessment.refused:
        handles = ", ".join(map(str, refusal.line.handles))
        parts.append(f"Refused ({refusal.reason}) {refusal.line.section}: {refusal.line.text} [{handles}]\n  {refusal.detail}")
        cited = [line for line in task.evidence.lines if line.handle in refusal.line.handles]
        parts += [f"  [{line.handle}] {one_line(line.labelled(), _SHOWN_EVIDENCE_CHARS)}" for line in cited[:3]]
    parts += [f"Owed: {item.section}: {item.text} [{', '.join(map(str, item.handles[:2]))}]" for item in assessment.owed]
    if assessment.excess_tokens > 0:
        stays, _ = _cut(assessment.lines, {item.text for item in task.owed}, task)
        parts.append(f"Too long by {assessment.excess_tokens} tokens. These lines go, unless you name others as `Dropped: [s1.4] …`:")
        parts += [f"  {line.section}: {line.text} [{', '.join(map(str, line.handles))}]" for line in assessment.lines if line not in stays]
    return "\n".join(parts)


def finish(assessment: Assessment, task: WritingTask) -> AcceptedPage:
    """Return the page with missing required lines restored, cut to its budget, and why it cannot be accepted."""
    back = [WrittenLine(item.section, item.text, item.handles) for item in assessment.owed]
    lines, cut = _cut([*assessment.lines, *back], {item.text for item in task.owed}, task)
    written = assessment.checked
    sections = {line.section for line in assessment.lines}
    why: str | Message = ""
    if not assessment.lines:
        why = "No line of the model was accepted."
    elif len(assessment.lines) < STANDING_SHARE * written:
        why = Message("Only {standing} of {written} lines passed the checks.", standing=len(assessment.lines), written=written)
    elif missing := [name for name in (GOAL, STATE) if name not in sections]:
        why = Message("The line {name} did not pass the checks.", name=missing[0])
    elif task.count_tokens(render_lines(lines)) > task.room_tokens:
        why = "It does not fit into the budget."
    return AcceptedPage(tuple(lines), len(back), cut, why)


def _cut(lines: Sequence[WrittenLine], owed_texts: Collection[str], task: WritingTask) -> tuple[list[WrittenLine], int]:
    kept_lines, cut = list(lines), 0
    for section in CUT_ORDER:
        members = [line for line in kept_lines if line.section == section and line.text not in owed_texts]
        members.sort(key=lambda line: max(line.handles, default=Handle(0, 0)), reverse=section != DONE)
        while members and task.count_tokens(render_lines(kept_lines)) > task.room_tokens:
            kept_lines.remove(members.pop(0) if section == DONE else members.pop())
            cut += 1
    return kept_lines, cut


def to_handoff(lines: Sequence[WrittenLine], base: Handoff, facts: Sequence[Fact]) -> Handoff:
    """Return the handoff that *lines* make, after the session of *base*; each line names those of *facts* that it contains."""
    by_turn: dict[Handle, list[Fact]] = {}
    for fact in facts:
        for handle in fact.sources[:1]:
            by_turn.setdefault(handle, []).append(fact)
    cited = {id(line): CitedLine(line.text, line.handles, _facts_told(line, by_turn), line.proof) for line in lines}
    head = tuple((line.section, cited[id(line)]) for line in lines if line.section in HEAD_SECTIONS)
    by_title: dict[str, list[CitedLine]] = {}
    for section in SECTIONS:
        by_title.setdefault(SECTION_TITLES[section], []).extend(cited[id(line)] for line in lines if line.section == section)
    sections = tuple(HandoffSection(title, tuple(members)) for title, members in by_title.items() if members)
    return replace(base, head=head, sections=sections, closing=())


def _facts_told(line: WrittenLine, by_turn: dict[Handle, list[Fact]]) -> tuple[str, ...]:
    words = {stem(word) for word in content_words(line.text)}
    told_lines: dict[str, Any] = {}
    for handle in line.handles:
        for fact in by_turn.get(handle, ()):
            wanted = {stem(word) for word in content_words(fact.text)}
            if wanted and len(wanted & words) >= _FACT_SHARE * len(wanted):
                told_lines[fact.id] = None
    return tuple(told_lines)


def standing_lines(handoff: Handoff) -> list[WrittenLine]:
    """Return the lines of a stored handoff in the form that a writer reads and writes."""
    section_of: dict[str, str] = {}
    for section, title in SECTION_TITLES.items():
        section_of.setdefault(title, section)
    lines = [WrittenLine(name, line.text, line.sources, proof=line.proof) for name, line in handoff.head if name in HEAD_SECTIONS]
    for part in handoff.sections:
        section = section_of.get(part.title, LEARNED)
        lines += [WrittenLine(_split_happened(section, line.text), line.text, line.sources, proof=line.proof) for line in part.lines]
    return lines


def _split_happened(section: str, text: str) -> str:
    """Return the section of a line under "what happened": done where its proof is shown, else decided."""
    if section != DECIDED:
        return section
    return DONE if "(verified" in text or "(claimed" in text else DECIDED
