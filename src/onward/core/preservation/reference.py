"""References: what a handoff of some sessions ought to keep, bounded however many sessions there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias, cast

from onward.core.facts.fact import Handle
from onward.core.preservation.words import find_word_form, normalise, stems

Group: TypeAlias = Literal["rules", "requirements", "decisions", "outcomes", "fixes", "dead ends", "files", "commands", "open", "values"]
GROUPS: tuple[Group, ...] = ("rules", "requirements", "decisions", "outcomes", "fixes", "dead ends", "files", "commands", "open", "values")

HARD: frozenset[Group] = frozenset({"files", "commands", "values"})
"""Groups that are kept to the letter or not at all; the others are statements, kept in other words too."""

MAX_KEPT: Mapping[Group, int] = {
    "rules": 100, "requirements": 60, "decisions": 60, "outcomes": 24, "fixes": 40, "dead ends": 30, "files": 32, "commands": 20,
    "open": 40, "values": 40,
}  # fmt: skip
"""How many references of each group a handoff is asked for, the newest of them: this keeps the measure's cost flat in the number of
sessions."""

MAX_STORED: Mapping[Group, int] = {**MAX_KEPT, "files": 100, "open": 120, "values": 120}
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
    def from_json(cls, data: Mapping[str, object]) -> Reference:
        """Return the reference that `to_json` wrote; KeyError when *plain* is something else."""
        session, turn = cast("tuple[int, int]", data["at"])
        return cls(
            Handle(session, turn),
            cast("Group", data["group"]),
            str(data["subject"]),
            str(data["text"]),
            tuple(cast("Iterable[str]", data["needles"])),
            tuple(cast("Iterable[str]", data["keys"])),
            float(cast("float", data["weight"])),
            bool(data["retired"]),
            str(data["instead"]),
        )


def latest_references(references: Iterable[Reference]) -> list[Reference]:
    """Return the latest reference of each subject, oldest first."""
    chosen: dict[tuple[Group, str], Reference] = {}
    for reference in references:
        key = reference.group, reference.subject
        if key not in chosen or _time_order(chosen[key]) < _time_order(reference):
            chosen[key] = reference
    return sorted(chosen.values(), key=_time_order)


def fold_references(old: Iterable[Reference], new: Iterable[Reference]) -> list[Reference]:
    """Return what both say together, in order of (session, turn): of each subject the latest, of each group the newest `MAX_HELD`.

    Commutative, associative and idempotent: a subject's latest reference wins wherever it arrives from, and whatever falls past a
    group's bound has that many newer ones before it.
    """
    return _newest(latest_references((*old, *new)), MAX_STORED)


def _newest(ordered: list[Reference], limits: Mapping[Group, int]) -> list[Reference]:
    remaining = dict(limits)
    newest: list[Reference] = []
    for reference in reversed(ordered):
        if remaining[reference.group] > 0:
            remaining[reference.group] -= 1
            newest.append(reference)
    return newest[::-1]


def _time_order(reference: Reference) -> tuple[Handle, bool, Reference]:
    """Return what orders references in time; of one turn, giving something up is its last word."""
    return reference.handle, reference.retired, reference


def expected_references(folded: Sequence[Reference]) -> list[Reference]:
    """Return the references that still stand, the newest `MAX_KEPT`: not retired, not about a value that was given up later, not an
    open item that was done since.
    """
    retired_values = [(reference.needles[0], reference.handle) for reference in folded if reference.retired and reference.group == "values"]
    done_items = [
        (stems(reference.text), reference.handle)
        for reference in folded
        if reference.group == "outcomes" or (reference.retired and reference.group == "open")
    ]
    current = [
        reference
        for reference in folded
        if not reference.retired and not _is_given_up(reference, retired_values) and not _is_done_since(reference, done_items)
    ]
    return _newest(current, MAX_KEPT)


def _is_given_up(reference: Reference, retired_values: list[tuple[str, Handle]]) -> bool:
    """Say whether a choice or a hard value was reversed by a later turn."""
    if reference.group not in ("decisions", "requirements", "values", "outcomes"):
        return False
    text = normalise(reference.text)
    return any(retired_at > reference.handle and find_word_form(value, text) >= 0 for value, retired_at in retired_values)


def _is_done_since(reference: Reference, done_items: list[tuple[frozenset[str], Handle]]) -> bool:
    if reference.group != "open":
        return False
    item_stems = stems(reference.text)
    return any(
        later.session > reference.handle.session and len(item_stems & done_stems) >= 0.6 * len(item_stems)
        for done_stems, later in done_items
    )
