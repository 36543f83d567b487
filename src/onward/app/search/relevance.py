"""From a query to the passages that answer it: search terms, passages of a text, and their scores. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log

from onward.core.text.prose import STOPWORDS, cut_position
from onward.store.search.searchable_text import fold_case, split_names, split_words, stem, stems

PASSAGE_CHARS = 420
"""The approximate length of a passage, which consists of whole lines."""
LONGEST_LINE_CHARS = 700
REPEAT_RATIO = 0.8

_CAMEL_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_IDENTIFIER = re.compile(r"[\w@~-]+(?:[./\\:_-]+[\w@-]+)+")
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|(?<=[。！？；])")
_QUESTION_WORDS = STOPWORDS | frozenset(
    "did does do use used using uses say said tell told name named called happen happened exactly many much ever s t ve re ll d m was were "
    "apa siapa kapan dimana mengapa kenapa bagaimana berapa mana".split()
)


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """The terms of a query: `words` in lower case (with stop words only if there is nothing else), and `names`, the identifiers among them,
    as phrases.
    """

    words: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def terms(self) -> tuple[str, ...]:
        """All terms."""
        return (*self.names, *self.words)


def parse_query(query: str, phrases: Sequence[str] = ()) -> SearchQuery:
    """Return the terms of *query*. Identifiers are split at case changes, dots, slashes and underscores, and also searched as a whole, as
    *phrases* are.
    """
    all_words = list(dict.fromkeys((*split_words(query), *split_words(_CAMEL_BOUNDARY.sub(" ", query)))))
    words = [word for word in all_words if word not in _QUESTION_WORDS and (len(word) > 1 or word.isdecimal())] or all_words
    names = [" ".join(split_words(text)) for text in (*phrases, *_IDENTIFIER.findall(query))]
    return SearchQuery(tuple(words), tuple(dict.fromkeys(name for name in names if " " in name)))


class PassageScorer:
    """Scores passages for a query. `counts` is the number of turns that contain each term, `turns` the number of all turns."""

    def __init__(self, question: SearchQuery, counts: Mapping[str, int], turns: int) -> None:
        self._rarity: dict[str, float] = {}
        for word in question.words:
            weight = rarity(counts.get(word, 0), turns)
            self._rarity[stem(word)] = max(weight, self._rarity.get(stem(word), 0.0))
        self._names = [(name, rarity(counts.get(name, 0), turns)) for name in question.names]
        self._max_weight = sum(self._rarity.values()) or 1.0

    def score(self, text: str) -> float:
        """Return 0 to about 2: the share of the query's words that *text* contains, weighted by rarity, plus half the weight of each whole
        name.
        """
        # A stem is how its words begin, so a text without any of them needs no closer look; most texts are such.
        folded = fold_case(text)
        if not any(word in folded for word in self._rarity):
            return 0.0
        text_stems = stems(text)
        all_stems = {*text_stems, *stems(split_names(text))}
        score = sum(weight for word, weight in self._rarity.items() if word in all_stems)
        if score and self._names:
            flat = f" {' '.join(split_words(text))} "
            score += sum(0.5 * weight for name, weight in self._names if f" {name} " in flat)
        length = len(text_stems)
        return score / self._max_weight * (1.0 if length > 12 else 0.6 + length / 30)

    def contained(self, text: str) -> frozenset[str]:
        """Return the stems of the query's words that *text* contains."""
        return frozenset(self._rarity.keys() & {*stems(text), *stems(split_names(text))})

    def share(self, contained: Iterable[str]) -> float:
        """Return the share (0..1) of the query's words, weighted by rarity, that *contained* stems are."""
        return sum(self._rarity[word] for word in contained) / self._max_weight

    def best_line(self, text: str) -> str:
        """Return the line of *text* with the highest score, the first of several."""
        return max(text.split("\n"), key=self.score)


def rarity(count: int, turns: int) -> float:
    """Return the weight of a term that *count* of *turns* turns contain."""
    return log(1.0 + (max(turns, count) - count + 0.5) / (count + 0.5))


def passages(text: str) -> Iterator[str]:
    """Yield *text* in passages of whole lines of about `PASSAGE_CHARS` characters. Blank lines and rules are left out."""
    passage: list[str] = []
    size = 0
    for line in _lines(text):
        if size + len(line) > PASSAGE_CHARS and passage:
            yield "\n".join(passage)
            passage, size = [], 0
        passage.append(line)
        size += len(line)
    if passage:
        yield "\n".join(passage)


def _lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        bare = line.rstrip()
        if not any(map(str.isalnum, bare)):
            continue
        if len(bare) <= LONGEST_LINE_CHARS:
            yield bare
            continue
        part = ""
        for sentence in _SENTENCE_END.split(bare):
            if part and len(part) + len(sentence) > PASSAGE_CHARS:
                yield part
                part = ""
            part = f"{part} {sentence}".strip()
            while len(part) > LONGEST_LINE_CHARS:
                cut = cut_position(part, PASSAGE_CHARS)
                yield part[:cut]
                part = part[cut:].lstrip()
        if part:
            yield part


def is_repeat(words: frozenset[str], earlier: Sequence[frozenset[str]]) -> bool:
    """Return whether nearly all *words* of a text are in one of the *earlier* texts."""
    return any(len(words & other) >= REPEAT_RATIO * len(words) for other in earlier)
