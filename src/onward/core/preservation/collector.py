"""The references of one session: what its handoff should preserve."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from onward.core.facts.fact import Handle
from onward.core.preservation.reference import GROUPS, Group, Reference, latest_references
from onward.core.preservation.statements import from_agent, from_person
from onward.core.preservation.tool_results import SessionWork, from_work
from onward.core.preservation.words import stems, telling_stems
from onward.core.transcript.authored_text import author_text
from onward.core.transcript.tools import classify_call
from onward.core.transcript.transcript import Turn

MAX_EXPECTED: Mapping[Group, int] = {
    "rules": 10, "requirements": 8, "decisions": 6, "outcomes": 5, "fixes": 5, "dead ends": 4, "files": 8, "commands": 4, "open": 10,
    "values": 10,
}  # fmt: skip
"""The most references that one session adds per group, the weightiest: about what annotators keep of a long session."""


MIN_REPORT_CHARS = 70
"""Characters; a shorter text between two tool calls says what the agent does next, not what it found."""


def collect_references(number: int, turns: Iterable[tuple[int, Turn]]) -> list[Reference]:
    """Return what a handoff of session *number* should preserve, from its *turns* with their ordinals from 1, in
    order of (session, turn).

    Prose of users and agents is read by cues, tool calls by their effects. Injected text, turns of sub-agents and bulk
    tool output are not read.
    """
    work = SessionWork()
    collected: list[Reference] = []
    report: tuple[str, Handle] | None = None
    narration: list[tuple[str, Handle]] = []
    word_counts: Counter[str] = Counter()
    for ordinal, turn in turns:
        if turn.sidechain is not None or turn.mark in ("injected", "summary"):
            continue
        handle = Handle(number, ordinal)
        for result in turn.results:
            work.add_result(result, handle)
        prose = author_text(turn.text)
        if turn.role == "user" and prose:
            if report:
                collected.extend(from_agent(*report, word_counts, is_closing=True, is_last=False))
                report = None
            collected.extend(from_person(prose, handle, word_counts))
        elif turn.role == "assistant":
            if prose:
                if report and len(report[0]) >= MIN_REPORT_CHARS:
                    narration.append(report)
                report = prose, handle
            for call in turn.calls:
                act = classify_call(call)
                work.add_call(call.id, act, handle)
                if act.text:
                    narration.append((act.text, handle))
    if report:
        collected.extend(from_agent(*report, word_counts, is_closing=True, is_last=True))
    for text, handle in narration:
        collected.extend(from_agent(text, handle, word_counts, is_closing=False, is_last=False))
    collected.extend(from_work(work))
    return [_add_keys(reference, word_counts) for reference in _weightiest(collected)]


def _add_keys(reference: Reference, word_counts: Counter[str]) -> Reference:
    """Return *reference* with the words that identify it: of a statement its own, of a value those beside it, of a
    file or command none.
    """
    if reference.group in ("files", "commands"):
        return reference
    value_stems = stems(reference.subject) if reference.group == "values" else ()
    return reference._replace(keys=tuple(stem for stem in telling_stems(reference.text, word_counts) if stem not in value_stems))


def _weightiest(collected: list[Reference]) -> list[Reference]:
    """Return the weightiest references of each group, the later first among equals; retired ones stay, because they
    show what is stale.
    """
    mention_counts = Counter((reference.group, reference.subject) for reference in collected)
    known_names = {name for reference in collected if reference.group == "files" for name in (reference.subject, reference.needles[0])}
    # "#5" says no more than the address of pull request 5.
    known_names |= {
        spelling
        for reference in collected
        if reference.group == "values"
        for spelling in reference.needles
        if spelling[0] == "#" and spelling != reference.subject
    }
    chosen: list[Reference] = []
    by_group: dict[Group, list[Reference]] = {group: [] for group in GROUPS}
    for reference in latest_references(collected):
        if reference.retired:
            chosen.append(reference)
        elif reference.group != "values" or not _is_named(reference.subject, known_names):
            by_group[reference.group].append(reference)
    for group, group_references in by_group.items():
        group_references.sort(
            key=lambda reference: (reference.weight + 0.15 * min(4, mention_counts[reference.group, reference.subject]), reference.handle),
            reverse=True,
        )
        chosen += group_references[: MAX_EXPECTED[group]]
    return latest_references(chosen)


def _is_named(value: str, known_names: set[str]) -> bool:
    """Return whether *value* is a file, or another spelling of a value, that is a reference already."""
    return value in known_names or value.rsplit("/", 1)[-1] in known_names or "/".join(value.split("/")[-2:]) in known_names
