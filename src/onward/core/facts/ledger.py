"""The ledger: a project's facts and the state of each.

`fold` is a function of the *set* of facts: it unites, bounds and settles them from scratch, so it is commutative and
idempotent. Facts are ordered by (time, session, turn), never by arrival.

The state of a fact follows from later facts:

* A fact with a subject (a file, a todo, an error, an option) is retired by the next one with the same subject, or by
  one that ends its subject: a file by its new name, an error by the command that passes.
* Prose is retired only by later prose that names the old value as replaced and is about the same thing.
* An open item is resolved by a later session's `done`, or request, that repeats its words; perhaps done where it repeats some.
* A person's correction (`Edit`) wins over everything that was extracted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from math import log
from typing import Literal, NamedTuple, TypeAlias

from onward.core.facts.fact import Fact, FactKind, FactState
from onward.core.facts.kinds import KINDS
from onward.core.text.prose import content_words, identifiers, numbers, stem

MAX_PASSING_FACTS = 1200
"""The most facts in the ledger beside the standing ones. Nothing is lost: the turns are stored, and facts can be
derived from them again.
"""

MAX_STANDING_FACTS = 400
"""The most rules and requirements in the ledger; they do not age."""

HALF_LIFE_SESSIONS = 12
"""The sessions after which a fact must matter twice as much to stay in the ledger."""

STANDING_KINDS: frozenset[FactKind] = frozenset(kind.name for kind in KINDS.values() if kind.is_standing)
OPEN_KINDS: frozenset[FactKind] = frozenset(kind.name for kind in KINDS.values() if kind.is_open)
_RETIRABLE_KINDS: frozenset[FactKind] = frozenset(kind.name for kind in KINDS.values() if kind.is_retirable)
_SINGLE_POINT_WORDS = 16
"""A text of up to this many content words makes a single point."""
_DESCRIPTION_WORDS, _MAX_HOLDERS = 3, 10
"""An old value of this many words is a description, not a name. A word of it is telling if no more facts than this
contain it.
"""
_MIN_SHARED_WORDS = 2
"""Two texts must share more words than this beside the old value before the newer text replaces the older."""
_DONE_WORDS, _DONE_SHARE = 3, 0.6
"""A later session's report resolves an open item if it repeats this many of the item's words, and this share of
them.
"""
_TYPED_WORDS = 2
"""What a person typed on completing a session names an open item with so few of its words, and the same share of them."""
_LIKELY_WORDS, _LIKELY_SHARE = 2, 0.45
"""From this many of its words and this share of them on, an open item is perhaps done: it stays, and is marked."""
_ASSERTING_KINDS: frozenset[FactKind] = frozenset(("rule", "requirement", "goal", "decision"))
_ASSERTION_WORDS, _NAME_WORDS = 10, 2
"""A text of so few content words asserts the value that it names; a value of more words than these is no name."""
_VALUED_KINDS: frozenset[FactKind] = frozenset(("rule", "decision", "value", "lesson", "requirement"))
_QUANTITY = re.compile(r"(?<![\w.-])\d(?:[\d.,]*\d)?(?:\s?%|\s?[^\W\d_]{1,20})")
"""A number of something, such as "30 mails" or "80 ms"; the number in "part 149" or `part_149.py` is a name."""
_LIST_LENGTH = 3
_MIN_TOPIC_WORDS = 3
"""Words that two texts share, numbers aside, before the newer one's numbers replace the older one's."""
_ASSIGNMENT = re.compile(
    r"(?:the |our |der |die |das |le |la |el |o |a )?([^\W\d][\w -]{2,30}?)(?: (?:is|are|=|ist|est|es|é|adalah)|:)"
    r"(?: now| jetzt| maintenant| ahora| agora| sekarang)? `?[^\s`]*\d[^\s`]*`?(?: now)?[.!]?$",
    re.I,
)
"""A short statement that gives one thing one number: "The port is 8080."."""
_MIXED_WORD = re.compile("([a-z0-9]{2,})[\uac00-\ud7af]+")
"""A name with a Korean particle."""
_EARLIEST = datetime.min.replace(tzinfo=UTC)


class Ledger(NamedTuple):
    """A project's facts in order, live and retired ones. Facts beyond the limits of `fold` are found by search."""

    facts: tuple[Fact, ...] = ()

    def live(self) -> tuple[Fact, ...]:
        """Return the facts that are current."""
        return tuple(f for f in self.facts if f.state in ("live", "contradicted"))


EditKind: TypeAlias = Literal["reword", "pin", "unpin", "resolve", "retract", "restore"]


class Edit(NamedTuple):
    """A person's correction of one fact. Edits apply in order, so the last of a kind wins. `text` is the new wording
    of a `reword`.
    """

    fact_id: str
    kind: EditKind
    text: str = ""


def fact_order(fact: Fact) -> tuple[datetime, int, int, int, str]:
    """Return the sort key of facts: time, session, turn, place in the turn."""
    return (fact.at or _EARLIEST, fact.session, fact.turn, fact.position, fact.id)


def fold(ledger: Ledger, facts: Iterable[Fact]) -> Ledger:
    """Return *ledger* with *facts* added: the same set of facts gives the same ledger in any order."""
    facts_by_id = {
        f.id: f if f.state == f.session_state and not f.superseded_by else f._replace(state=f.session_state, superseded_by=None)
        for f in (*ledger.facts, *facts)
    }
    return Ledger(tuple(_settle(sorted(_keep_best(facts_by_id.values()), key=fact_order))))


def _keep_best(facts: Iterable[Fact]) -> list[Fact]:
    """Return the best facts by weight and age. The rank does not depend on the newest session, so bounding twice
    equals bounding once.
    """
    standing_facts = sorted((f for f in facts if f.kind in STANDING_KINDS), key=lambda f: (-f.weight, f.id))
    passing_facts = sorted((f for f in facts if f.kind not in STANDING_KINDS), key=lambda f: (-_rank(f), f.id))
    return standing_facts[:MAX_STANDING_FACTS] + passing_facts[:MAX_PASSING_FACTS]


def _rank(fact: Fact) -> float:
    return log(max(fact.weight, 1e-6)) / log(2) + fact.session / HALF_LIFE_SESSIONS


def _settle(facts: Sequence[Fact]) -> list[Fact]:
    ledger_facts = list(facts)
    latest: dict[str, int] = {}
    subjects_by_prefix: dict[str, list[str]] = {}
    by_word: dict[str, list[int]] = {}
    by_topic: dict[frozenset[str], int] = {}
    listed_topics = _listed_topics(ledger_facts)
    open_items: list[tuple[int, frozenset[str]]] = []
    last_reversal = max((i for i, fact in enumerate(ledger_facts) if fact.retires and not fact.key), default=-1)
    for i, fact in enumerate(ledger_facts):
        if fact.key:
            _retire_subject(ledger_facts, latest, i, fact.key)
            latest[fact.key] = i
            subjects_by_prefix.setdefault(_subject_prefix(fact.key), []).append(fact.key)
        if fact.kind in ("done", "file", "goal", "requirement"):
            open_items = [item for item in open_items if not _resolve_item(ledger_facts, *item, i)]
        if fact.kind in OPEN_KINDS or (fact.kind == "requirement" and fact.session_state == "live"):
            open_items.append((i, _stems_of(fact.statement)))
        for old in fact.retires:
            if not fact.key:
                _retire_prose(ledger_facts, by_word, i, old)
                continue
            for subject in subjects_by_prefix.get(_subject_prefix(old), ()) if old.endswith("*") else (old,):
                _retire_subject(ledger_facts, latest, i, subject)
        if not fact.key and (topic := _topic_of_value(fact)) and (fact.session, topic) not in listed_topics:
            _replace_value(ledger_facts, by_topic.get(topic), i)
            by_topic[topic] = i
        if fact.kind in _RETIRABLE_KINDS and not fact.key and i < last_reversal:
            for word in _stems(fact):
                by_word.setdefault(word, []).append(i)
    return ledger_facts


def _topic_of_value(fact: Fact) -> frozenset[str]:
    """Return what a fact gives a number to, as its words without numbers; empty where it gives none, or says too little."""
    if fact.kind not in _VALUED_KINDS or not any(map(str.isdigit, fact.text)):
        return frozenset()
    if match := _ASSIGNMENT.match(fact.text):
        return frozenset(map(stem, content_words(match.group(1))))
    if any(map(str.isdigit, _QUANTITY.sub("", fact.text))):
        return frozenset()
    topic = frozenset(word for word in _stems(fact) if not any(map(str.isdigit, word)))
    return topic if len(topic) >= _MIN_TOPIC_WORDS else frozenset()


def _listed_topics(facts: Sequence[Fact]) -> set[tuple[int, frozenset[str]]]:
    """Return the lists of a session: what it gives several numbers to, with the session. No entry of a list replaces another."""
    counts = Counter((fact.session, topic) for fact in facts if not fact.key and (topic := _topic_of_value(fact)))
    return {key for key, count in counts.items() if count >= _LIST_LENGTH}


def _replace_value(facts: list[Fact], index: int | None, newer: int) -> None:
    """Supersede the fact at *index*, which says the same of the same thing, where the newer one gives other numbers."""
    if index is None:
        return
    earlier, fact = facts[index], facts[newer]
    if earlier.sources[:1] != fact.sources[:1] and earlier.state in ("live", "resolved") and numbers(earlier.text) != numbers(fact.text):
        facts[index] = earlier._replace(state="superseded", superseded_by=fact.id)


def _resolve_item(facts: list[Fact], index: int, item_stems: frozenset[str], newer: int) -> bool:
    """Resolve the open item at *index* if the later session's fact at *newer* says most of its words: it was done, or the person took it
    up. Where the fact says some of them, or is the file that the item names, the item is marked as perhaps done. Return whether it ends.
    """
    earlier, fact = facts[index], facts[newer]
    if earlier.session == fact.session or earlier.state not in ("live", "contradicted"):
        return earlier.state not in ("live", "contradicted")
    if fact.kind == "file":
        if fact.subject.rpartition("/")[2].removeprefix("file:").lower() in fact_names(earlier):
            facts[index] = earlier._replace(state="contradicted", superseded_by=fact.id)
        return False
    shared = len(item_stems & _stems(fact))
    is_typed = fact.kind == "done" and fact.author == "user" and not fact.turn
    if shared >= (_TYPED_WORDS if is_typed else _DONE_WORDS) and shared >= _DONE_SHARE * len(item_stems):
        facts[index] = earlier._replace(state="resolved", superseded_by=fact.id)
        return True
    if fact.kind == "done" and shared >= _LIKELY_WORDS and shared >= _LIKELY_SHARE * len(item_stems):
        facts[index] = earlier._replace(state="contradicted", superseded_by=fact.id)
    return False


def _stems(fact: Fact) -> frozenset[str]:
    return _stems_of(f"{fact.lead} {fact.text}")


@lru_cache(maxsize=8192)
def _stems_of(text: str) -> frozenset[str]:
    stems = frozenset(map(stem, content_words(text)))
    return stems if text.isascii() else stems | {match.group(1) for word in stems if (match := _MIXED_WORD.fullmatch(word))}


def _retired_state(old: Fact, new: Fact) -> Literal["resolved", "superseded"]:
    is_settled = new.kind == "done" or (old.kind == "error" and new.kind == "command")
    return "resolved" if old.kind in OPEN_KINDS | {"error"} and is_settled else "superseded"


def _retire_subject(facts: list[Fact], latest: dict[str, int], newer: int, subject: str) -> None:
    """Retire the current fact of *subject*."""
    index = latest.pop(subject, None)
    if index is not None:
        facts[index] = facts[index]._replace(state=_retired_state(facts[index], facts[newer]), superseded_by=facts[newer].id)


def _subject_prefix(subject: str) -> str:
    """Return the beginning that a subject shares with others that one fact may end: `error:make test` of `error:make
    test: no such file`.
    """
    return subject.partition(": ")[0]


def _retire_prose(facts: list[Fact], by_word: dict[str, list[int]], newer: int, old: str) -> None:
    """Retire earlier prose that asserts the value *old* and is about the same thing as the newer fact.

    A short text that is all about the old value is superseded. A longer text says more, and a text that shares only one
    telling word of a described value may: these become contradicted, stay, and are marked where they are shown.
    """
    fact = facts[newer]
    old_stems = {stem(w) for w in content_words(old)}
    topic = _stems(fact) - old_stems
    telling_stems = (
        old_stems if len(old_stems) < _DESCRIPTION_WORDS else {word for word in old_stems if len(by_word.get(word, ())) <= _MAX_HOLDERS}
    )
    for i in sorted({i for word in telling_stems for i in by_word.get(word, ())}):
        earlier = facts[i]
        earlier_stems = _stems(earlier)
        has_retired_it = any(old_stems & _stems_of(value) >= old_stems for value in earlier.retires)
        is_elsewhere = earlier.sources[:1] != fact.sources[:1]
        if fact.author in ("user", "person") and is_elsewhere and not has_retired_it and _asserts(earlier, old, old_stems):
            facts[i] = earlier._replace(state="superseded", superseded_by=fact.id)
            continue
        if earlier.state != "live" or has_retired_it or earlier.sources[:1] == fact.sources[:1] or len(topic & earlier_stems) < 2:
            continue
        if earlier_stems >= old_stems or len(old_stems) >= _DESCRIPTION_WORDS:
            state: FactState = (
                "superseded"
                if earlier_stems >= old_stems
                and len(earlier_stems) <= _SINGLE_POINT_WORDS
                and len(topic & earlier_stems) > _MIN_SHARED_WORDS
                else "contradicted"
            )
            facts[i] = earlier._replace(state=state, superseded_by=fact.id)


def _asserts(fact: Fact, value: str, value_stems: set[str]) -> bool:
    """Whether a current fact is a short statement for a named value: "use npm", "PostgreSQL, because of the writers"; a longer name that
    begins with the value ("Redis Street") is another.
    """
    stems = _stems(fact)
    return (
        fact.state in ("live", "resolved")
        and (fact.kind in _ASSERTING_KINDS or (fact.kind == "done" and bool(fact.retires)))
        and len(value_stems) <= _NAME_WORDS
        and len(stems) <= _ASSERTION_WORDS
        and stems >= value_stems
        and re.search(rf"(?i:{re.escape(value)})\s+[A-Z]", fact.text) is None
    )


def apply_edits(ledger: Ledger, edits: Iterable[Edit]) -> Ledger:
    """Return *ledger* with a person's corrections. An edit of a fact that is not in the ledger has no effect now,
    and applies when the fact is added.
    """
    by_id = {f.id: f for f in ledger.facts}
    for edit in edits:
        fact = by_id.get(edit.fact_id)
        if fact is not None:
            by_id[fact.id] = _apply_edit(fact, edit)
    return Ledger(tuple(by_id[f.id] for f in ledger.facts))


def _apply_edit(fact: Fact, edit: Edit) -> Fact:
    match edit.kind:
        case "reword":
            return fact._replace(statement=edit.text, message=None, lead="", remark=None, author="person", state="live", superseded_by=None)
        case "pin":
            return fact._replace(pinned=True, author="person", state="live", superseded_by=None)
        case "unpin":
            return fact._replace(pinned=False)
        case "resolve":
            return fact._replace(state="resolved", superseded_by=None, pinned=False)
        case "retract":
            return fact._replace(state="retracted", superseded_by=None, pinned=False)
        case "restore":
            return fact._replace(state="live", superseded_by=None)


def fact_names(fact: Fact) -> frozenset[str]:
    """Return the exact identifiers in a fact, in lower case."""
    return frozenset(n.lower() for n in identifiers(fact.text))
