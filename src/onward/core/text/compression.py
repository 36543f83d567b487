"""Shorter versions of any text: its most informative lines and sentences, in their own words and order.

Informative are exact values, words that are rare in the text, and cues of rules, decisions, failures and deadlines. A
line that repeats others gains nothing, and lines that differ only in numbers become one, with their count. Gaps are
marked. Nothing is reworded.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from math import log

from onward.core.text.prose import content_words, identifiers, stem

GAP = "[…]"
_MAX_CHARS = 300
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[\w\"'`(])")
_NUMBERS = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{8,}\b|\d+", re.I)
_CUE = re.compile(
    r"\b(?:error|exception|fail\w*|fatal|panic|refused|denied|timed? ?out|warn\w*|cannot|must|never|always|only|not|decid\w*|agreed|"
    r"because|instead|deadline|due|"
    r"required?|important|fix\w*|caus\w*|todo|next|jangan|harus|selalu|gagal|karena|wajib)\b",
    re.I,
)
_CUE_WORTH, _VALUE_WORTH, _HEADING_WORTH = 2.0, 1.5, 0.6
_MIN_ALIKE = 3
"""From this number on, lines that differ only in numbers are replaced by the first and their count."""


@dataclass(slots=True)
class _Piece:
    position: int
    text: str
    terms: dict[str, float]
    worth: float
    cost: int


def shorten(text: str, budget_tokens: int, count_tokens: Callable[[str], int]) -> str:
    """Return *text* in at most *budget_tokens* by *count_tokens*; unchanged if it is short enough, empty if not even
    its best line fits.
    """
    if count_tokens(text) <= budget_tokens:
        return text
    pieces = _cut_pieces(text, count_tokens)
    chosen = _choose(pieces, budget_tokens, count_tokens)
    while chosen and count_tokens(short := _join(chosen, pieces)) > budget_tokens:
        chosen.pop()
    return short if chosen else ""


def _cut_pieces(text: str, count_tokens: Callable[[str], int]) -> list[_Piece]:
    texts = [piece for line in text.splitlines() if line.strip() for piece in _split_line(line)]
    patterns = [_NUMBERS.sub("#", line.strip()) for line in texts]
    pattern_counts = Counter(patterns)
    terms_by_text = [_terms(line) for line in texts]
    term_counts = Counter(term for text_terms in terms_by_text for term in text_terms)
    pieces: list[_Piece] = []
    seen_patterns: set[str] = set()
    for position, (line, pattern, terms) in enumerate(zip(texts, patterns, terms_by_text, strict=True)):
        if pattern in seen_patterns and pattern_counts[pattern] >= _MIN_ALIKE:
            continue
        piece_text = (
            f"{line} (and {pattern_counts[pattern] - 1} lines like it)"
            if pattern_counts[pattern] >= _MIN_ALIKE and pattern not in seen_patterns
            else line
        )
        seen_patterns.add(pattern)
        weights = {term: worth * log(1 + len(texts) / term_counts[term]) for term, worth in terms.items()}
        worth = _CUE_WORTH * len(set(map(str.lower, _CUE.findall(line)))) + (_HEADING_WORTH if line.lstrip().startswith("#") else 0)
        pieces.append(_Piece(position=position, text=piece_text, terms=weights, worth=worth, cost=max(1, count_tokens(piece_text + "\n"))))
    return pieces


def _split_line(line: str) -> list[str]:
    """Return a line, or the sentences of a long one; a text without sentences is cut between words."""
    if len(line) <= _MAX_CHARS:
        return [line.rstrip()]
    parts: list[str] = []
    for sentence in _SENTENCE.split(line.strip()):
        rest = sentence
        while len(rest) > _MAX_CHARS:
            at = rest.rfind(" ", _MAX_CHARS // 2, _MAX_CHARS)
            at = at if at > 0 else _MAX_CHARS
            parts.append(rest[:at])
            rest = rest[at:].lstrip()
        parts.append(rest)
    return [part for part in parts if part]


def _terms(line: str) -> dict[str, float]:
    terms = {stem(word): 1.0 for word in content_words(line)}
    return terms | dict.fromkeys(identifiers(line), _VALUE_WORTH)


def _choose(pieces: Sequence[_Piece], budget_tokens: int, count_tokens: Callable[[str], int]) -> list[_Piece]:
    """Return the pieces that gain most per token, one after the other: repeated words gain nothing."""
    covered: set[str] = set()
    tokens_left = budget_tokens
    chosen: list[_Piece] = []
    # The gap before the piece, if it is a piece of its own.
    gap_cost = count_tokens(GAP + "\n")

    def gain(piece: _Piece) -> float:
        new = piece.worth + sum(weight for term, weight in piece.terms.items() if term not in covered)
        return float(new / (piece.cost + gap_cost) ** 0.8)

    heap = [(-gain(piece), piece.position, index) for index, piece in enumerate(pieces)]
    heapify(heap)
    while heap:
        _, position, index = heappop(heap)
        piece = pieces[index]
        current_gain = gain(piece)
        # Its gain fell, so another piece may gain more now.
        if heap and -current_gain > heap[0][0]:
            heappush(heap, (-current_gain, position, index))
            continue
        if piece.cost + gap_cost <= tokens_left and not covered.issuperset(piece.terms):
            chosen.append(piece)
            covered.update(piece.terms)
            tokens_left -= piece.cost + gap_cost
    return chosen


def _join(chosen: Sequence[_Piece], pieces: Sequence[_Piece]) -> str:
    """Return the pieces in their order, with the gaps marked."""
    order = {piece.position: number for number, piece in enumerate(pieces)}
    lines: list[str] = []
    last = -1
    for piece in sorted(chosen, key=lambda piece: piece.position):
        if order[piece.position] != last + 1:
            lines.append(GAP)
        lines.append(piece.text)
        last = order[piece.position]
    if last != len(pieces) - 1:
        lines.append(GAP)
    return "\n".join(lines) + "\n"
