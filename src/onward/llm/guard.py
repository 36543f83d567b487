"""The guard: what of a model's lines may stand.

A line says which facts it tells. It stands when it cites facts that stand and whose turns are there, names no exact value that they lack, asserts nothing that was given up, says "not"
where they do, gives no orders of its own, is a line and not an excuse, and is no longer than what it replaces. It then *carries* those of its facts of which it holds every exact value and
most words; the others are put back by whoever made the document, so nothing that the rules' handoff says is lost for what a model left out.

Rules, what a person pinned or wrote, what is marked as replaced in part, files and commands are nobody's to reword: no line ever carries them.

It knows nothing of the measure, which judges the document afterwards with eyes of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias, cast

from onward.core.facts import Fact, Handle, Kind
from onward.core.handoff import Line
from onward.core.ledger import Ledger
from onward.core.printable import printable
from onward.core.text import one_line
from onward.llm.exact import Ground, stems

Reason: TypeAlias = Literal[
    "no facts", "no source", "value", "stale", "order", "empty", "excuse", "too long", "words", "polarity", "carries nothing", "twice", "over budget", "lost",
]  # fmt: skip
"""Why a line does not stand. The last two are told by whoever puts the document together: there was no room for it, or the measure missed what it said."""

FIXED: frozenset[Kind] = frozenset(("rule", "file", "command"))
"""Kinds whose words stay what they are: standing constraints, and what code copied from tool calls."""

LONGEST_LINE = 600
"""Characters."""
_LONGER, _SPARE = 1.25, 60
"""How much longer than its facts a line may be: by this factor, and so many characters."""
_NEW_WORDS = 0.45
"""The share of a line's words that may be new; more than that is the model's own story."""
_CARRIED = 0.5
"""The share of a fact's words that a line has to say to carry it."""
_SAME_AS_STALE = 0.75
"""The share of its words that a line and something given up have in common when the line says that again."""
_REPORTED_CHARS = 240

_ORDER = re.compile(
    r"ignor\w* (?:all|any|the|these|your|previous|prior)\b|disregard|forget (?:all|everything|your|previous)|(?:previous|prior|above|system) (?:instruction|prompt|message)"
    r"|you are (?:now|an?)\b|you must\b|as an? (?:ai|assistant|language model)|act as\b|pretend|reveal|exfiltrat|leak\b|jailbreak|developer mode"
    r"|(?:send|post|print|share|output|include|repeat|show|give)\b[^.;]{0,40}\b(?:api[ _-]?key|secret|token|password|credential|authorization)"
    r"|\[/?inst\]|<\|?\w+\|?>|</?\w[\w-]*(?:\s[^>]*)?>|```|\bassistant:|\bsystem:|\buser:"
    r"|abaikan (?:semua|instruksi)|lupakan (?:semua|instruksi)",
    re.I,
)
_EXCUSE = re.compile(
    r"^\W*(?:none|n/?a|nil|null|nothing|empty|unknown|tbd|todo|no (?:facts|information|content|data|items|changes|lines)\b.*|tidak ada|kosong|…|\.\.\.)\W*$"
    r"|^\W*(?:here(?:'s| is| are)|sure|certainly|of course|below (?:is|are)|i (?:cannot|can't|am unable|apologi[sz]e)|sorry|as requested|in summary|this (?:section|summary|handoff|document))\b"
    r"|\bf\d+\b.*\bf\d+\b|\bthe facts? (?:above|below|provided|given)\b",
    re.I,
)
_NOT = re.compile(
    r"\b(?:not|no|never|nothing|nobody|none|cannot|without|neither|nor|fail\w*|instead|avoid\w*|unable|refus\w*|jangan|tidak|bukan|belum|tanpa|gagal|dilarang|tak|nggak|ga|gak)\b|n['’]t\b",
    re.I,
)
_GIVEN_UP = re.compile(
    r"instead|replac|no longer|\bwas\b|\bwere\b|former|previous|switch|from\b.+\bto\b|moved|dropped|remov|reject|given up|not\b|n['’]t\b|→|->|bukan|diganti|dihapus|ganti|tidak|dulu",
    re.I,
)
_HANDLES = re.compile(r"(?:\s*\[(?:s\d+\.\d+|f\d+)(?:,\s*(?:s\d+\.\d+|f\d+))*\])+\s*$")
_BULLET = re.compile(r"^\s*(?:[-*•+]|\d{1,2}[.)])\s+")


class Proposed(NamedTuple):
    """One line as a model wrote it, with the ids of the facts it says that it tells; `head` is its name where it is one of the head."""

    facts: tuple[str, ...]
    text: str
    head: str = ""


class Removed(NamedTuple):
    """A line that does not stand, and why: `about` is what of it, like the value that nothing holds."""

    reason: Reason
    text: str
    about: str = ""

    def to_json(self) -> dict[str, str]:
        """Return plain data for a report."""
        return {"reason": self.reason, "text": one_line(self.text, _REPORTED_CHARS), "about": one_line(self.about, _REPORTED_CHARS)}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What lines are held against: the ledger, what was quoted of the turns behind a fact (by its id), and whether the turn of a handle is there."""

    ledger: Ledger
    quotes: Mapping[str, str] = field(default_factory=dict[str, str])
    resolves: Callable[[Handle], bool] = bool


class Guarded(NamedTuple):
    """What may stand, each line with the facts that it carries and their handles, those of the head by their names; and what may not."""

    lines: list[Line]
    removed: list[Removed]
    head: dict[str, Line]


def is_writable(fact: Fact) -> bool:
    """Say whether a model may put *fact* in its own words."""
    return fact.state == "live" and not fact.pinned and fact.kind not in FIXED and fact.author in ("user", "agent") and bool(fact.sources)


def guard(proposed: Iterable[Proposed], evidence: Evidence) -> Guarded:
    """Return which of the *proposed* lines may stand. A fact is carried once: by the first line that does."""
    judge = _Judge(evidence)
    made = Guarded([], [], {})
    for one in proposed:
        text = _tidied(one.text)
        judged = judge.judge(text, one.facts)
        if not isinstance(judged, Line):
            made.removed.append(Removed(judged[0], text or one.text, judged[1]))
        elif one.head:
            made.head[one.head] = judged
        else:
            made.lines.append(judged)
    return made


def speaks_out_of_turn(text: str) -> tuple[Reason, str] | None:
    """Return why a line that tells no fact of the ledger may not stand: it is an excuse, or an order to whoever reads it; and what of it. None where it is neither."""
    for reason, pattern in (("excuse", _EXCUSE), ("order", _ORDER)):
        if found := pattern.search(text):
            return cast("Reason", reason), found[0]
    return None


def _tidied(text: str) -> str:
    """Return *text* as one line without a bullet, and without handles: those are for code to write."""
    flat = " ".join(printable(text).split())
    return _HANDLES.sub("", _BULLET.sub("", flat)).strip()


class _Judge:
    """Judges one line after another against the same evidence."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._facts = {fact.id: fact for fact in evidence.ledger.facts}
        self._gone = [
            (fact, frozenset(stems(fact.text))) for fact in evidence.ledger.facts if fact.state in ("superseded", "resolved", "retracted")
        ]
        self._given_up = [
            (fact, old, frozenset(stems(old))) for fact in evidence.ledger.live() if not fact.subject for old in fact.retires if stems(old)
        ]
        self._carried: set[str] = set()

    def judge(self, text: str, names: Sequence[str]) -> Line | tuple[Reason, str]:
        """Return the line that *text* makes; or why it may not stand, and what of it."""
        if not text:
            return "empty", ""
        if found := _EXCUSE.search(text):
            return "excuse", found[0]
        cited = [self._facts[name] for name in dict.fromkeys(names) if name in self._facts]
        if unknown := next((name for name in names if name not in self._facts), ""):
            return "no facts", unknown
        told = [fact for fact in cited if is_writable(fact)]
        if not told:
            return ("stale", cited[0].text) if any(f.state not in ("live", "contradicted") for f in cited) else ("no facts", "")
        if any(fact.state in ("superseded", "resolved", "retracted") for fact in cited):
            return "stale", next(fact.text for fact in cited if fact.state not in ("live", "contradicted"))
        if gone := next((str(handle) for fact in told for handle in fact.sources if not self._evidence.resolves(handle)), ""):
            return "no source", gone
        return self._of_content(text, told)

    def _of_content(self, text: str, told: Sequence[Fact]) -> Line | tuple[Reason, str]:
        said = " ".join(_said(fact) for fact in told)
        if len(text) > min(LONGEST_LINE, int(len(said) * _LONGER) + _SPARE):
            return "too long", f"{len(text)} characters"
        if (order := _ORDER.search(text)) and order[0].lower() not in said.lower():
            return "order", order[0]
        ground = Ground(map(_said, told))
        # What stood around a fact may lend words, never values: it may be about something else.
        if lacking := ground.lacks(text):
            return "value", lacking[0]
        words = stems(text)
        known = ground.stems.union(*(stems(self._evidence.quotes.get(fact.id, "")) for fact in told))
        new = [word for word in words if word not in known]
        if len(new) > _NEW_WORDS * len(words):
            return "words", " ".join(new[:8])
        if stale := self._stale(text, words, told):
            return "stale", stale
        carried = [fact for fact in told if fact.id not in self._carried and _carries(text, words, fact)]
        if not carried:
            return ("twice", "") if any(fact.id in self._carried for fact in told) else ("carries nothing", "")
        if turned := _turned(text, carried, told):
            return "polarity", turned
        self._carried.update(fact.id for fact in carried)
        sources = tuple(dict.fromkeys(handle for fact in told for handle in fact.sources))
        return Line(text, sources, tuple(fact.id for fact in carried))

    def _stale(self, text: str, words: Sequence[str], told: Sequence[Fact]) -> str:
        """Return what *text* says again that was given up; empty when nothing."""
        here = frozenset(words)
        beside = here - frozenset(stem for fact in told for stem in stems(_said(fact)))
        for fact, said in self._gone:
            if len(said) > 2 and len(said & here) >= _SAME_AS_STALE * len(said) and 3 * len(said & beside) >= len(said):
                return fact.text
        for fact, old, named in self._given_up:
            if not named <= here:
                continue
            telling = [one for one in told if named <= frozenset(stems(_said(one)))]
            if not telling or (fact in telling and not _GIVEN_UP.search(text)):
                return old
        return ""


def _said(fact: Fact) -> str:
    return f"{fact.lead.rstrip(':')}: {fact.text}" if fact.lead else fact.text


def _carries(text: str, words: Collection[str], fact: Fact) -> bool:
    """Say whether *text* holds every exact value of a fact, and most of its words."""
    own = set(stems(fact.text))
    return Ground([text]).names_all_of(fact.text) and len(own.intersection(words)) >= _CARRIED * len(own)


def _turned(text: str, carried: Sequence[Fact], told: Sequence[Fact]) -> str:
    """Return the text of a fact whose "not" the line lost, or the line's own where it has one that no fact has; empty when neither."""
    if _NOT.search(text):
        return "" if any(_NOT.search(_said(fact)) for fact in told) else text
    return next((fact.text for fact in carried if _NOT.search(fact.text)), "")


def reasons(removed: Iterable[Removed]) -> dict[str, int]:
    """Return how many lines were removed for each reason, the commonest first."""
    return dict(Counter(one.reason for one in removed).most_common())
