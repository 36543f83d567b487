"""Any text made short: the lines and sentences that say most in the fewest tokens, in their own words and order.

What says much: exact values, words that are rare in the text, and cues of rules, decisions, failures, deadlines. A line that repeats what is in gains nothing, and lines that differ only
in their numbers are one (the first of them, with how many there are). The gaps are marked. Nothing is reworded.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from math import log

from onward.core.text import content_words, identifiers, stem

GAP = "[…]"
_LONGEST_CHARS = 300
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[\w\"'`(])")
_NUMBERS = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{8,}\b|\d+", re.I)
_CUE = re.compile(
    r"\b(?:error|exception|fail\w*|fatal|panic|refused|denied|timed? ?out|warn\w*|cannot|must|never|always|only|not|decid\w*|agreed|because|instead|deadline|due|"
    r"required?|important|fix\w*|caus\w*|todo|next|jangan|harus|selalu|gagal|karena|wajib)\b",
    re.I,
)
_CUE_WORTH, _VALUE_WORTH, _HEADING_WORTH = 2.0, 1.5, 0.6
_ALIKE = 3
"""So many lines that differ only in their numbers are told by the first and their number."""


@dataclass(slots=True)
class _Piece:
    place: int
    text: str
    terms: dict[str, float]
    worth: float
    cost: int


def shorten(text: str, budget_tokens: int, count_tokens: Callable[[str], int]) -> str:
    """Return *text* in at most *budget_tokens* by *count_tokens*; as it is where it is short enough, empty where not even its best line fits."""
    if count_tokens(text) <= budget_tokens:
        return text
    pieces = _pieces(text, count_tokens)
    chosen = _chosen(pieces, budget_tokens, count_tokens)
    while chosen and count_tokens(short := _joined(chosen, pieces)) > budget_tokens:
        chosen.pop()
    return short if chosen else ""


def _pieces(text: str, count_tokens: Callable[[str], int]) -> list[_Piece]:
    said = [piece for line in text.splitlines() if line.strip() for piece in _cut(line)]
    patterns = [_NUMBERS.sub("#", line.strip()) for line in said]
    alike = Counter(patterns)
    words = [_terms(line) for line in said]
    among = Counter(term for one in words for term in one)
    pieces: list[_Piece] = []
    seen: set[str] = set()
    for place, (line, pattern, terms) in enumerate(zip(said, patterns, words, strict=True)):
        if pattern in seen and alike[pattern] >= _ALIKE:
            continue
        told = f"{line} (and {alike[pattern] - 1} lines like it)" if alike[pattern] >= _ALIKE and pattern not in seen else line
        seen.add(pattern)
        weights = {term: worth * log(1 + len(said) / among[term]) for term, worth in terms.items()}
        worth = _CUE_WORTH * len(set(map(str.lower, _CUE.findall(line)))) + (_HEADING_WORTH if line.lstrip().startswith("#") else 0)
        pieces.append(_Piece(place, told, weights, worth, max(1, count_tokens(told + "\n"))))
    return pieces


def _cut(line: str) -> list[str]:
    """Return a line, or the sentences of one that is long; what has no sentences in words that fit."""
    if len(line) <= _LONGEST_CHARS:
        return [line.rstrip()]
    cut: list[str] = []
    for sentence in _SENTENCE.split(line.strip()):
        rest = sentence
        while len(rest) > _LONGEST_CHARS:
            at = rest.rfind(" ", _LONGEST_CHARS // 2, _LONGEST_CHARS)
            at = at if at > 0 else _LONGEST_CHARS
            cut.append(rest[:at])
            rest = rest[at:].lstrip()
        cut.append(rest)
    return [one for one in cut if one]


def _terms(line: str) -> dict[str, float]:
    terms = {stem(word): 1.0 for word in content_words(line)}
    return terms | dict.fromkeys(identifiers(line), _VALUE_WORTH)


def _chosen(pieces: Sequence[_Piece], budget_tokens: int, count_tokens: Callable[[str], int]) -> list[_Piece]:
    """Return the pieces that gain most for their tokens, one after the other: what is told already gains nothing."""
    told: set[str] = set()
    left = budget_tokens
    chosen: list[_Piece] = []
    # One before it, if it stands alone.
    gap_cost = count_tokens(GAP + "\n")

    def gain(one: _Piece) -> float:
        new = one.worth + sum(weight for term, weight in one.terms.items() if term not in told)
        return float(new / (one.cost + gap_cost) ** 0.8)

    heap = [(-gain(one), one.place, index) for index, one in enumerate(pieces)]
    heapify(heap)
    while heap:
        _, place, index = heappop(heap)
        one = pieces[index]
        now = gain(one)
        # It gains less than it did: others may gain more by now.
        if heap and -now > heap[0][0]:
            heappush(heap, (-now, place, index))
            continue
        if one.cost + gap_cost <= left and not told.issuperset(one.terms):
            chosen.append(one)
            told.update(one.terms)
            left -= one.cost + gap_cost
    return chosen


def _joined(chosen: Sequence[_Piece], pieces: Sequence[_Piece]) -> str:
    """Return the pieces in their order, the gaps between them marked."""
    order = {one.place: number for number, one in enumerate(pieces)}
    lines: list[str] = []
    last = -1
    for one in sorted(chosen, key=lambda one: one.place):
        if order[one.place] != last + 1:
            lines.append(GAP)
        lines.append(one.text)
        last = order[one.place]
    if last != len(pieces) - 1:
        lines.append(GAP)
    return "\n".join(lines) + "\n"
