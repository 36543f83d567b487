"""References: what a handoff of some sessions ought to keep, bounded however many sessions there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias, cast

from onward.core.facts import Handle
from onward.core.preservation.words import place_of_any_form, plain, stems

Group: TypeAlias = Literal["rules", "requirements", "decisions", "outcomes", "fixes", "dead ends", "files", "commands", "open", "values"]
GROUPS: tuple[Group, ...] = ("rules", "requirements", "decisions", "outcomes", "fixes", "dead ends", "files", "commands", "open", "values")

HARD: frozenset[Group] = frozenset({"files", "commands", "values"})
"""Groups that are kept to the letter or not at all; the others are statements, kept in other words too."""

MOST_KEPT: Mapping[Group, int] = {
    "rules": 100, "requirements": 60, "decisions": 60, "outcomes": 24, "fixes": 40, "dead ends": 30, "files": 32, "commands": 20,
    "open": 40, "values": 40,
}  # fmt: skip
"""How many references of each group a handoff is asked for, the newest of them: this keeps the measure's cost flat in the number of
sessions."""

MOST_HELD: Mapping[Group, int] = {**MOST_KEPT, "files": 100, "open": 120, "values": 120}
"""How many are held between sessions: more where retired ones are many, so that what is done does not push out what is open."""


class Reference(NamedTuple):
    """One thing that a handoff ought to keep.

    `needles` are normalised hard values: for a hard group the spellings of one value, any of which shows it; for a statement the values
    it names. `keys` are the stems that tell a statement from others, and of a value those of the words it was said with. `subject` is
    the key under which a later reference replaces this one. `weight` (0..1) is how much its loss matters. A `retired` one is no longer
    to be kept: the todo is done, the file deleted, the choice reversed; a document that still asserts it is stale. `instead` is what a
    retired value gave way to, empty when nothing did.
    """

    handle: Handle
    group: Group
    subject: str
    text: str
    needles: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    weight: float = 0.5
    retired: bool = False
    instead: str = ""

    def to_json(self) -> dict[str, object]:
        """Return plain data that `from_json` reads back."""
        return {
            "at": [self.handle.session, self.handle.turn],
            "group": self.group,
            "subject": self.subject,
            "text": self.text,
            "needles": list(self.needles),
            "keys": list(self.keys),
            "weight": self.weight,
            "retired": self.retired,
            "instead": self.instead,
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, object]) -> Reference:
        """Return the reference that `to_json` wrote; KeyError when *plain* is something else."""
        session, turn = cast("tuple[int, int]", plain["at"])
        return cls(
            Handle(session, turn),
            cast("Group", plain["group"]),
            str(plain["subject"]),
            str(plain["text"]),
            tuple(cast("Iterable[str]", plain["needles"])),
            tuple(cast("Iterable[str]", plain["keys"])),
            float(cast("float", plain["weight"])),
            bool(plain["retired"]),
            str(plain["instead"]),
        )


def latest(found: Iterable[Reference]) -> list[Reference]:
    """Return the latest reference of each subject, oldest first."""
    chosen: dict[tuple[Group, str], Reference] = {}
    for one in found:
        key = one.group, one.subject
        if key not in chosen or _age(chosen[key]) < _age(one):
            chosen[key] = one
    return sorted(chosen.values(), key=_age)


def fold_references(old: Iterable[Reference], new: Iterable[Reference]) -> list[Reference]:
    """Return what both say together, in order of (session, turn): of each subject the latest, of each group the newest `MOST_HELD`.

    Commutative, associative and idempotent: a subject's latest reference wins wherever it arrives from, and whatever falls past a
    group's bound has that many newer ones before it.
    """
    return _newest(latest((*old, *new)), MOST_HELD)


def _newest(ordered: list[Reference], most: Mapping[Group, int]) -> list[Reference]:
    room = dict(most)
    kept: list[Reference] = []
    for one in reversed(ordered):
        if room[one.group] > 0:
            room[one.group] -= 1
            kept.append(one)
    return kept[::-1]


def _age(one: Reference) -> tuple[Handle, bool, Reference]:
    """Return what orders references in time; of one turn, giving something up is its last word."""
    return one.handle, one.retired, one


def to_keep(folded: Sequence[Reference]) -> list[Reference]:
    """Return the references that still stand, the newest `MOST_KEPT`: not retired, not about a value that was given up later, not an
    open item that was done since.
    """
    gone = [(one.needles[0], one.handle) for one in folded if one.retired and one.group == "values"]
    done = [(stems(one.text), one.handle) for one in folded if one.group == "outcomes" or (one.retired and one.group == "open")]
    standing = [one for one in folded if not one.retired and not _given_up(one, gone) and not _done_since(one, done)]
    return _newest(standing, MOST_KEPT)


def _given_up(one: Reference, gone: list[tuple[str, Handle]]) -> bool:
    """Say whether a choice or a hard value was reversed by a later turn."""
    if one.group not in ("decisions", "requirements", "values", "outcomes"):
        return False
    said = plain(one.text)
    return any(later > one.handle and place_of_any_form(value, said) >= 0 for value, later in gone)


def _done_since(one: Reference, done: list[tuple[frozenset[str], Handle]]) -> bool:
    if one.group != "open":
        return False
    asked = stems(one.text)
    return any(later.session > one.handle.session and len(asked & did) >= 0.6 * len(asked) for did, later in done)
