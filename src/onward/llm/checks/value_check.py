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
_CITED_SHARE, _ELSEWHERE_SHARE, _HEAD_SHARE, _WIDESPREAD_SHARE = 0.1, 0.42, 0.25, 0.15
"""The share of the line's words, by weight, around a value where it is cited, and where another handle is added for it."""
_COUNTED_SHARE = 0.2
"""The share for a number that counts the same thing elsewhere in the session."""
_BETTER_FIT: dict[str, tuple[float, float]] = {
    "number": (1.5, 0.15), "reference": (1.5, 0.15), "id": (1.3, 0.1), "flag": (1.3, 0.1), "name": (2.0, 0.25), "path": (2.5, 0.3)
}  # fmt: skip
"""By shape: how much better another value has to fit a place than the line's own: a factor and a sum. Commands differ by words."""
_EXCHANGED_FIT, _EXCHANGED_OTHER_SHAPE_FIT = 0.2, 0.55
"""By how much two values have to fit each other's places better, together."""
_LONG_QUOTE_WORDS = 3
"""A quotation of so many words may be from anywhere in the sessions of the line: it is not there by chance."""
_EXCHANGED_WEIGHT = 4.0
"""By how much the words right beside two values have to weigh more when the values are exchanged."""
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
_DISTINCTIVE_CHARS = 10
_SEPARATORS = re.compile(r"[-_ .]")
_MIN_TITLE_CHARS = 5
_LABEL = re.compile(r"(?:\d+ of|[^\W\d_]{3,}) $")
"""What names the number that follows."""
_STATE_VOICES = ("git", "file")
_AT_HANDLE_FACTOR, _AT_HANDLE_SUM = 1.0, 0.2
"""How much better yet another value has to fit where a handle that the line cites contains the line's own."""


class ValueProblem(NamedTuple):
    """A value that the evidence does not support, the value that belongs in its place (empty if none does), and where that is."""

    value: str
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
        if value.kind == "number" and (labelled := self._find_labelled(value)):
            return labelled
        cited_sightings = list(sightings(value, self.cited))
        local = self.evidence.known(frozenset(word for _, word in around(self.text, value.start, value.end)))
        if self.is_head and value.kind != "number" and any(sighting.source.handle in self.handles for sighting in cited_sightings):
            return self._better(value, self.cited)
        if cited_sightings and value.kind == "quote":
            return None
        if _is_distinctive(value) and any(sighting.source.handle in self.handles for sighting in cited_sightings):
            return self._better(value, self.cited)
        if cited_sightings and (
            len(self.stems) < _FEW_WORDS or any(self._share(local, sighting) >= _CITED_SHARE for sighting in cited_sightings)
        ):
            return self._better(value, self.cited)
        if (
            value.kind == "quote"
            and len(value.normal.split()) >= _LONG_QUOTE_WORDS
            and (
                shown := next(
                    (other for other in sightings(value, self.evidence.texts) if other.source.handle.session in self.sessions), None
                )
            )
        ):
            added.append(shown.source.handle)
            return None
        if _is_joined_path(value, (source for source in self.cited if source.handle in self.handles)):
            return None
        if value.kind == "word" and next(sightings(value, self.evidence.texts), None):
            return None
        is_widespread = value.kind in ("code", "name", "flag") and not _has_digit_or_slash(value) and self.evidence.is_widespread(value)
        return self._check_elsewhere(
            value,
            local,
            cited_sightings,
            added,
            _WIDESPREAD_SHARE if is_widespread or value.kind == "quote" else _HEAD_SHARE if self.is_head else _ELSEWHERE_SHARE,
        )

    def _is_title(self, value: LineValue) -> bool:
        """Whether *value* names the project as the heading of a session does, with other capitals and separators."""
        name = _SEPARATORS.sub("", value.normal)
        return (
            value.kind in ("name", "word")
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

    def _check_elsewhere(
        self, value: LineValue, local: frozenset[str], cited_sightings: Sequence[Sighting], added: list[Handle], needed: float
    ) -> ValueProblem | None:
        others = [sighting for sighting in sightings(value, self.evidence.texts) if sighting.source.handle.session in self.sessions]
        if value.kind == "number" and (counted := _counted(self.text, value)):
            same = [sighting for sighting in others if counted in _counted_in(value, sighting.source)]
            others, needed = (same, _COUNTED_SHARE) if same else (others, needed)
        if (
            self.is_head
            and value.kind != "number"
            and (shown := next((other for other in others if other.source.voice in _STATE_VOICES), None))
        ):
            # The head says what git and the files show at the end.
            added.append(shown.source.handle)
            return None
        best = max(others, key=lambda sighting: self._share(local, sighting), default=None)
        if best and self._share(local, best) >= needed:
            if problem := self._better(value, [*self.cited, best.source]):
                return problem
            added.append(best.source.handle)
            return None
        place = best or next(iter(cited_sightings), None)
        return ValueProblem(value.text, found_at=place.source.handle if place else None)

    def _share(self, local_stems: frozenset[str], sighting: Sighting) -> float:
        """Return how much of the line is around a value; a short line of evidence that the line cites is about it as a whole."""
        share = self.evidence.share(local_stems, sighting.around)
        if sighting.source.handle in self.handles:
            share = max(share, 0.5 - len(stems(sighting.source.text)) / _SHORT_TEXT_WORDS)
        return share

    def _better(self, value: LineValue, texts: Sequence[EvidenceText]) -> ValueProblem | None:
        """Return the problem that another value of the same shape fits the place of *value* better in *texts*; None if none does."""
        shape = shape_of(value)
        if shape not in _BETTER_FIT:
            return None
        factor, sum_ = _BETTER_FIT[shape]
        if len(self.stems) < _FEW_WORDS:
            return None
        place = around(self.text, value.start, value.end)
        own_fit = self._fit_of(value, place, texts)
        if any(next(occurrences(value, source.text), None) for source in texts if source.handle in self.handles):
            factor, sum_ = factor + _AT_HANDLE_FACTOR, sum_ + _AT_HANDLE_SUM
        for source in texts:
            for other in placed_values(source.raw):
                if (
                    other.shape != shape
                    or len(other.normal) < _MIN_OTHER_CHARS[shape == "number"]
                    or other.normal in self.names
                    or _are_alike(other.normal, value.normal)
                ):
                    continue
                if fit(place, other.around, self.evidence.weight) >= factor * own_fit + sum_:
                    return ValueProblem(value.text, other.normal, source.handle)
        return None

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
        places = {value.start: around(self.text, value.start, value.end) for value in values}
        for first, second in combinations(values, 2):
            if _are_alike(first.normal, second.normal) or (first.kind == "number") != (second.kind == "number"):
                continue
            if _LISTED.fullmatch(self.text[first.end : second.start]):
                continue
            if not _CLAUSE_END.search(self.text[first.end : second.start]):
                straight, turned = self._orders(first, second), self._orders(second, first)
                if turned > straight or (not straight and self._is_out_of_place(first, second)):
                    return ValueProblem(first.text, second.text)
                if straight > turned:
                    continue
            fits = [[self._fit_of(value, places[at.start], self.cited) for at in (first, second)] for value in (first, second)]
            shapes = {shape_of(first), shape_of(second)}
            margin = _EXCHANGED_FIT if len(shapes) == 1 and shapes != {"command"} else _EXCHANGED_OTHER_SHAPE_FIT
            if fits[0][1] + fits[1][0] >= fits[0][0] + fits[1][1] + margin or self._is_exchanged_beside(first, second):
                return ValueProblem(first.text, second.text)
        return None

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

    def _is_out_of_place(self, first: LineValue, second: LineValue) -> bool:
        """Whether *second* stands where only *first* can: in a file, on a branch, as what passed."""
        before_second, after_second = self.text[: second.start], self.text[second.end :].removeprefix("`")
        before_first, after_first = self.text[: first.start], self.text[first.end :].removeprefix("`")
        if _BEFORE_HOLDER.search(before_second) and _holds(first) > _holds(second):
            return True
        if _BEFORE_HOLDER.search(before_first) and _holds(second) > _holds(first):
            return True
        branches = self._branches
        for before, at, other in ((before_second, second, first), (before_first, first, second)):
            if _BEFORE_BRANCH.search(before) and at.normal not in branches and other.normal in branches:
                return True
        for after, at, other in ((after_second, second, first), (after_first, first, second)):
            if _AFTER_RUN.match(after) and shape_of(at) in ("path", "id", "name") and shape_of(other) == "command":
                return True
        return False

    @cached_property
    def _branches(self) -> frozenset[str]:
        """The branches that git shows in the sessions of the line."""
        shown = (name for source in self.cited if source.voice == "git" for name in _BRANCH.findall(source.text))
        return frozenset((*shown, *(state.branch.lower() for state in self.evidence.states if state.number in self.sessions)))

    def _is_exchanged_beside(self, first: LineValue, second: LineValue) -> bool:
        """Whether in the evidence each of two values is beside the words that the line has beside the other."""
        moved = {stem(word) for value in (first, second) for word in re.findall(r"[^\W_]+", value.normal)}
        places = [beside(self.text, value.start, value.end, moved) for value in (first, second)]
        unmoved = self._weight_beside(first, places[0]) + self._weight_beside(second, places[1])
        return self._weight_beside(first, places[1]) + self._weight_beside(second, places[0]) >= unmoved + _EXCHANGED_WEIGHT

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


def _is_distinctive(value: LineValue) -> bool:
    """Whether *value* is too long or too special to be at a handle by accident."""
    return value.kind in ("code", "name") and (len(value.normal) >= _DISTINCTIVE_CHARS or "/" in value.normal or " " in value.normal)


def _is_joined_path(value: LineValue, cited: Iterable[EvidenceText]) -> bool:
    """Whether *value* is a path whose folder and name are in one cited text, such as the listing of a folder."""
    folder, _, name = value.normal.rpartition("/")
    if not folder or value.kind not in ("code", "name") or " " in value.normal:
        return False
    parts = [value._replace(normal=part, kind="name") for part in (folder, name)]
    return any(all(next(occurrences(part, source.text), None) for part in parts) for source in cited)


def _are_alike(first: str, second: str) -> bool:
    return first in second or second in first


def _has_digit_or_slash(value: LineValue) -> bool:
    """Whether *value* is of a kind of which many look alike."""
    return any(character.isdigit() or character == "/" for character in value.normal)


def _counted(text: str, value: LineValue) -> str:
    """Return the stem of the word that follows a number at once; empty where none does."""
    match = re.match(r"[ -]([^\W\d_]{3,})", text[value.end :])
    return stem(normal(match[1])) if match else ""


def _counted_in(value: LineValue, source: EvidenceText) -> set[str]:
    return {_counted(source.text, value._replace(end=place.end)) for place in occurrences(value, source.text)}
