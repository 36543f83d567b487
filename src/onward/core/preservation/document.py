"""A handoff as the measure sees it: words in windows, and lines with the sources they cite."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from onward.core.facts import Handle
from onward.core.preservation.words import STEM, place_of, plain
from onward.core.text import STOPWORDS, words

WINDOW = 45
"""Content and stop words within which a statement has to stand to count as said in one place."""

_CITED = re.compile(r"\[s\d+\.\d+[^\]\n]*\]")
_HANDLE = re.compile(r"s(\d+)\.(\d+)")


class Line(NamedTuple):
    """One line of the document, with the heading above it and the handles it cites."""

    text: str
    heading: str
    cited: tuple[Handle, ...]


class Document:
    """The text of a handoff without its source handles and its own closing account, ready to be asked what it says."""

    def __init__(self, markdown: str) -> None:
        self.lines = list(_lines(markdown))
        self.text = plain("\n".join(line.text for line in self.lines))
        self._places: dict[str, list[int]] = {}
        for place, word in enumerate(words(self.text)):
            if word not in STOPWORDS:
                self._places.setdefault(word[:STEM], []).append(place)

    def has(self, value: str) -> bool:
        """Say whether the hard *value*, `plain`, stands in the document as a whole word."""
        return place_of(value, self.text) >= 0

    def best_share(self, asked: frozenset[str], enough: float) -> float:
        """Return the largest weighted share (0..1) of the *asked* stems that stand within one window; 0 when that cannot reach *enough*.

        A stem that is everywhere in the document proves little, so it weighs little: 1 / (1 + its occurrences / 8).
        """
        worth = {stem: 1 / (1 + len(self._places.get(stem, ())) / 8) for stem in asked}
        wanted = enough * sum(worth.values())
        present = [stem for stem in asked if stem in self._places]
        if not present or sum(worth[stem] for stem in present) < wanted:
            return 0.0
        spots = sorted((place, stem) for stem in present for place in self._places[stem])
        inside: dict[str, int] = {}
        best = held = 0.0
        first = 0
        for place, stem in spots:
            inside[stem] = inside.get(stem, 0) + 1
            if inside[stem] == 1:
                held += worth[stem]
            while spots[first][0] <= place - WINDOW:
                left = spots[first][1]
                inside[left] -= 1
                if not inside[left]:
                    held -= worth[left]
                first += 1
            best = max(best, held)
        return best / sum(worth.values())


def _lines(markdown: str) -> Iterator[Line]:
    heading = ""
    for raw in markdown.split("\n"):
        if raw.startswith("Kept at "):
            return
        cited = tuple(Handle(int(s), int(t)) for mark in _CITED.findall(raw) for s, t in _HANDLE.findall(mark)) if "[s" in raw else ()
        text = _CITED.sub("", raw).strip() if cited else raw.strip()
        if text.startswith("#"):
            heading = text.lstrip("# ").lower()
        if text:
            yield Line(text, heading, cited)
