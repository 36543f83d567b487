"""What a project came to know, and gave up, between two of its sessions: two ledgers and their handoffs in, a changelog out.

It is told by the facts, never by lines of text: a fact that was retired is told once, with the one that took its place. Told is what one of the handoffs shows; the rest is
counted, since a ledger keeps far more than anybody reads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from onward.core.compose import SECTION_OF
from onward.core.facts import Fact, Handle, Kind
from onward.core.handoff import Line, render_line
from onward.core.headings import SECTIONS
from onward.core.ledger import Ledger, order

DELETED = "was deleted"
"""What a fact says of a file that is gone."""

Part: TypeAlias = Literal["added", "changed", "resolved", "retired", "no_longer_shown"]
PARTS: dict[Part, str] = {
    "added": "Added",
    "changed": "Changed",
    "resolved": "Resolved",
    "retired": "Retired",
    "no_longer_shown": "No longer shown",
}


class Said(NamedTuple):
    """What a fact says and the turns that show it."""

    fact: str
    text: str
    sources: tuple[Handle, ...]


class Entry(NamedTuple):
    """One change. `old` is what stood before, `new` what stands instead; one of them is None where there is nothing."""

    kind: Kind
    old: Said | None
    new: Said | None


@dataclass(frozen=True, slots=True)
class Changelog:
    """What came (`added`), is said otherwise now (`changed`), was open and is settled (`resolved`), no longer holds (`retired`), and still holds but lost its place in the
    handoff (`no_longer_shown`). `untold` counts the changes that neither handoff shows.
    """

    added: tuple[Entry, ...] = ()
    changed: tuple[Entry, ...] = ()
    resolved: tuple[Entry, ...] = ()
    retired: tuple[Entry, ...] = ()
    no_longer_shown: tuple[Entry, ...] = ()
    untold: int = 0


def changelog(before: Ledger, after: Ledger, shown_before: Collection[str], shown_after: Collection[str]) -> Changelog:
    """Return what changed from *before* to *after*, of which the handoffs show the facts of these ids."""
    stood = {fact.id: fact for fact in before.live()}
    known = {fact.id: fact for fact in after.facts}
    found: dict[Part, list[tuple[Fact, Entry]]] = {part: [] for part in PARTS}
    heirs: set[str] = set()
    untold = 0
    for fact in stood.values():
        now = _now(fact, known)
        part = _part(fact, now)
        heir = now.heir if now else None
        heirs.update([heir.id] if heir else ())
        is_shown = (heir or fact).id in shown_after
        if part is None:
            if fact.id in shown_before and not is_shown:
                found["no_longer_shown"].append((fact, Entry(fact.kind, _said(fact), None)))
        elif fact.id in shown_before or is_shown:
            new = None if part == "retired" and heir is None else _said(heir or (now.fact if now else fact))
            found[part].append((fact, Entry(fact.kind, _said(fact), new)))
        else:
            untold += 1
    for fact in after.live():
        if fact.id in stood or fact.id in heirs:
            continue
        if fact.id in shown_after or fact.author == "person":
            found["added"].append((fact, Entry(fact.kind, None, _said(fact))))
        else:
            untold += 1
    return Changelog(**{part: _ordered(entries) for part, entries in found.items()}, untold=untold)


class _Now(NamedTuple):
    """How a fact that stood stands now: itself, what took its place in the end, and whether that settled it."""

    fact: Fact
    heir: Fact | None
    settled: bool


def _now(fact: Fact, known: Mapping[str, Fact]) -> _Now | None:
    """Return how *fact* stands among the facts *known* now; None when the ledger keeps it no longer."""
    now = known.get(fact.id)
    if now is None:
        return None
    heir, settled, passed = None, now.state == "resolved", {now.id}
    step = now
    while step.superseded_by and step.superseded_by not in passed and (after := known.get(step.superseded_by)):
        step = heir = after
        settled |= step.state == "resolved"
        passed.add(step.id)
    return _Now(now, None if heir and heir.state == "retracted" else heir, settled)


def _part(fact: Fact, now: _Now | None) -> Part | None:
    """Return the part that a fact belongs to which stood before; None when it stands, in these words."""
    if now is None:
        return None
    if now.settled:
        return "resolved"
    if now.fact.state in ("live", "contradicted"):
        return "changed" if now.fact.text != fact.text or now.fact.state != fact.state else None
    if now.heir is None or (now.heir.kind == "file" and DELETED in now.heir.text):
        return "retired"
    return "changed" if now.heir.text != fact.text else None


def _said(fact: Fact) -> Said:
    return Said(fact.id, f"{fact.lead.rstrip(':')}: {fact.text}" if fact.lead else fact.text, fact.sources)


def _ordered(entries: Iterable[tuple[Fact, Entry]]) -> tuple[Entry, ...]:
    places = {title: place for place, title in enumerate(SECTIONS)}
    return tuple(entry for _, entry in sorted(entries, key=lambda one: (places[SECTION_OF[one[0].kind]], order(one[0]))))


def render(log: Changelog, before: int, after: int) -> str:
    """Return *log*, of the sessions after one number up to another, as Markdown ending in a newline: by part, then under the headings of a handoff."""
    out = [f"# What changed from session {before} to session {after}"]
    for part, title in PARTS.items():
        entries: tuple[Entry, ...] = getattr(log, part)
        if entries:
            out += ["", f"## {title}", *_grouped(entries)]
    if len(out) == 1:
        out += ["", "Nothing that a handoff shows."]
    if log.untold:
        out += [
            "",
            "---",
            f"{log.untold} more changed that neither handoff shows. `onward fact list` and `onward search WORDS` reach them.",
        ]
    return "\n".join(out) + "\n"


def _grouped(entries: Iterable[Entry]) -> Iterator[str]:
    above = ""
    for entry in entries:
        title = SECTION_OF[entry.kind]
        if title != above:
            yield from ("", f"### {title}")
            above = title
        yield "- " + " → ".join(render_line(Line(said.text, said.sources)) for said in (entry.old, entry.new) if said)


def to_json(log: Changelog) -> dict[str, object]:
    """Return *log* as a JSON-able object: lists by part, each entry with its kind and what is said `old` and `new`."""
    parts: dict[str, object] = {part: [_entry_json(entry) for entry in getattr(log, part)] for part in PARTS}
    return {**parts, "untold": log.untold}


def _entry_json(entry: Entry) -> dict[str, object]:
    return {"kind": entry.kind, "old": _said_json(entry.old), "new": _said_json(entry.new)}


def _said_json(said: Said | None) -> dict[str, object] | None:
    return None if said is None else {"fact": said.fact, "text": said.text, "sources": [str(handle) for handle in said.sources]}
