"""How well a passage answers a query: search terms, scores, and what weighs more. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nlargest
from math import log

from onward.core.search_result import Excerpt, SearchKind
from onward.core.text.prose import STOPWORDS
from onward.store.search.searchable_text import fold_case, split_names, split_words, stem, stems, words_of_folded

_CONTEXT_TURNS, _CONTEXT_WEIGHT = 4, 0.4
"""Turns before and after a passage that count with it, and how much the words that they all have weigh."""
_BEST_TURNS, _SESSION_WEIGHT = 3, 0.6
"""The number of turns of a session by which its relevance is judged, and how much their mean weighs."""
KIND_WEIGHTS: dict[SearchKind, float] = {"user": 1.1, "assistant": 1.0, "tool": 0.85, "fact": 1.3, "handoff": 1.25, "knowledge": 1.2}
_NO_CONTEXT: tuple[SearchKind, ...] = ("tool", "handoff", "knowledge")
RECENCY_WEIGHT = 0.08
"""How much more the newest session weighs than the first one."""

_CAMEL_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_IDENTIFIER = re.compile(r"[\w@~-]+(?:[./\\:_-]+[\w@-]+)+")
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
        # A stem is how its words begin.
        self._beginnings = tuple(self._rarity)
        self._looked_up: dict[str, tuple[int, frozenset[str]]] = {}

    def score(self, text: str) -> float:
        """Return 0 to about 2: the share of the query's words that *text* contains, weighted by rarity, plus half the weight of each whole
        name.
        """
        # Most texts have none of the words, and need no closer look.
        folded = fold_case(text)
        if not any(word in folded for word in self._rarity):
            return 0.0
        length, contained = self._look_up(text, folded)
        score = sum(weight for word, weight in self._rarity.items() if word in contained)
        if score and self._names:
            flat = f" {' '.join(split_words(text))} "
            score += sum(0.5 * weight for name, weight in self._names if f" {name} " in flat)
        return score / self._max_weight * (1.0 if length > 12 else 0.6 + length / 30)

    def contained(self, text: str) -> frozenset[str]:
        """Return the stems of the query's words that *text* contains."""
        return self._look_up(text, fold_case(text))[1]

    def may_score(self, text: str) -> bool:
        """Return whether a part of *text*, such as a value in JSON, may have a score; much cheaper than the score."""
        lower_text = text.lower()
        return not text.isascii() or any(word in lower_text for word in self._rarity)

    def _look_up(self, text: str, folded: str) -> tuple[int, frozenset[str]]:
        """Return the number of words of *text*, and the stems of the query's words that are among them and the parts of its names."""
        if text not in self._looked_up:
            words = words_of_folded(folded)
            contained = self._rarity.keys() & {stem(word) for word in words if word.startswith(self._beginnings)}
            if any(word in folded for word in self._rarity.keys() - contained):
                contained |= self._rarity.keys() & set(stems(split_names(text)))
            self._looked_up[text] = len(words), frozenset(contained)
        return self._looked_up[text]

    def share(self, contained: Iterable[str]) -> float:
        """Return the share (0..1) of the query's words, weighted by rarity, that *contained* stems are."""
        return sum(self._rarity[word] for word in contained) / self._max_weight

    def best_line(self, text: str) -> str:
        """Return the line of *text* with the highest score, the first of several."""
        return max(text.split("\n"), key=self.score)


def rarity(count: int, turns: int) -> float:
    """Return the weight of a term that *count* of *turns* turns contain."""
    return log(1.0 + (max(turns, count) - count + 0.5) / (count + 0.5))


def favor_context(excerpts: Sequence[Excerpt], judge: PassageScorer) -> Iterator[Excerpt]:
    """Yield *excerpts*, each weighted higher where the turns around it, and the best turns of its session, have the query's words, too: an
    answer seldom repeats the words of its question. Results of tools are no context: they repeat words by chance. Neither is what repeats
    a turn.
    """
    contained: dict[tuple[str, int], dict[int, frozenset[str]]] = {}
    for excerpt in excerpts:
        session = contained.setdefault((excerpt.project, excerpt.handle.session), {})
        if excerpt.kind in _NO_CONTEXT:
            continue
        session[excerpt.handle.turn] = session.get(excerpt.handle.turn, frozenset()) | judge.contained(excerpt.text)
    session_shares = {
        name: sum(nlargest(_BEST_TURNS, (judge.share(words) for words in session.values()))) / _BEST_TURNS
        for name, session in contained.items()
    }
    for excerpt in excerpts:
        name, turn = (excerpt.project, excerpt.handle.session), excerpt.handle.turn
        around = frozenset[str]().union(*(words for other, words in contained[name].items() if abs(other - turn) <= _CONTEXT_TURNS))
        bonus = _CONTEXT_WEIGHT * judge.share(around) + _SESSION_WEIGHT * session_shares[name]
        yield replace(excerpt, score=excerpt.score + bonus)


def favor_recent(excerpts: Iterable[Excerpt]) -> Iterator[Excerpt]:
    """Yield *excerpts*, each weighted a little higher the later its session is in its project: of two equal answers, the newer one wins."""
    excerpts = list(excerpts)
    newest: dict[str, int] = {}
    for excerpt in excerpts:
        newest[excerpt.project] = max(excerpt.handle.session, newest.get(excerpt.project, 1))
    yield from (
        replace(excerpt, score=excerpt.score * (1 + RECENCY_WEIGHT * excerpt.handle.session / newest[excerpt.project]))
        for excerpt in excerpts
    )
