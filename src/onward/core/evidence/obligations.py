"""What a written handoff may not leave out: standing rules, pins, corrections, open tasks, unanswered questions, uncommitted changes and
failing checks.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from onward.core.evidence.pack import EvidencePack
from onward.core.extract.phrases import pattern
from onward.core.facts.fact import Fact, Handle
from onward.core.handoff.writer_sections import LEARNED, NEXT, SECTION_OF_KIND
from onward.core.text.prose import content_words, one_line, stem

_CHECK = re.compile(r"\b(?:test|tests|pytest|vitest|jest|lint|eslint|ruff|mypy|tsc|typecheck|build|check|clippy|vet|e2e|verify)\b")
_MAX_TASKS, _MAX_FAILING, _MAX_PATHS = 12, 3, 6
_COVERED_SHARE, _SAME_TURN_SHARE = 0.55, 0.3
"""The share of an item's words that a line must contain to cover the item, and the share if it also cites the item's turn."""
_LANGUAGES = frozenset(("en", "id", "fr", "es", "pt", "de"))


class Obligation(NamedTuple):
    """An item that a written handoff is required to have. `section` is its section; `is_fixed` means that a person demands it there, by a
    pin or a correction.
    """

    section: str
    text: str
    handles: tuple[Handle, ...]
    fact_id: str = ""
    is_fixed: bool = False


def find_obligations(facts: Iterable[Fact], shown_ids: Collection[str], last: EvidencePack | None) -> tuple[Obligation, ...]:
    """Return the required items: of the live *facts*, of which the handoff by rules shows *shown_ids*, and of the *last* session's
    evidence.
    """
    items = [
        Obligation(
            section=SECTION_OF_KIND.get(fact.kind, LEARNED),
            text=fact.text,
            handles=fact.sources,
            fact_id=fact.id,
            is_fixed=fact.pinned or fact.author == "person",
        )
        for fact in facts
        if fact.pinned or fact.author == "person" or (fact.kind == "rule" and fact.id in shown_ids)
    ]
    return (*items, *(_obligations_of_session(last) if last else ()))


def _obligations_of_session(pack: EvidencePack) -> Iterator[Obligation]:
    state = pack.state
    for text, handle in state.open_tasks[:_MAX_TASKS]:
        yield Obligation(section=NEXT, text=f"Open in the task list: {one_line(text, 160)}", handles=(handle,))
    if question := _unanswered(pack):
        yield question
    if state.uncommitted and state.uncommitted_handle:
        shown = ", ".join(f"`{path.rpartition('/')[2]}`" for path in state.uncommitted[:_MAX_PATHS])
        rest = f" and {len(state.uncommitted) - _MAX_PATHS} more" if len(state.uncommitted) > _MAX_PATHS else ""
        text = f"Edited after the last commit, not committed: {shown}{rest}"
        yield Obligation(section=NEXT, text=text, handles=(state.uncommitted_handle,))
    failing = [
        (command, handle)
        for command, (failed, handle) in state.outcomes.items()
        if failed and _CHECK.search(command) and not _passed_wider(command, handle, pack)
    ]
    for command, handle in failing[-_MAX_FAILING:]:
        yield Obligation(section=NEXT, text=f"`{one_line(command, 100)}` failed when it last ran", handles=(handle,))


def _passed_wider(command: str, handle: Handle, pack: EvidencePack) -> bool:
    """Whether a later command that does the same, or more of it, passed."""
    words = command.split()
    for other, (failed, at) in pack.state.outcomes.items():
        first = other.partition("&&")[0].split()
        if failed is False and at > handle and len(first) > 1 and words[: min(len(first), len(words))] == first[: len(words)]:
            return True
    return False


def _unanswered(pack: EvidencePack) -> Obligation | None:
    """Return the question that the agent asked last, where the person did not speak after it; None if there is none."""
    spoken = [line for line in pack.lines if line.voice in ("person", "agent", "report")]
    if not spoken or spoken[-1].voice == "person":
        return None
    sentences = re.split(r"(?<=[.!?？])\s+|\n", spoken[-1].text.strip())
    last = next((sentence for sentence in reversed(sentences) if sentence.strip()), "")
    is_small_talk = pattern("offer", _LANGUAGES).search(last.lower()) and not re.search(
        r"commit|push|pull request|\bpr\b|merge|deploy", last.lower()
    )
    if not last.rstrip("*_ ").endswith(("?", "？")) or is_small_talk:
        return None
    return Obligation(section=NEXT, text=f'Unanswered, for the person: "{one_line(last, 160)}"', handles=(spoken[-1].handle,))


def is_told(item: Obligation, lines: Iterable[tuple[str, Sequence[Handle]]]) -> bool:
    """Whether one of *lines* (text, handles) covers *item*."""
    wanted = {stem(word) for word in content_words(item.text.partition(": ")[2] or item.text)}
    if not wanted:
        return True
    for text, handles in lines:
        share = len(wanted & {stem(word) for word in content_words(text)}) / len(wanted)
        if share >= (_SAME_TURN_SHARE if set(handles) & set(item.handles) else _COVERED_SHARE):
            return True
    return False
