"""The references of one session: what its handoff should preserve."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import repeat

from onward.core.facts.fact import Handle
from onward.core.preservation.cues import LANGUAGES
from onward.core.preservation.fate import RequestRound, join_unanswered
from onward.core.preservation.groups import GROUPS, HARD, Group
from onward.core.preservation.reference import Reference, latest_references
from onward.core.preservation.statements import from_agent, from_person
from onward.core.preservation.tool_results import SessionWork, from_work, has_effect
from onward.core.preservation.twins import mark_words
from onward.core.preservation.words import find_word, normalise, stems, telling_stems
from onward.core.text.languages import languages_of
from onward.core.transcript.authored_text import author_text
from onward.core.transcript.tools import classify_call
from onward.core.transcript.transcript import ToolCall, ToolResult, Turn

MAX_EXPECTED: Mapping[Group, int] = {
    "rules": 40, "requirements": 24, "decisions": 12, "outcomes": 10, "fixes": 10, "dead ends": 8, "files": 6, "commands": 2, "open": 20,
    "values": 30,
}  # fmt: skip
"""The most references that one session adds per group, the weightiest: about what annotators keep of a long session."""


MAX_RETIRED = 150
"""The most retired references of one session, the newest."""

MIN_REPORT_CHARS = 70
"""Characters; a shorter text between two tool calls says what the agent does next, not what it found."""


def collect_references(number: int, turns: Iterable[tuple[int, Turn]]) -> list[Reference]:
    """Return what a handoff of session *number* should preserve, from its *turns* with their ordinals from 1, in
    order of (session, turn).

    Prose of users and agents is read by cues, tool calls by their effects. Injected text, turns of sub-agents and bulk
    tool output are not read.
    """
    reading = _Reading(number)
    for ordinal, turn in turns:
        if turn.sidechain is None and turn.mark not in ("injected", "summary"):
            reading.add_turn(ordinal, turn)
    return reading.references()


class _Reading:
    """What one session says and does, turn by turn: its rounds, the agent's passing remarks, and its work."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._work = SessionWork()
        self._narration: list[tuple[str, Handle]] = []
        self._rounds: list[RequestRound] = []
        self._reports: list[tuple[str, Handle]] = []
        """The last prose of the agent in each round, empty where it said nothing."""
        self._opening_report: tuple[str, Handle] | None = None

    def add_turn(self, ordinal: int, turn: Turn) -> None:
        """Read the next turn."""
        handle = Handle(self._number, ordinal)
        for result in turn.results:
            self._add_result(result, handle)
        prose = author_text(turn.text)
        if turn.role == "user" and prose:
            self._rounds.append(RequestRound(handle, prose))
            self._reports.append(("", handle))
        elif turn.role == "assistant":
            if prose:
                self._add_report(prose, handle)
            for call in turn.calls:
                self._add_call(call, handle)

    def _add_report(self, prose: str, handle: Handle) -> None:
        if not self._rounds:
            self._rounds.append(RequestRound(handle, ""))
            self._reports.append(("", handle))
        if len(self._reports[-1][0]) >= MIN_REPORT_CHARS:
            self._narration.append(self._reports[-1])
        self._reports[-1] = prose, handle
        self._rounds[-1].report = prose

    def _add_call(self, call: ToolCall, handle: Handle) -> None:
        act = classify_call(call)
        self._work.add_call(call.id, act, handle)
        if act.text:
            self._narration.append((act.text, handle))
        if self._rounds and (act.changes or has_effect(act.command) or any(todo.status == "completed" for todo in act.todos)):
            self._rounds[-1].has_work = True

    def _add_result(self, result: ToolResult, handle: Handle) -> None:
        has_failed = self._work.add_result(result, handle)
        if self._rounds and has_failed is not None:
            self._rounds[-1].has_failure = has_failed

    def references(self) -> list[Reference]:
        """Return the references of the turns read."""
        join_unanswered(self._rounds)
        collected: list[Reference] = []
        word_counts: Counter[str] = Counter()
        last = next((index for index in reversed(range(len(self._reports))) if self._reports[index][0]), -1)
        for index, (round_, report) in enumerate(zip(self._rounds, self._reports, strict=True)):
            if round_.text:
                collected.extend(from_person(round_, word_counts))
            if report[0]:
                is_last = index == last
                collected.extend(from_agent(*report, word_counts, is_closing=True, is_last=is_last and index == len(self._rounds) - 1))
        for text, handle in self._narration:
            collected.extend(from_agent(text, handle, word_counts, is_closing=False, is_last=False))
        collected = [reference for reference in collected if not self._is_named_again(reference)]
        collected.extend(from_work(self._work))
        return [*(_add_keys(reference, word_counts) for reference in _weightiest(collected)), *self._unread_languages()]

    def _unread_languages(self) -> Iterator[Reference]:
        """Yield the languages of the session that the measure does not read."""
        texts = [text for round_ in self._rounds for text in (round_.text, round_.report)]
        for language in sorted(languages_of(texts) - LANGUAGES):
            yield Reference(handle=self._rounds[-1].handle, group="languages", subject=language, text=language)

    def _is_named_again(self, reference: Reference) -> bool:
        """Return whether a value that was called replaced is named in several later turns: then it is still in use."""
        if not reference.retired or reference.group != "values":
            return False
        spoken = [(round_.text, round_.handle) for round_ in self._rounds] + self._reports + self._narration
        later = [text for text, handle in spoken if handle > reference.handle]
        return sum(find_word(reference.subject, normalise(text)) >= 0 for text in later) > 1


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
    retired: list[Reference] = []
    by_group: dict[Group, list[Reference]] = {group: [] for group in GROUPS}
    for reference in latest_references(collected):
        if reference.retired:
            retired.append(reference)
        elif reference.group != "values" or not _is_named(reference.subject, known_names):
            by_group[reference.group].append(reference)
    chosen = retired[-MAX_RETIRED:]
    for group, group_references in by_group.items():
        group_references.sort(
            key=lambda reference: (reference.weight + 0.15 * min(4, mention_counts[reference.group, reference.subject]), reference.handle),
            reverse=True,
        )
        sample = group_references[: MAX_EXPECTED[group]]
        rest = group_references[MAX_EXPECTED[group] :]
        marks = repeat(()) if group in HARD else mark_words([r.text for r in sample], [r.text for r in rest])
        chosen += (reference._replace(marks=words, beside=len(rest)) for reference, words in zip(sample, marks, strict=False))
    return latest_references(chosen)


def _is_named(value: str, known_names: set[str]) -> bool:
    """Return whether *value* is a file, or another spelling of a value, that is a reference already."""
    return value in known_names or value.rsplit("/", 1)[-1] in known_names or "/".join(value.split("/")[-2:]) in known_names
