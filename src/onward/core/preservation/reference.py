"""References: what a handoff of some sessions should preserve. Their number is bounded, however many sessions there
are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, cast

from onward.core.facts.fact import Handle
from onward.core.preservation.cues import is_open_heading
from onward.core.preservation.groups import Group
from onward.core.preservation.words import find_word_form, normalise, stems

MAX_KEPT: Mapping[Group, int] = {
    "rules": 100, "requirements": 60, "decisions": 60, "outcomes": 24, "fixes": 40, "dead ends": 30, "files": 32, "commands": 20,
    "open": 40, "values": 40, "languages": 12,
}  # fmt: skip
"""The most references of each group that a handoff is measured by, the newest: the measure costs the same for any
number of sessions.
"""

MAX_STORED: Mapping[Group, int] = {**MAX_KEPT, "requirements": 200, "outcomes": 72, "files": 100, "open": 120, "values": 120}
"""The most references stored between sessions: more where many are retired, so that finished items do not displace
open ones.
"""
_LABEL_WORDS = 4
"""Words before a colon up to which they only say that an item is open: "Next step: write the migration"."""


class Reference(NamedTuple):
    """One thing that a handoff should preserve.

    `needles` are normalised exact values: for a value, file or command its spellings, of which one is enough; for a
    statement the values that it names. `keys` are the stems that tell a statement from others, or the words near a
    value. `subject` is the key under which a later reference replaces this one. `weight` (0..1) is how much its loss
    matters. A `retired` reference must not be kept any more: the todo is done, the file deleted, the choice reversed; a
    document that still asserts it is outdated. `instead` is the new value of a retired one, empty if there is none.
    `marks` are the words that tell a statement from near-alike ones of its session. `beside` is how many more of its
    group its session has that are not among the references.
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
    marks: tuple[str, ...] = ()
    beside: int = 0

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
            "marks": list(self.marks),
            "beside": self.beside,
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
            tuple(cast("Iterable[str]", data.get("marks", ()))),
            cast("int", data.get("beside", 0)),
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
    """Return both together, in order of (session, turn): the latest reference of each subject, and of each group the
    newest `MAX_STORED`.

    Commutative, associative and idempotent: the latest reference of a subject wins from either side, and a reference
    beyond a group's limit has that many newer ones before it.
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
    """Return the sort key in time; within a turn, retirement comes last."""
    return reference.handle, reference.retired, reference


def expected_references(folded: Sequence[Reference]) -> list[Reference]:
    """Return the current references, the newest `MAX_KEPT`: not retired, not about a value that was retired later,
    and no open item that was done since.
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


def unlisted_counts(folded: Iterable[Reference]) -> Counter[Group]:
    """Return how many more references than those stored the sessions have, by group."""
    beside: dict[tuple[Group, int], int] = {}
    for reference in folded:
        key = reference.group, reference.handle.session
        beside[key] = max(beside.get(key, 0), reference.beside)
    counts: Counter[Group] = Counter()
    for (group, _), count in beside.items():
        counts[group] += count
    return counts


def _is_given_up(reference: Reference, retired_values: list[tuple[str, Handle]]) -> bool:
    """Return whether a later turn reversed a choice or an exact value."""
    if reference.group not in ("decisions", "requirements", "values", "outcomes"):
        return False
    text = normalise(reference.text)
    return any(retired_at > reference.handle and find_word_form(value, text) >= 0 for value, retired_at in retired_values)


def _is_done_since(reference: Reference, done_items: list[tuple[frozenset[str], Handle]]) -> bool:
    if reference.group != "open":
        return False
    label, _, item = reference.text.partition(": ")
    item_stems = stems(item if item and is_open_heading(label) and len(label.split()) <= _LABEL_WORDS else reference.text)
    return any(
        later.session > reference.handle.session and len(item_stems & done_stems) >= 0.6 * len(item_stems)
        for done_stems, later in done_items
    )
