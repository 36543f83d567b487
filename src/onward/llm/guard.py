"""The guard: decides which lines of a model are accepted.

A line cites the facts that it tells. It is accepted if the facts are live and their turns exist, it contains no exact value that they
lack, repeats nothing outdated, has a negation where they have one, gives no instructions, is not an excuse, and is not much longer than
its facts. It then *carries* each fact of which it has every exact value and most words. The caller restores the other facts, so nothing
of the rules' handoff is lost.

Rules, facts pinned or written by a person, partly replaced facts, files and commands are never reworded: no line carries them.

The guard does not use the preservation measure, which checks the document afterwards independently.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias, cast

from onward.core.facts.fact import Fact, FactKind, Handle
from onward.core.facts.ledger import Ledger
from onward.core.handoff.document import CitedLine
from onward.core.text.printable import printable
from onward.core.text.prose import one_line
from onward.llm.exact_values import SourceTexts, stems

Reason: TypeAlias = Literal[
    "no facts", "no source", "value", "stale", "order", "empty", "excuse",
    "too long", "words", "polarity", "carries nothing", "twice", "over budget", "lost",
]  # fmt: skip
"""Why a line is rejected. The last two come from `llm.acceptance`: no room, or lower preservation."""

FIXED_KINDS: frozenset[FactKind] = frozenset(("rule", "file", "command"))
"""Kinds that are never reworded: standing rules, and text copied from tool calls."""

MAX_LINE_CHARS = 600
"""Characters."""
_LENGTH_FACTOR, _SPARE_CHARS = 1.25, 60
"""How much longer than its facts a line may be: by this factor, plus this number of characters."""
_NEW_WORD_SHARE = 0.45
"""The largest share of new words in a line."""
_CARRIED_SHARE = 0.5
"""The smallest share of a fact's words in a line that carries it."""
_STALE_SHARE = 0.75
"""The share of an outdated fact's words from which a line repeats it."""
_REPORTED_CHARS = 240

_INSTRUCTION = re.compile(
    r"ignor\w* (?:all|any|the|these|your|previous|prior)\b|disregard|forget (?:all|everything|your|previous)|(?:previous|prior|above"
    r"|system) (?:instruction|prompt|message)"
    r"|you are (?:now|an?)\b|you must\b|as an? (?:ai|assistant|language model)|act as\b|pretend|reveal|exfiltrat|leak\b|jailbreak"
    r"|developer mode"
    r"|(?:send|post|print|share|output|include|repeat|show|give)\b[^.;]{0,40}\b(?:api[ _-]?key|secret|token|password|credential"
    r"|authorization)"
    r"|\[/?inst\]|<\|?\w+\|?>|</?\w[\w-]*(?:\s[^>]*)?>|```|\bassistant:|\bsystem:|\buser:"
    r"|abaikan (?:semua|instruksi)|lupakan (?:semua|instruksi)",
    re.I,
)
_EXCUSE = re.compile(
    r"^\W*(?:none|n/?a|nil|null|nothing|empty|unknown|tbd|todo|no (?:facts|information|content|data|items|changes|lines)\b.*|tidak ada"
    r"|kosong|…|\.\.\.)\W*$"
    r"|^\W*(?:here(?:'s| is| are)|sure|certainly|of course|below (?:is|are)|i (?:cannot|can't|am unable|apologi[sz]e)|sorry"
    r"|as requested|in summary|this (?:section|summary|handoff|document))\b"
    r"|\bf\d+\b.*\bf\d+\b|\bthe facts? (?:above|below|provided|given)\b",
    re.I,
)
_NEGATION = re.compile(
    r"\b(?:not|no|never|nothing|nobody|none|cannot|without|neither|nor|fail\w*|instead|avoid\w*|unable|refus\w*|jangan|tidak|bukan"
    r"|belum|tanpa|gagal|dilarang|tak|nggak|ga|gak)\b|n['’]t\b",
    re.I,
)
_REPLACEMENT_CUE = re.compile(
    r"instead|replac|no longer|\bwas\b|\bwere\b|former|previous|switch|from\b.+\bto\b|moved|dropped|remov|reject|given up|not\b"
    r"|n['’]t\b|→|->|bukan|diganti|dihapus|ganti|tidak|dulu",
    re.I,
)
_HANDLES = re.compile(r"(?:\s*\[(?:s\d+\.\d+|f\d+)(?:,\s*(?:s\d+\.\d+|f\d+))*\])+\s*$")
_BULLET = re.compile(r"^\s*(?:[-*•+]|\d{1,2}[.)])\s+")


class ProposedLine(NamedTuple):
    """One line of a model with the ids of the facts that it cites. `head` is its name if it belongs to the head."""

    facts: tuple[str, ...]
    text: str
    head: str = ""


class RejectedLine(NamedTuple):
    """A rejected line and the reason. `about` is the detail, such as the unsupported value."""

    reason: Reason
    text: str
    about: str = ""

    def to_json(self) -> dict[str, str]:
        """Return plain data for the report."""
        return {"reason": self.reason, "text": one_line(self.text, _REPORTED_CHARS), "about": one_line(self.about, _REPORTED_CHARS)}


@dataclass(frozen=True, slots=True)
class GuardEvidence:
    """What lines are checked against: the ledger, quotes around each fact (by id), and whether the turn of a handle exists."""

    ledger: Ledger
    quotes: Mapping[str, str] = field(default_factory=dict[str, str])
    has_turn: Callable[[Handle], bool] = bool


class GuardResult(NamedTuple):
    """The accepted lines with the facts that they carry and their handles (lines of the head by name), and the rejected lines."""

    lines: list[CitedLine]
    removed: list[RejectedLine]
    head: dict[str, CitedLine]


def is_writable(fact: Fact) -> bool:
    """Return whether a model may reword *fact*."""
    return (
        fact.state == "live"
        and not fact.pinned
        and fact.kind not in FIXED_KINDS
        and fact.author in ("user", "agent")
        and bool(fact.sources)
    )


def guard(proposed: Iterable[ProposedLine], evidence: GuardEvidence) -> GuardResult:
    """Check the *proposed* lines. Each fact is carried only by the first line that carries it."""
    judge = _Judge(evidence)
    result = GuardResult([], [], {})
    for line in proposed:
        text = _tidy(line.text)
        verdict = judge.judge(text, line.facts)
        if not isinstance(verdict, CitedLine):
            result.removed.append(RejectedLine(verdict[0], text or line.text, verdict[1]))
        elif line.head:
            result.head[line.head] = verdict
        else:
            result.lines.append(verdict)
    return result


def find_violation(text: str) -> tuple[Reason, str] | None:
    """Return the reason and the detail if *text* is an excuse or an instruction to its reader; None otherwise."""
    for reason, pattern in (("excuse", _EXCUSE), ("order", _INSTRUCTION)):
        if match := pattern.search(text):
            return cast("Reason", reason), match[0]
    return None


def _tidy(text: str) -> str:
    """Return *text* as one line without a bullet and without handles, which only code may write."""
    flat = " ".join(printable(text).split())
    return _HANDLES.sub("", _BULLET.sub("", flat)).strip()


class _Judge:
    """Checks lines one after another against the same evidence."""

    def __init__(self, evidence: GuardEvidence) -> None:
        self._evidence = evidence
        self._facts = {fact.id: fact for fact in evidence.ledger.facts}
        self._settled = [
            (fact, frozenset(stems(fact.text))) for fact in evidence.ledger.facts if fact.state in ("superseded", "resolved", "retracted")
        ]
        self._replaced = [
            (fact, old, frozenset(stems(old))) for fact in evidence.ledger.live() if not fact.subject for old in fact.retires if stems(old)
        ]
        self._carried_ids: set[str] = set()

    def judge(self, text: str, fact_ids: Sequence[str]) -> CitedLine | tuple[Reason, str]:
        """Return the accepted line, or the reason and the detail of its rejection."""
        if not text:
            return "empty", ""
        if match := _EXCUSE.search(text):
            return "excuse", match[0]
        cited = [self._facts[fact_id] for fact_id in dict.fromkeys(fact_ids) if fact_id in self._facts]
        if unknown := next((fact_id for fact_id in fact_ids if fact_id not in self._facts), ""):
            return "no facts", unknown
        writable = [fact for fact in cited if is_writable(fact)]
        if not writable:
            return ("stale", cited[0].text) if any(f.state not in ("live", "contradicted") for f in cited) else ("no facts", "")
        if any(fact.state in ("superseded", "resolved", "retracted") for fact in cited):
            return "stale", next(fact.text for fact in cited if fact.state not in ("live", "contradicted"))
        if missing_handle := next((str(handle) for fact in writable for handle in fact.sources if not self._evidence.has_turn(handle)), ""):
            return "no source", missing_handle
        return self._judge_content(text, writable)

    def _judge_content(self, text: str, facts: Sequence[Fact]) -> CitedLine | tuple[Reason, str]:
        facts_text = " ".join(_fact_text(fact) for fact in facts)
        if len(text) > min(MAX_LINE_CHARS, int(len(facts_text) * _LENGTH_FACTOR) + _SPARE_CHARS):
            return "too long", f"{len(text)} characters"
        if (instruction := _INSTRUCTION.search(text)) and instruction[0].lower() not in facts_text.lower():
            return "order", instruction[0]
        sources = SourceTexts(map(_fact_text, facts))
        # Text around a fact may supply words but never values: it may be about something else.
        if missing := sources.find_missing(text):
            return "value", missing[0]
        words = stems(text)
        known_stems = sources.stems.union(*(stems(self._evidence.quotes.get(fact.id, "")) for fact in facts))
        new_words = [word for word in words if word not in known_stems]
        if len(new_words) > _NEW_WORD_SHARE * len(words):
            return "words", " ".join(new_words[:8])
        if stale := self._find_stale(text, words, facts):
            return "stale", stale
        carried = [fact for fact in facts if fact.id not in self._carried_ids and _carries(text, words, fact)]
        if not carried:
            return ("twice", "") if any(fact.id in self._carried_ids for fact in facts) else ("carries nothing", "")
        if changed := _find_polarity_change(text, carried, facts):
            return "polarity", changed
        self._carried_ids.update(fact.id for fact in carried)
        handles = tuple(dict.fromkeys(handle for fact in facts for handle in fact.sources))
        return CitedLine(text, handles, tuple(fact.id for fact in carried))

    def _find_stale(self, text: str, words: Sequence[str], facts: Sequence[Fact]) -> str:
        """Return the outdated text that *text* repeats; empty if none."""
        line_stems = frozenset(words)
        new_stems = line_stems - frozenset(stem for fact in facts for stem in stems(_fact_text(fact)))
        for fact, stale_stems in self._settled:
            if (
                len(stale_stems) > 2
                and len(stale_stems & line_stems) >= _STALE_SHARE * len(stale_stems)
                and 3 * len(stale_stems & new_stems) >= len(stale_stems)
            ):
                return fact.text
        for fact, old, old_stems in self._replaced:
            if not old_stems <= line_stems:
                continue
            naming_facts = [teller for teller in facts if old_stems <= frozenset(stems(_fact_text(teller)))]
            if not naming_facts or (fact in naming_facts and not _REPLACEMENT_CUE.search(text)):
                return old
        return ""


def _fact_text(fact: Fact) -> str:
    return f"{fact.lead.rstrip(':')}: {fact.text}" if fact.lead else fact.text


def _carries(text: str, words: Collection[str], fact: Fact) -> bool:
    """Return whether *text* has every exact value and most words of *fact*."""
    fact_stems = set(stems(fact.text))
    return SourceTexts([text]).has_all_values(fact.text) and len(fact_stems.intersection(words)) >= _CARRIED_SHARE * len(fact_stems)


def _find_polarity_change(text: str, carried: Sequence[Fact], facts: Sequence[Fact]) -> str:
    """Return the text of a fact whose negation the line lost, or the line itself if it adds one; empty if neither."""
    if _NEGATION.search(text):
        return "" if any(_NEGATION.search(_fact_text(fact)) for fact in facts) else text
    return next((fact.text for fact in carried if _NEGATION.search(fact.text)), "")


def count_reasons(removed: Iterable[RejectedLine]) -> dict[str, int]:
    """Return the number of rejected lines by reason, most frequent first."""
    return dict(Counter(line.reason for line in removed).most_common())
