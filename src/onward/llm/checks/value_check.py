"""Checks that the evidence that a line cites contains each of its exact values, and that no other value fits its place better there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

from onward.core.facts.fact import Handle
from onward.core.text.prose import STOPWORDS
from onward.llm.checks.evidence import Evidence, EvidenceText, Sighting, sightings
from onward.llm.checks.fit import Around, Beside, around, beside, fit, placed_values, shape_of
from onward.llm.checks.tokens import normal, stem, stems
from onward.llm.checks.values import LineValue, exact_values, occurrences

_SHORT_TEXT_WORDS = 60
_FEW_WORDS = 3
"""A line with fewer words beside its values says nothing that could be held against them."""
_QUOTE_SHARE = 0.15
"""The share of the line's words, by weight, around a short quotation for which another handle is added."""
_OUT_OF_PLACE = {
    "always": 3.4, "at a handle": -2.2, "at or beside a handle": -1.6, "fit": -3.5, "better fit": 3.7, "better fit of a number": 2.5,
    "few words": 0.8, "in the head": 0.5, "in the head, shown by git": -2.2, "another labelled so": 7.0, "values": -0.16,
}  # fmt: skip
"""What speaks for (above 0) or against a value's being out of place: the weights of a logistic regression on lines of pages as written and
with another value in them."""
_MISPLACED = 2.4
_EXCHANGE = {"fit": 4.4, "words beside": 0.72, "order": 7.7, "out of place": 2.5}
"""What says that two values are exchanged: weights from the same lines, as written and with two of their values exchanged."""
_EXCHANGED = 2.4
_NEVER_HOLDS = 3
"""How surely a file is not in a function."""
_LONG_QUOTE_WORDS = 3
"""A quotation of so many words may be from anywhere in the sessions of the line: it is not there by chance."""
_LISTED = re.compile(r"[\s,/&+]*(?:and|or|dan|et|und|y|e|,)?[\s,/&+]*(?:`[^`]*`[\s,/&+]*(?:and|or|,)?[\s,/&+]*)*")
"""The text between values that are only listed: their order says nothing."""
_JOINT = re.compile(r"[^\W_]+|→|[-=]>|=")
_CLAUSE_END = re.compile(r"[;,:.—](?:\s|$)|→.*→|\w\W*→|→\W*\w")
_MAX_JOINTS, _JOINT_CHARS, _JOINT_SHARE = 7, 90, 0.7
"""The most words between two values whose order is compared, the characters between them in evidence, and the share of words in both."""
_BEFORE_HOLDER = re.compile(r"\b(?:in|into|inside|under|within|di|dans|dentro de|en|em) `?$")
_BEFORE_BRANCH = re.compile(r"\b(?:on|branch) `?$")
_BRANCH = re.compile(r"\bbranch (\S+)")
_AFTER_RUN = re.compile(r" (?:passed|passes|ok\b|failed|fails\b|ended|exits?\b)")
_FREE_NAMES = frozenset(("main", "master", "git", "github", "readme.md"))
_MIN_OTHER_CHARS = (4, 1)
_MAX_VALUES = 8
_SEPARATORS = re.compile(r"[-_ .]")
_MIN_TITLE_CHARS = 5
_LABEL = re.compile(r"(?:\d+ of|[^\W\d_]{3,}) $")
"""What names the number that follows."""
_STATE_VOICES = ("git", "file")


class ValueProblem(NamedTuple):
    """A value that the evidence does not support, the value that belongs in its place (empty if none does), and where that is."""

    value: str
    instead: str = ""
    found_at: Handle | None = None


class _Better(NamedTuple):
    """How well another value fits a place, the value, and where it is."""

    fit: float
    normal: str = ""
    handle: Handle | None = None


class _Placement(NamedTuple):
    """How much speaks against a value in its place, and the value that fits better (empty if none does) and where."""

    score: float
    instead: str = ""
    found_at: Handle | None = None


class ValueResult(NamedTuple):
    """The problems of a line's values, and the handles to add."""

    problems: list[ValueProblem]
    added_handles: list[Handle]


def check_values(text: str, handles: Sequence[Handle], evidence: Evidence, *, is_head: bool = False) -> ValueResult:
    """Check the values of *text*, which cites *handles*. The head sums up a session: its values may be anywhere in what it cites."""
    values = exact_values(text)
    line = _Line(text=text, values=values, handles=handles, evidence=evidence, is_head=is_head)
    result = ValueResult([], [])
    for value in values:
        problem = line.check(value, result.added_handles)
        if problem:
            result.problems.append(problem)
    if not result.problems and (exchanged := line.find_exchanged()):
        result.problems.append(exchanged)
    return result


@dataclass
class _Line:
    """One line and what it cites."""

    text: str
    values: Sequence[LineValue]
    handles: Sequence[Handle]
    evidence: Evidence
    is_head: bool

    def __post_init__(self) -> None:
        bare = self.text
        for value in self.values:
            if value.kind not in ("quote", "word"):
                bare = bare.replace(f"`{value.text}`" if value.kind == "code" else value.text, " ", 1)
        self.stems = self.evidence.known(stems(bare))
        self.cited = self.evidence.near(self.handles)
        self.sessions = {handle.session for handle in self.handles}
        self.known = {
            name
            for state in self.evidence.states
            if state.number in self.sessions
            for name in (state.branch.lower(), state.commits[-1][0] if state.commits else "")
        }
        self.names = {value.normal for value in self.values}

    def check(self, value: LineValue, added: list[Handle]) -> ValueProblem | None:
        """Return the problem of one value, or add the handle that it needs to *added*."""
        if value.normal in self.known or value.normal in _FREE_NAMES or self._is_title(value):
            return None
        cited_sightings = list(sightings(value, self.cited))
        if value.kind == "quote":
            return self._check_quote(value, cited_sightings, added)
        everywhere = list(sightings(value, self.evidence.texts))
        if value.kind == "word" and everywhere:
            return None
        if _is_joined_path(value, (source for source in self.cited if source.handle in self.handles)):
            return None
        in_sessions = [sighting for sighting in everywhere if sighting.source.handle.session in self.sessions]
        if not in_sessions:
            return ValueProblem(value.text)
        best = max(in_sessions, key=lambda sighting: self._share(value, sighting))
        placed = self._place(value, cited_sightings, in_sessions)
        if placed.score >= _MISPLACED:
            return ValueProblem(value.text, placed.instead, placed.found_at or best.source.handle)
        if not cited_sightings:
            added.append(best.source.handle)
        return None

    def _check_quote(self, value: LineValue, cited_sightings: Sequence[Sighting], added: list[Handle]) -> ValueProblem | None:
        if cited_sightings:
            return None
        shown = [other for other in sightings(value, self.evidence.texts) if other.source.handle.session in self.sessions]
        best = max(shown, key=lambda sighting: self._share(value, sighting), default=None)
        if best and (len(value.normal.split()) >= _LONG_QUOTE_WORDS or self._share(value, best) >= _QUOTE_SHARE):
            added.append(best.source.handle)
            return None
        return ValueProblem(value.text, found_at=best.source.handle if best else None)

    def _place(self, value: LineValue, cited_sightings: Sequence[Sighting], in_sessions: Sequence[Sighting]) -> _Placement:
        """Weigh what speaks against *value* in its place, which the sessions contain."""
        place = around(self.text, value.start, value.end)
        is_at_handle = any(sighting.source.handle in self.handles for sighting in cited_sightings)
        is_few = len(self.stems) < _FEW_WORDS
        better = self._find_better(value, place) or _Better(0.0)
        over = min(1.0, better.fit - self._fit_of(value, place, self.cited))
        labelled = self._find_labelled(value) if value.kind == "number" else None
        score = (
            _OUT_OF_PLACE["always"]
            + _OUT_OF_PLACE["at a handle"] * is_at_handle
            + _OUT_OF_PLACE["at or beside a handle"] * bool(cited_sightings)
            + _OUT_OF_PLACE["fit"] * self._fit_of(value, place, self._session_texts)
            + _OUT_OF_PLACE["better fit"] * over
            + _OUT_OF_PLACE["better fit of a number"] * over * (value.kind in ("number", "reference"))
            + _OUT_OF_PLACE["few words"] * (is_few and not cited_sightings)
            + _OUT_OF_PLACE["in the head"] * self.is_head
            + _OUT_OF_PLACE["in the head, shown by git"]
            * (self.is_head and any(sighting.source.voice in _STATE_VOICES for sighting in in_sessions))
            + _OUT_OF_PLACE["another labelled so"] * bool(labelled)
            + _OUT_OF_PLACE["values"] * min(len(self.values), _MAX_VALUES)
        )
        if labelled:
            return _Placement(score, labelled.instead, labelled.found_at)
        return _Placement(score, better.normal, better.handle) if over > 0 else _Placement(score)

    def _is_title(self, value: LineValue) -> bool:
        """Whether *value* names the project as the heading of a session does, with other capitals and separators."""
        name = _SEPARATORS.sub("", value.normal)
        return (
            value.kind in ("code", "name", "word")
            and len(name) >= _MIN_TITLE_CHARS
            and any(
                name in _SEPARATORS.sub("", source.text)
                for source in self.evidence.texts
                if source.voice == "run" and source.text.startswith("ran session ")
            )
        )

    def _find_labelled(self, value: LineValue) -> ValueProblem | None:
        """Return the problem that what stands before the number ("exit", "phase", "5 of") has another one in the cited evidence only."""
        label = _LABEL.search(normal(self.text[: value.start]))
        if not label or (label[0].strip() in STOPWORDS):
            return None
        pattern = re.compile(rf"\b{re.escape(label[0].strip())}[ :=#]*(\d[\d.,]*)")
        if not next(sightings(value, self.evidence.texts), None):
            return None
        if any(value.normal == shown.rstrip(".,") for source in self.evidence.texts for shown in pattern.findall(source.text)):
            return None
        for source in self.cited:
            if shown := pattern.search(source.text):
                return ValueProblem(value.text, shown[1].rstrip(".,"), source.handle)
        return None

    def _share(self, value: LineValue, sighting: Sighting) -> float:
        """Return how much of the line around *value* is around it in the evidence; a short line of evidence that the line cites is about
        it as a whole.
        """
        local = self.evidence.known(frozenset(word for _, word in around(self.text, value.start, value.end)))
        share = self.evidence.share(local, sighting.around)
        if sighting.source.handle in self.handles:
            share = max(share, 0.5 - len(stems(sighting.source.text)) / _SHORT_TEXT_WORDS)
        return share

    def _find_better(self, value: LineValue, place: Around) -> _Better | None:
        """Return the other value of the same shape in the cited evidence that fits *place* best; None if there is none."""
        shape = shape_of(value)
        others = (
            _Better(fit(place, other.around, self.evidence.weight), other.normal, source.handle)
            for source in self.cited
            for other in placed_values(source.raw)
            if other.shape == shape
            and len(other.normal) >= _MIN_OTHER_CHARS[shape == "number"]
            and other.normal not in self.names
            and not _are_alike(other.normal, value.normal)
        )
        return max(others, key=lambda better: better.fit, default=None)

    @cached_property
    def _session_texts(self) -> list[EvidenceText]:
        return [source for source in self.evidence.texts if source.handle.session in self.sessions]

    def _fit_of(self, value: LineValue, place: Around, texts: Iterable[EvidenceText]) -> float:
        fits = (
            fit(place, around(source.text, at.start, at.end), self.evidence.weight)
            for source in texts
            for at in occurrences(value, source.text)
        )
        return max(fits, default=0.0)

    def find_exchanged(self) -> ValueProblem | None:
        """Return the problem that two values are exchanged; None if none are."""
        values = [value for value in self.values if value.kind in ("code", "name", "number", "reference", "flag")][:_MAX_VALUES]
        for first, second in combinations(values, 2):
            if _are_alike(first.normal, second.normal) or (first.kind == "number") != (second.kind == "number"):
                continue
            if not _LISTED.fullmatch(self.text[first.end : second.start]) and self._exchange(first, second) >= _EXCHANGED:
                return ValueProblem(first.text, second.text)
        return None

    def _exchange(self, first: LineValue, second: LineValue) -> float:
        """Weigh what says that *first* and *second* stand in each other's place."""
        places = [around(self.text, value.start, value.end) for value in (first, second)]
        turned, straight = (
            self._fit_of(first, places[at], self._session_texts) + self._fit_of(second, places[1 - at], self._session_texts)
            for at in (1, 0)
        )
        score = _EXCHANGE["fit"] * (turned - straight) + _EXCHANGE["words beside"] * self._exchange_beside(first, second)
        if not _CLAUSE_END.search(self.text[first.end : second.start]):
            against, for_ = self._orders(second, first), self._orders(first, second)
            score += _EXCHANGE["order"] * ((against > for_) - (for_ > against))
        return score + _EXCHANGE["out of place"] * self._out_of_place(first, second)

    def _orders(self, first: LineValue, second: LineValue) -> int:
        """Return how often the cited evidence has *first* before *second* with the words between them that the line has there."""
        between = _joints(self.text[min(first.end, second.end) : max(first.start, second.start)])
        if not between or len(between) > _MAX_JOINTS:
            return 0
        count = 0
        for source in self.cited:
            places = [place.start for place in occurrences(second, source.text)]
            for at in occurrences(first, source.text) if places else ():
                after = min((start for start in places if start >= at.end), default=None)
                if after is not None and after - at.end <= _JOINT_CHARS:
                    shown = _joints(source.text[at.end : after])
                    count += len(between & shown) >= _JOINT_SHARE * max(len(between), len(shown))
        return count

    def _out_of_place(self, first: LineValue, second: LineValue) -> int:
        """Return how surely *second* stands where only *first* can, or the other way round: in a file, on a branch, as what passed."""
        pairs = ((second, first), (first, second))
        for value, other in pairs:
            before, after = self.text[: value.start], self.text[value.end :].removeprefix("`")
            if _BEFORE_BRANCH.search(before) and value.normal not in self._branches and other.normal in self._branches:
                return 2
            if _AFTER_RUN.match(after) and shape_of(value) in ("path", "id", "name") and shape_of(other) == "command":
                return 1
        holding = [_holds(other) - _holds(value) if _BEFORE_HOLDER.search(self.text[: value.start]) else 0 for value, other in pairs]
        return _NEVER_HOLDS if holding[0] >= 2 else max(holding[0], min(holding[1], 1), 0)

    @cached_property
    def _branches(self) -> frozenset[str]:
        """The branches that git shows in the sessions of the line."""
        shown = (name for source in self.cited if source.voice == "git" for name in _BRANCH.findall(source.text))
        return frozenset((*shown, *(state.branch.lower() for state in self.evidence.states if state.number in self.sessions)))

    def _exchange_beside(self, first: LineValue, second: LineValue) -> float:
        """Return how much more the words beside two values weigh in the evidence when the values are exchanged."""
        moved = {stem(word) for value in (first, second) for word in re.findall(r"[^\W_]+", value.normal)}
        places = [beside(self.text, value.start, value.end, moved) for value in (first, second)]
        unmoved = self._weight_beside(first, places[0]) + self._weight_beside(second, places[1])
        return self._weight_beside(first, places[1]) + self._weight_beside(second, places[0]) - unmoved

    def _weight_beside(self, value: LineValue, place: Beside) -> float:
        """Return the weight of those words of *place* that are right beside *value* somewhere in the cited evidence, on the same side."""
        neighbours = (beside(source.text, at.start, at.end) for source in self.cited for at in occurrences(value, source.text))
        return max(
            (
                sum(self.evidence.weight(word) for word, other in zip(place, sides, strict=True) if word and word == other)
                for sides in neighbours
            ),
            default=0.0,
        )


def _joints(text: str) -> frozenset[str]:
    """Return the words and signs that join two values."""
    return frozenset(_JOINT.findall(normal(text)))


def _holds(value: LineValue) -> int:
    """Return how much *value* can hold: a folder or file holds code, code holds no file."""
    if shape_of(value) == "path" and "(" not in value.text:
        return 2
    return 0 if value.text.endswith("()") or shape_of(value) in ("id", "flag", "command") else 1


def _is_joined_path(value: LineValue, cited: Iterable[EvidenceText]) -> bool:
    """Whether *value* is a path whose folder and name are in one cited text, such as the listing of a folder."""
    folder, _, name = value.normal.rpartition("/")
    if not folder or not name or value.kind not in ("code", "name") or " " in value.normal:
        return False
    parts = [value._replace(normal=part, kind="name") for part in (folder, name)]
    return any(all(next(occurrences(part, source.text), None) for part in parts) for source in cited)


def _are_alike(first: str, second: str) -> bool:
    return first in second or second in first
