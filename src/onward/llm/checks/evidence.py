"""The evidence of a document, indexed: the text of each handle, and how rare each word is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from math import log
from typing import NamedTuple

from onward.core.evidence.line import EvidenceLine, Voice
from onward.core.evidence.session import SessionState
from onward.core.facts.fact import Handle
from onward.llm.checks.quotation import is_quoted_from
from onward.llm.checks.tokens import Word, is_negator, normal, stems, words
from onward.llm.checks.values import LineValue, occurrences, parts_of

_REACH_CHARS = 220
"""Characters on either side of a value within which the words about it are looked for."""


class EvidenceText(NamedTuple):
    """One line of evidence, in normal form and as it is."""

    handle: Handle
    voice: Voice
    text: str
    raw: str


class Sighting(NamedTuple):
    """A value in the evidence, and the stems of the words around it."""

    source: EvidenceText
    around: frozenset[str]


@dataclass(frozen=True)
class Evidence:
    """Lines of evidence and the states of the sessions that they are from; `known_handles` also holds handles that cite no line here."""

    lines: Sequence[EvidenceLine]
    states: Sequence[SessionState] = ()
    known_handles: frozenset[Handle] = field(default_factory=frozenset[Handle])

    @cached_property
    def texts(self) -> tuple[EvidenceText, ...]:
        """All lines in normal form."""
        return tuple(EvidenceText(line.handle, line.voice, normal(line.labelled()), line.labelled()) for line in self.lines)

    @cached_property
    def _by_handle(self) -> dict[Handle, list[EvidenceText]]:
        by_handle: dict[Handle, list[EvidenceText]] = {}
        for text in self.texts:
            by_handle.setdefault(text.handle, []).append(text)
        return by_handle

    @cached_property
    def _weights(self) -> dict[str, float]:
        counts = Counter(stem for text in self.texts for stem in stems(text.text))
        return {stem: log(1 + len(self.texts) / count) for stem, count in counts.items()}

    def weight(self, stem: str) -> float:
        """Return the weight of a word: rare ones have more. A word that the evidence lacks has most."""
        return self._weights.get(stem) or log(2 + len(self.texts))

    def has(self, handle: Handle) -> bool:
        """Whether the evidence has anything at *handle*."""
        return handle in self._by_handle or handle in self.known_handles

    def near(self, handles: Iterable[Handle]) -> list[EvidenceText]:
        """Return the texts of *handles* and of one turn before and after each."""
        wanted = dict.fromkeys(Handle(handle.session, handle.turn + step) for handle in handles for step in (0, -1, 1))
        return [text for handle in wanted for text in self._by_handle.get(handle, ())]

    def share(self, of: frozenset[str], within: frozenset[str]) -> float:
        """Return the share, by weight, of the words *of* that are *within* others."""
        total = sum(map(self.weight, of))
        return sum(map(self.weight, of & within)) / total if total else 1.0

    def known(self, of: frozenset[str]) -> frozenset[str]:
        """Return those of the words *of* that the evidence contains."""
        return of & self._weights.keys()

    def is_widespread(self, value: LineValue) -> bool:
        """Whether *value* is a widespread name: four turns or more contain it."""
        handles: set[Handle] = set()
        for text in self.texts:
            if next(occurrences(value, text.text), None):
                handles.add(text.handle)
                if len(handles) >= 4:
                    return True
        return False


def sightings(value: LineValue, texts: Iterable[EvidenceText]) -> Iterator[Sighting]:
    """Yield where *texts* contain *value*; if none contains it as a whole, those that contain all of its parts."""
    texts = list(texts)
    matches = False
    for text in texts:
        for place in occurrences(value, text.text):
            matches = True
            before, after = text.text[max(0, place.start - _REACH_CHARS) : place.start], text.text[place.end : place.end + _REACH_CHARS]
            yield Sighting(text, stems(before) | stems(after))
    if matches:
        return
    if value.kind == "quote":
        yield from (Sighting(text, stems(text.text)) for text in texts if is_quoted_from(value.normal, text.text))
        return
    parts = parts_of(value)
    for text in texts if parts else ():
        if all(next(occurrences(part, text.text), None) for part in parts) and not _denies_between(parts, text.text):
            yield Sighting(text, stems(text.text))


def _denies_between(parts: Sequence[LineValue], text: str) -> bool:
    """Whether *text* has a denial between two parts that follow each other in a value: the value lost it."""
    pairs = ((first.normal, second.normal) for first, second in pairwise(parts))
    return any(
        is_negator(match[1])
        for first, second in pairs
        for match in re.finditer(rf"{re.escape(first)}\W+([\w']+)\W+{re.escape(second)}", text)
    )


def sentences(texts: Iterable[EvidenceText]) -> Iterator[tuple[EvidenceText, tuple[Word, ...]]]:
    """Yield each sentence of *texts* as its words of meaning."""
    for text in texts:
        sentence: list[Word] = []
        for word in words(text.text):
            if sentence and word.sentence != sentence[-1].sentence:
                yield text, tuple(sentence)
                sentence = []
            sentence.append(word)
        if sentence:
            yield text, tuple(sentence)
