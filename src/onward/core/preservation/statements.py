"""References from what users and agents said: rules, requirements, decisions, fixes, outcomes, dead ends, open
items, values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from onward.core.facts.fact import Handle
from onward.core.preservation.cues import Cue, cues_of, is_open_heading, spoken_words, word_count
from onward.core.preservation.fate import RequestRound, is_finished
from onward.core.preservation.groups import Group
from onward.core.preservation.reference import Reference
from onward.core.preservation.values import find_values, is_small_number, specificity, spellings
from onward.core.preservation.words import STEM, find_word, normalise, telling_stems
from onward.core.text.prose import Clause, clauses

PASTED_CHARS = 3000
"""A longer turn of a user contains pasted text; only its beginning and end are the user's own words."""
PASTED_END_CHARS = 700
MIN_WORDS = 4
"""The least words of a statement."""
OPENING_CLAIMS = 2
"""The first clauses of a session's last report, which say what it did."""
ENOUGH_WORDS = 8
"""The least words of a user's statement without a cue or a value; shorter ones are thanks and agreement."""

_SUBJECTS = frozenset({"i", "we", "they", "it", "that", "these", "those", "which", "who", "tests", "aku", "saya"})
"""Subjects that make "don't" a description instead of an order: "I don't think" is no rule."""


_PASSING_CUES: frozenset[Cue] = frozenset({"decision", "fix", "dead"})
"""Cues of what an agent says between two tool calls and may not repeat; its calls and its report show the rest
better.
"""


def from_person(round_: RequestRound, word_counts: Counter[str]) -> Iterator[Reference]:
    """Yield what a user asked for in the turn that begins *round_*: rules, else requirements, retired where they are
    finished, and the exact values named. *word_counts* counts the words by stem.
    """
    text, handle = round_.text, round_.handle
    if len(text) > PASTED_CHARS:
        text = text[:PASTED_END_CHARS] + "\n\n" + text[-PASTED_END_CHARS:]
    clause_words = [(clause, spoken_words(clause.text)) for clause in clauses(text)]
    _count_stems(clause_words, word_counts)
    for clause, words in clause_words:
        length = word_count(clause.text, words)
        if length < MIN_WORDS or _is_pasted(clause.text):
            continue
        cues = cues_of(words)
        values = find_values(clause.text)
        is_question = clause.text.endswith("?")
        yield from _reversals(clause.text, words, handle, 0.9)
        if "rule" in cues and _is_order(words) and not is_question:
            yield _statement("rules", clause, values, handle, 1.0)
        elif cues or values or (length >= ENOUGH_WORDS and not is_question):
            weight = 0.5 + 0.2 * ("want" in cues) + 0.1 * min(2, len(values)) - 0.2 * is_question
            requirement = _statement("requirements", clause, values, handle, weight)
            yield requirement._replace(retired=is_finished(clause.text, round_))
        yield from (_value(value, clause.text, handle, 0.6) for value in values if not is_small_number(value))


def from_agent(text: str, handle: Handle, word_counts: Counter[str], *, is_closing: bool, is_last: bool) -> Iterator[Reference]:
    """Yield what an agent stated in one turn. *is_closing*: the user spoke next, so this is a report; *is_last*: the
    session ended with it. *word_counts* counts the words by stem.
    """
    if not is_closing and _PASSING_CUES.isdisjoint(cues_of(spoken_words(text))):
        return
    clause_words = [(clause, spoken_words(clause.text)) for clause in clauses(text)]
    _count_stems(clause_words, word_counts)
    if is_last:
        yield from _opening_claims(clause_words, handle)
    for clause, words in clause_words:
        cues = cues_of(words)
        if word_count(clause.text, words) < MIN_WORDS or (not is_closing and ("chatter" in cues or _PASSING_CUES.isdisjoint(cues))):
            continue
        group = _find_group(cues, clause, is_last)
        if not group and not is_closing:
            continue
        values = find_values(clause.text)
        worth = 0.3 + 0.3 * is_closing + 0.1 * min(3, len(values)) + 0.1 * (len(cues) > 1) - 0.4 * ("chatter" in cues)
        if group:
            yield _statement(group, clause, values, handle, min(1.0, worth))
        if is_closing:
            if "instead" not in words:
                # "It returns X instead of Y" describes code, not that Y was given up.
                yield from _reversals(clause.text, words, handle, worth)
            yield from (_value(value, clause.text, handle, 0.4) for value in values if not is_small_number(value))


def _opening_claims(clause_words: Sequence[tuple[Clause, list[str]]], handle: Handle) -> Iterator[Reference]:
    """Yield the first statements of the last report that no cue classifies, as retired references: no handoff needs them, but they close
    the open items of earlier sessions that they repeat.
    """
    for clause, words in clause_words[:OPENING_CLAIMS]:
        is_claim = word_count(clause.text, words) >= MIN_WORDS and not clause.text.endswith(("?", ":"))
        if is_claim and not _find_group(cues_of(words), clause, is_last=True):
            yield _statement("outcomes", clause, (), handle, 0.0)._replace(retired=True)


def _count_stems(clause_words: Iterable[tuple[Clause, list[str]]], word_counts: Counter[str]) -> None:
    """Count the stems of every clause once."""
    word_counts.update([stem for _, words in clause_words for stem in {word[:STEM] for word in words}])


def _find_group(cues: set[Cue], clause: Clause, is_last: bool) -> Group | None:
    """Return the group of an agent's clause. Only the last report says what is open: most open items of earlier ones
    were done since.
    """
    if is_last and ("open" in cues or is_open_heading(clause.heading) or is_open_heading(clause.lead) or clause.text.endswith("?")):
        return "open"
    if clause.text.endswith(("?", ":")):
        return None
    if "dead" in cues:
        return "dead ends"
    if "fix" in cues:
        return "fixes"
    if "decision" in cues:
        return "decisions"
    return "outcomes" if "done" in cues else None


def _is_order(words: list[str]) -> bool:
    for index, word in enumerate(words):
        if word in ("don't", "dont") or (word == "do" and words[index + 1 : index + 2] == ["not"]):
            return not index or words[index - 1] not in _SUBJECTS
    return True


def _is_pasted(text: str) -> bool:
    """Return whether a clause is pasted output: much of it is neither letters nor spaces, or it has a shell prompt."""
    letters = sum(map(str.isalpha, text)) + text.count(" ")
    return letters < 0.7 * len(text) or " % " in text or text.startswith(("$ ", "> ", "at ", "{", "["))


def _statement(group: Group, clause: Clause, values: tuple[str, ...], handle: Handle, weight: float) -> Reference:
    text = f"{clause.lead.rstrip(':')}: {clause.text}" if clause.lead and clause.is_item and len(clause.text) < 60 else clause.text
    return Reference(handle=handle, group=group, subject=normalise(text), text=text, needles=values, weight=round(weight, 2))


def stated_references(handle: Handle, group: Group, texts: Iterable[str]) -> list[Reference]:
    """Return what a person typed about a session without turns, as references of *group*: a handoff should have all of it."""
    return [
        Reference(handle=handle, group=group, subject=normalise(text), text=text, needles=(), keys=telling_stems(text, Counter()))
        for text in texts
    ]


def _value(value: str, text: str, handle: Handle, weight: float) -> Reference:
    return Reference(
        handle=handle, group="values", subject=value, text=text, needles=spellings(value), weight=round(weight + specificity(value), 2)
    )


_REVERSAL_PHRASES: tuple[tuple[str, str, bool], ...] = (
    ("instead of ", "", False), ("no longer use ", "", False), ("no longer uses ", "", False), ("tidak lagi pakai ", "", False),
    ("replaced ", " with ", False), ("replace ", " with ", False), ("renamed ", " to ", False), ("bukan ", " tapi ", False),
    ("ganti ", " jadi ", False), ("ganti ", " ke ", False), ("ganti ", " dengan ", False),
    ("switched from ", " to ", True), ("switch from ", " to ", True), ("migrated from ", " to ", True), ("migrate from ", " to ", True),
    ("moved from ", " to ", True), ("move from ", " to ", True), ("moves from ", " to ", True), ("diganti dari ", " ke ", True),
    ("pindah dari ", " ke ", True),
)  # fmt: skip
"""The beginning of a reversal, the words between old and new, and whether any word between them names the old value,
as in "switch from polling to".
"""

_REVERSAL_WORDS = frozenset(word for opening, _, _ in _REVERSAL_PHRASES for word in opening.split())


def _reversals(text: str, words: list[str], handle: Handle, weight: float) -> Iterator[Reference]:
    """Yield the value that *text*, of *words*, replaces: retired, with its new value."""
    if _REVERSAL_WORDS.isdisjoint(words):
        return
    lowered = normalise(text)
    for opening, middle, is_any_word in _REVERSAL_PHRASES:
        at = lowered.find(opening)
        if at < 0:
            continue
        old, separator, new = lowered[at + len(opening) :].partition(middle) if middle else (lowered[at + len(opening) :], "", "")
        if bool(middle) != bool(separator):
            continue
        old_name, new_name = (_find_name(part, text, is_any_word) for part in (old, new))
        if old_name and old_name != new_name:
            yield Reference(
                handle=handle,
                group="values",
                subject=old_name,
                text=text,
                needles=(old_name,),
                keys=(),
                weight=round(weight, 2),
                retired=True,
                instead=new_name,
            )
            return


def _find_name(lowered: str, text: str, is_any_word: bool) -> str:
    """Return the name at the beginning of *lowered*, after an article; empty for an ordinary word unless
    *is_any_word*.

    A name is an exact value, or a word that *text* capitalises inside a sentence (SQLite, Redis).
    """
    for written in lowered.split()[:3]:
        word = written.strip(".,:;()\"'")
        if word in _ARTICLES:
            continue
        if is_any_word and len(word) >= 5:
            return word
        at = find_word(word, text.lower()) if word else -1
        spelling = text[at : at + len(word)] if at >= 0 else ""
        is_name = len(word) > 2 and at > 0 and (word != spelling or any(c in "._/-:@" or c.isdigit() for c in word))
        return word if is_name else ""
    return ""


_ARTICLES = frozenset("the a an using use our old pakai yang dari".split())
