"""A handoff as the measure reads it: words in windows, and lines with the sources they cite."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from onward.core.facts.fact import Handle
from onward.core.facts.headings import MEASURE_PREFIX
from onward.core.preservation.twins import has_digit
from onward.core.preservation.words import find_word, normalise, stem_list, whole_words

WINDOW = 45
"""The content and stop words within which a statement must be found to count as one statement."""

NEARBY_CHARS = 160
"""The characters around a value in which its companions are looked for: about two lines."""

_CITED = re.compile(r"\[s\d+\.\d+[^\]\n]*\]")
_HEAD = re.compile(r"\*\*([^*]{2,30}?)[.:]?\*\*[.:]? ")
_ITEM_MARKS = ("#", "- ", "* ", "+ ", "• ", "|", "1", "2", "3", "4", "5", "6", "7", "8", "9", "**")
_HANDLE = re.compile(r"s(\d+)\.(\d+)")


class DocumentLine(NamedTuple):
    """One line of the document, with the heading above it and the handles it cites."""

    text: str
    heading: str
    sources: tuple[Handle, ...]


class Document:
    """The text of a handoff without its handles and its closing line."""

    def __init__(self, markdown: str) -> None:
        self.lines = list(_lines(markdown))
        self._passages: list[tuple[frozenset[str], frozenset[str]]] = []
        self.text = normalise("\n".join(line.text for line in self.lines))
        self._positions: dict[str, list[int]] = {}
        for position, stem in enumerate(stem_list(self.text)):
            if stem:
                self._positions.setdefault(stem, []).append(position)

    def has(self, value: str, companions: Collection[str] = (), fewest: int = 0) -> bool:
        """Return whether the normalised *value* is in the document as a whole word, near at least *fewest* of its
        *companions* (or all, if they are fewer).
        """
        at = find_word(value, self.text)
        while at >= 0:
            beside = self.text[max(0, at - NEARBY_CHARS) : at + len(value) + NEARBY_CHARS]
            if not companions or _count_near(companions, beside) >= min(fewest, len(companions)):
                return True
            at = find_word(value, self.text, at + len(value))
        return False

    def has_passage(self, stems: Collection[str], enough: float, marks: Collection[str]) -> bool:
        """Return whether one line, or two of running text, has *enough* (0..1) of *stems*, and of *marks* every number and
        at least half of the words.
        """
        if not self._passages:
            self._passages = [(frozenset(stem_list(text)), whole_words(text)) for text in _passages(self.lines)]
        numbers = {mark for mark in marks if has_digit(mark)}
        names = [mark for mark in marks if mark not in numbers]
        return any(
            numbers <= line_words
            and 2 * sum(name in line_words for name in names) >= len(names)
            and sum(stem in line_stems for stem in stems) >= enough * len(stems)
            for line_stems, line_words in self._passages
        )

    def best_share(self, stems: Collection[str], enough: float) -> float:
        """Return the largest weighted share (0..1) of *stems* within one window; 0 if it cannot reach *enough*.

        A stem that is everywhere in the document proves little, so its weight is 1 / (1 + its occurrences / 8).
        """
        worth = {stem: 1 / (1 + len(self._positions.get(stem, ())) / 8) for stem in stems}
        wanted = enough * sum(worth.values())
        present = [stem for stem in stems if stem in self._positions]
        if not present or sum(worth[stem] for stem in present) < wanted:
            return 0.0
        spots = sorted((place, stem) for stem in present for place in self._positions[stem])
        inside: dict[str, int] = {}
        best = held_worth = 0.0
        first = 0
        for position, stem in spots:
            inside[stem] = inside.get(stem, 0) + 1
            if inside[stem] == 1:
                held_worth += worth[stem]
            while spots[first][0] <= position - WINDOW:
                dropped_stem = spots[first][1]
                inside[dropped_stem] -= 1
                if not inside[dropped_stem]:
                    held_worth -= worth[dropped_stem]
                first += 1
            best = max(best, held_worth)
        return best / sum(worth.values())


def _count_near(companions: Collection[str], passage: str) -> int:
    near = set(stem_list(passage))
    return sum(stem in near for stem in companions)


def _passages(lines: list[DocumentLine]) -> Iterator[str]:
    """Yield each line, with the next one where both are running text."""
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        is_running = following is not None and not line.text.startswith(_ITEM_MARKS) and not following.text.startswith(_ITEM_MARKS)
        yield f"{line.text} {following.text}" if following and is_running else line.text


def _lines(markdown: str) -> Iterator[DocumentLine]:
    heading = ""
    for raw in markdown.split("\n"):
        if raw.startswith(MEASURE_PREFIX):
            return
        sources = tuple(Handle(int(s), int(t)) for mark in _CITED.findall(raw) for s, t in _HANDLE.findall(mark)) if "[s" in raw else ()
        text = _CITED.sub("", raw).strip() if sources else raw.strip()
        if text.startswith("#"):
            heading = text.lstrip("# ").lower()
        if text:
            head = _HEAD.match(text)
            yield DocumentLine(text, head[1].lower() if head else heading, sources)
