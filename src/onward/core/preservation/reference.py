"""References: what a handoff of some sessions ought to keep, bounded however many sessions there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

from onward.core.facts import Handle
from onward.core.preservation.words import place_of, plain, stems

Group: TypeAlias = Literal["rules", "requirements", "decisions", "outcomes", "fixes", "dead ends", "files", "commands", "open", "values"]
GROUPS: tuple[Group, ...] = ("rules", "requirements", "decisions", "outcomes", "fixes", "dead ends", "files", "commands", "open", "values")

HARD: frozenset[Group] = frozenset({"files", "commands", "values"})
"""Groups that are kept to the letter or not at all; the others are statements, kept in other words too."""

MOST_KEPT: Mapping[Group, int] = {
    "rules": 100, "requirements": 60, "decisions": 60, "outcomes": 24, "fixes": 40, "dead ends": 30, "files": 32, "commands": 20, "open": 40, "values": 40,
}  # fmt: skip
"""How many references of each group are held for a whole project, the newest of them: this keeps the measure's cost flat in the number of sessions."""


@dataclass(slots=True, frozen=True, order=True)
class Reference:
    """One thing that a handoff ought to keep.

    `needles` are normalised hard values: for a hard group the spellings of one value, any of which shows it; for a statement the values it names. `subject` is the key under
    which a later reference replaces this one. `weight` (0..1) is how much its loss matters. A `retired` one is no longer to be kept: the todo is done, the file
    deleted, the choice reversed; a document that still asserts it is stale. `instead` is what a retired value gave way to, empty when nothing did.
    """

    handle: Handle
    group: Group
    subject: str
    text: str
    needles: tuple[str, ...] = ()
    weight: float = 0.5
    retired: bool = False
    instead: str = ""

    def to_json(self) -> dict[str, object]:
        """Return plain data that `from_json` reads back."""
        plain: dict[str, object] = {
            "at": [self.handle.session, self.handle.turn],
            "group": self.group,
            "subject": self.subject,
            "text": self.text,
            "needles": list(self.needles),
            "weight": self.weight,
        }
        if self.retired:
            plain |= {"retired": True, "instead": self.instead}
        return plain

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
            float(cast("float", plain["weight"])),
            bool(plain.get("retired")),
            str(plain.get("instead", "")),
        )


def fold_references(old: Iterable[Reference], new: Iterable[Reference]) -> list[Reference]:
    """Return what both say together, in order of (session, turn): of each subject the latest, of each group the newest `MOST_KEPT`.

    Commutative, associative and idempotent: a subject's latest reference wins wherever it arrives from, and whatever falls past a group's bound has that many newer ones before it.
    """
    latest: dict[tuple[Group, str], Reference] = {}
    for one in (*old, *new):
        key = one.group, one.subject
        if key not in latest or _age(latest[key]) < _age(one):
            latest[key] = one
    room = dict(MOST_KEPT)
    kept: list[Reference] = []
    for one in sorted(latest.values(), key=_age, reverse=True):
        if room[one.group] > 0:
            room[one.group] -= 1
            kept.append(one)
    return kept[::-1]


def _age(one: Reference) -> tuple[Handle, bool, Reference]:
    """Return what orders references in time; of one turn, giving something up is its last word."""
    return one.handle, one.retired, one


def to_keep(folded: Iterable[Reference]) -> list[Reference]:
    """Return the references that still stand: not retired, not about a value that was given up later, not an open item that was done since."""
    everything = list(folded)
    gone = [(one.needles[0], one.handle) for one in everything if one.retired and one.group == "values"]
    done = [(stems(one.text), one.handle) for one in everything if one.group == "outcomes" or (one.retired and one.group == "open")]
    return [one for one in everything if not one.retired and not _given_up(one, gone) and not _done_since(one, done)]


def _given_up(one: Reference, gone: list[tuple[str, Handle]]) -> bool:
    """Say whether a choice or a hard value was reversed by a later turn."""
    if one.group not in ("decisions", "requirements", "values", "outcomes"):
        return False
    said = plain(one.text)
    return any(later > one.handle and place_of(value, said) >= 0 for value, later in gone)


def _done_since(one: Reference, done: list[tuple[frozenset[str], Handle]]) -> bool:
    if one.group != "open":
        return False
    asked = stems(one.text)
    return any(later.session > one.handle.session and len(asked & did) >= 0.6 * len(asked) for did, later in done)
