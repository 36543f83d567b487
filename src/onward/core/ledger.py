"""The ledger: a project's facts and how each stands.

`fold` is a function of the *set* of facts: it unites, bounds and settles from scratch, so it is commutative and idempotent. Facts are
ordered by (time, session, turn), never by arrival.

How a fact comes to stand:

* A fact with a subject that code can key (a file, a todo, an error, an option) is retired by the next one with the same subject, or by one that puts an end to its
  subject: a file by its new name, an error by the command that passes.
* Prose is retired only by later prose that names the old value as replaced and speaks of the same thing.
* An open item whose words a later `done` repeats is resolved.
* What a person said (`Edit`) wins over everything that was extracted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from math import log
from typing import Literal, NamedTuple, TypeAlias

from onward.core.facts import Fact, Kind, State
from onward.core.text import content_words, identifiers, stem

POOL = 1200
"""Facts kept in the ledger beside the standing ones. The turns are all in the store, so nothing is lost: a wider pool can be made again from them."""

STANDING_POOL = 400
"""Rules and requirements kept; they do not age."""

HALF_LIFE_SESSIONS = 12
"""Sessions after which a fact must matter twice as much to keep its place in the pool."""

STANDING: frozenset[Kind] = frozenset(("rule", "requirement"))
OPEN: frozenset[Kind] = frozenset(("next_step", "blocker", "question"))
_RETIRABLE: frozenset[Kind] = frozenset(("goal", "decision", "rule", "requirement", "value", "next_step", "done", "lesson", "command"))
_ONE_POINT = 16
"""Content words up to which a text is taken to make a single point."""
_DESCRIBED, _TELLING = 3, 10
"""An old value of so many words is described rather than named; a word of it is telling when no more facts than this hold it."""
_SURELY = 2
"""Words beside the old value that two texts must share, and more, before the newer one simply takes the place of the older."""
_TOLD_WORDS, _TOLD_SHARE = 3, 0.6
"""An open item is resolved by what was done later when so many of its words, and such a share of them, are said of it."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Ledger(NamedTuple):
    """A project's facts in order. `facts` holds live and retired ones; what `fold` bounds away is reached by search."""

    facts: tuple[Fact, ...] = ()

    def live(self) -> tuple[Fact, ...]:
        """Return the facts that stand."""
        return tuple(f for f in self.facts if f.state in ("live", "contradicted"))


EditKind: TypeAlias = Literal["reword", "pin", "unpin", "retract", "restore"]


class Edit(NamedTuple):
    """What a person said of one fact; edits apply in order, the last of a kind wins. `text` is the new wording of a `reword`."""

    fact_id: str
    kind: EditKind
    text: str = ""


def order(fact: Fact) -> tuple[datetime, int, int, int, str]:
    """Return the key that facts are ordered by: time, session, turn, place in the turn."""
    return (fact.at or _LONG_AGO, fact.session, fact.turn, fact.place, fact.id)


def fold(ledger: Ledger, facts: Iterable[Fact]) -> Ledger:
    """Return *ledger* with *facts* taken in: the same set of facts gives the same ledger, whatever came first."""
    united = {f.id: f if f.state == "live" else f._replace(state="live", superseded_by=None) for f in (*ledger.facts, *facts)}
    return Ledger(tuple(_settle(sorted(_bounded(united.values()), key=order))))


def _bounded(facts: Iterable[Fact]) -> list[Fact]:
    """Keep the best by weight and age. The rank does not depend on which session is the newest, so bounding twice is bounding once."""
    standing = sorted((f for f in facts if f.kind in STANDING), key=lambda f: (-f.weight, f.id))
    passing = sorted((f for f in facts if f.kind not in STANDING), key=lambda f: (-_rank(f), f.id))
    return standing[:STANDING_POOL] + passing[:POOL]


def _rank(fact: Fact) -> float:
    return log(max(fact.weight, 1e-6)) / log(2) + fact.session / HALF_LIFE_SESSIONS


def _settle(facts: Sequence[Fact]) -> list[Fact]:
    out = list(facts)
    latest: dict[str, int] = {}
    beginnings: dict[str, list[str]] = {}
    by_word: dict[str, list[int]] = {}
    still_open: list[tuple[int, frozenset[str]]] = []
    reversed_at = max((i for i, fact in enumerate(out) if fact.retires and not fact.subject), default=-1)
    for i, fact in enumerate(out):
        if fact.subject:
            _retire_subject(out, latest, i, fact.subject)
            latest[fact.subject] = i
            beginnings.setdefault(_beginning(fact.subject), []).append(fact.subject)
        if fact.kind in OPEN:
            still_open.append((i, _stems_of(fact.text.partition(" (")[0])))  # without "(not begun)"
        elif fact.kind == "done":
            still_open = [one for one in still_open if not _reached(out, *one, i)]
        for old in fact.retires:
            if not fact.subject:
                _retire_prose(out, by_word, i, old)
                continue
            for name in beginnings.get(_beginning(old), ()) if old.endswith("*") else (old,):
                _retire_subject(out, latest, i, name)
        if fact.kind in _RETIRABLE and not fact.subject and i < reversed_at:
            for word in _stems(fact):
                by_word.setdefault(word, []).append(i)
    return out


def _reached(facts: list[Fact], place: int, asked: frozenset[str], newer: int) -> bool:
    """Resolve the open item at *place* when a later session's done one at *newer* says most of its words."""
    earlier, fact = facts[place], facts[newer]
    shared = len(asked & _stems(fact))
    if earlier.session == fact.session or shared < _TOLD_WORDS or shared < _TOLD_SHARE * len(asked):
        return False
    if earlier.state == "live":
        facts[place] = earlier._replace(state="resolved", superseded_by=fact.id)
    return True


def _stems(fact: Fact) -> frozenset[str]:
    return _stems_of(f"{fact.lead} {fact.text}")


@lru_cache(maxsize=8192)
def _stems_of(text: str) -> frozenset[str]:
    return frozenset(map(stem, content_words(text)))


def _fate(old: Fact, new: Fact) -> Literal["resolved", "superseded"]:
    settled = new.kind == "done" or (old.kind == "error" and new.kind == "command")
    return "resolved" if old.kind in OPEN | {"error"} and settled else "superseded"


def _retire_subject(facts: list[Fact], latest: dict[str, int], newer: int, subject: str) -> None:
    """Retire what stands under *subject*."""
    before = latest.pop(subject, None)
    if before is not None:
        facts[before] = facts[before]._replace(state=_fate(facts[before], facts[newer]), superseded_by=facts[newer].id)


def _beginning(subject: str) -> str:
    """Return what a subject shares with others that one fact may put an end to: `error:make test` of `error:make test: no such file`."""
    return subject.partition(": ")[0]


def _retire_prose(facts: list[Fact], by_word: dict[str, list[int]], newer: int, old: str) -> None:
    """Retire earlier prose that asserts the value *old* and speaks of what the newer fact speaks of.

    A short text that is all about the old value is superseded. A longer one says more than that, and one that shares but a telling word
    of a described value may: these stay, contradicted, and are marked where they are shown.
    """
    fact = facts[newer]
    named = {stem(w) for w in content_words(old)}
    about = _stems(fact) - named
    telling = named if len(named) < _DESCRIBED else {word for word in named if len(by_word.get(word, ())) <= _TELLING}
    for i in sorted({i for word in telling for i in by_word.get(word, ())}):
        earlier = facts[i]
        said = _stems(earlier)
        gave_up = any(named & _stems_of(before) >= named for before in earlier.retires)
        if earlier.state != "live" or gave_up or earlier.sources[:1] == fact.sources[:1] or len(about & said) < 2:
            continue
        if said >= named or len(named) >= _DESCRIBED:
            state: State = "superseded" if said >= named and len(said) <= _ONE_POINT and len(about & said) > _SURELY else "contradicted"
            facts[i] = earlier._replace(state=state, superseded_by=fact.id)


def apply_edits(ledger: Ledger, edits: Iterable[Edit]) -> Ledger:
    """Return *ledger* as a person corrected it. An edit of a fact that is not there (any more) has no effect and is kept for when it is."""
    by_id = {f.id: f for f in ledger.facts}
    for edit in edits:
        fact = by_id.get(edit.fact_id)
        if fact is not None:
            by_id[fact.id] = _edited(fact, edit)
    return Ledger(tuple(by_id[f.id] for f in ledger.facts))


def _edited(fact: Fact, edit: Edit) -> Fact:
    match edit.kind:
        case "reword":
            return fact._replace(text=edit.text, lead="", author="person", state="live", superseded_by=None)
        case "pin":
            return fact._replace(pinned=True, author="person", state="live", superseded_by=None)
        case "unpin":
            return fact._replace(pinned=False)
        case "retract":
            return fact._replace(state="retracted", superseded_by=None, pinned=False)
        case "restore":
            return fact._replace(state="live", superseded_by=None)


def names_of(fact: Fact) -> frozenset[str]:
    """Return the exact identifiers that a fact names, lower case."""
    return frozenset(n.lower() for n in identifiers(fact.text))
