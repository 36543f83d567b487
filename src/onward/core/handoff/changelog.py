"""What changed in a project's knowledge between two of its sessions, from two ledgers and their handoffs.

Facts are compared, not lines of text: a retired fact is listed once, together with the fact that replaced it. Only
changes that one of the handoffs shows are listed; the others are counted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from onward.core.facts.fact import Fact, FactKind, Handle
from onward.core.facts.headings import SECTION_OF, SECTIONS
from onward.core.facts.ledger import Ledger, fact_order
from onward.core.handoff.document import CitedLine, render_line

ChangelogPart: TypeAlias = Literal["added", "changed", "resolved", "retired", "no_longer_shown"]
PART_TITLES: dict[ChangelogPart, str] = {
    "added": "Added",
    "changed": "Changed",
    "resolved": "Resolved",
    "retired": "Retired",
    "no_longer_shown": "No longer shown",
}


class FactText(NamedTuple):
    """The wording of a fact, and the turns that show it."""

    fact: str
    text: str
    sources: tuple[Handle, ...]


class ChangelogEntry(NamedTuple):
    """One change: the `old` wording and the `new` one; None on a side without a fact."""

    kind: FactKind
    old: FactText | None
    new: FactText | None


@dataclass(frozen=True, slots=True)
class Changelog:
    """The changes between two ledgers.

    `added` facts are new, `changed` ones have another wording, `resolved` ones are open items that were settled, and `retired` ones are no
    longer valid. `no_longer_shown` facts are still valid but lost their place in the handoff. `untold` counts changes that neither handoff
    shows.
    """

    added: tuple[ChangelogEntry, ...] = ()
    changed: tuple[ChangelogEntry, ...] = ()
    resolved: tuple[ChangelogEntry, ...] = ()
    retired: tuple[ChangelogEntry, ...] = ()
    no_longer_shown: tuple[ChangelogEntry, ...] = ()
    omitted: int = 0


def changelog(before: Ledger, after: Ledger, shown_before: Collection[str], shown_after: Collection[str]) -> Changelog:
    """Return what changed from *before* to *after*. *shown_before* and *shown_after* are the ids of the facts that
    the handoffs show.
    """
    facts_before = {fact.id: fact for fact in before.live()}
    facts_by_id = {fact.id: fact for fact in after.facts}
    entries_by_part: dict[ChangelogPart, list[tuple[Fact, ChangelogEntry]]] = {part: [] for part in PART_TITLES}
    successor_ids: set[str] = set()
    hidden_count = 0
    for fact in facts_before.values():
        status = _status_of(fact, facts_by_id)
        part = _part_of(fact, status)
        successor = status.successor if status else None
        successor_ids.update([successor.id] if successor else ())
        is_shown = (successor or fact).id in shown_after
        if part is None:
            if fact.id in shown_before and not is_shown:
                entries_by_part["no_longer_shown"].append((fact, ChangelogEntry(fact.kind, _fact_text(fact), None)))
        elif fact.id in shown_before or is_shown:
            new = None if part == "retired" and successor is None else _fact_text(successor or (status.fact if status else fact))
            entries_by_part[part].append((fact, ChangelogEntry(fact.kind, _fact_text(fact), new)))
        else:
            hidden_count += 1
    for fact in after.live():
        if fact.id in facts_before or fact.id in successor_ids:
            continue
        if fact.id in shown_after or fact.author == "person":
            entries_by_part["added"].append((fact, ChangelogEntry(fact.kind, None, _fact_text(fact))))
        else:
            hidden_count += 1
    return Changelog(**{part: _sort_entries(entries) for part, entries in entries_by_part.items()}, omitted=hidden_count)


class _FactStatus(NamedTuple):
    """The present status of an earlier fact: the fact itself, the fact that finally replaced it, and whether that
    settled it.
    """

    fact: Fact
    successor: Fact | None
    is_settled: bool


def _status_of(fact: Fact, facts_by_id: Mapping[str, Fact]) -> _FactStatus | None:
    """Return the status of *fact* among *facts_by_id*; None if it is no longer in the ledger."""
    current = facts_by_id.get(fact.id)
    if current is None:
        return None
    successor, is_settled, visited = None, current.state == "resolved", {current.id}
    latest = current
    while latest.superseded_by and latest.superseded_by not in visited and (next_fact := facts_by_id.get(latest.superseded_by)):
        latest = successor = next_fact
        is_settled |= latest.state == "resolved"
        visited.add(latest.id)
    return _FactStatus(current, None if successor and successor.state == "retracted" else successor, is_settled)


def _part_of(fact: Fact, status: _FactStatus | None) -> ChangelogPart | None:
    """Return the part of the changelog that an earlier fact belongs to; None if it is unchanged."""
    if status is None:
        return None
    if status.is_settled:
        return "resolved"
    if status.fact.state in ("live", "contradicted"):
        return "changed" if status.fact.text != fact.text or status.fact.state != fact.state else None
    if status.successor is None or status.successor.is_deleted_file:
        return "retired"
    return "changed" if status.successor.text != fact.text else None


def _fact_text(fact: Fact) -> FactText:
    return FactText(fact.id, f"{fact.lead.rstrip(':')}: {fact.text}" if fact.lead else fact.text, fact.sources)


def _sort_entries(entries: Iterable[tuple[Fact, ChangelogEntry]]) -> tuple[ChangelogEntry, ...]:
    positions = {title: position for position, title in enumerate(SECTIONS)}
    return tuple(entry for _, entry in sorted(entries, key=lambda pair: (positions[SECTION_OF[pair[0].kind]], fact_order(pair[0]))))


def render(log: Changelog, before: int, after: int) -> str:
    """Return *log*, from one session to another, as Markdown ending in a newline: by part, then by section."""
    lines = [f"# Changes from session {before} to session {after}"]
    for part, title in PART_TITLES.items():
        entries: tuple[ChangelogEntry, ...] = getattr(log, part)
        if entries:
            lines += ["", f"## {title}", *_entry_lines(entries)]
    if len(lines) == 1:
        lines += ["", "No changes in what the handoffs show."]
    if log.omitted:
        lines += [
            "",
            "---",
            f"{log.omitted} more changes are in neither handoff. To see them: `onward fact list` or `onward search WORDS`.",
        ]
    return "\n".join(lines) + "\n"


def _entry_lines(entries: Iterable[ChangelogEntry]) -> Iterator[str]:
    previous_title = ""
    for entry in entries:
        title = SECTION_OF[entry.kind]
        if title != previous_title:
            yield from ("", f"### {title}")
            previous_title = title
        yield "- " + " → ".join(render_line(CitedLine(wording.text, wording.sources)) for wording in (entry.old, entry.new) if wording)


def to_json(log: Changelog) -> dict[str, object]:
    """Return *log* as a JSON-able object: a list per part, each entry with its kind and its `old` and `new` wording."""
    parts: dict[str, object] = {part: [_entry_json(entry) for entry in getattr(log, part)] for part in PART_TITLES}
    return {**parts, "omitted": log.omitted}


def _entry_json(entry: ChangelogEntry) -> dict[str, object]:
    return {"kind": entry.kind, "old": _fact_text_json(entry.old), "new": _fact_text_json(entry.new)}


def _fact_text_json(wording: FactText | None) -> dict[str, object] | None:
    return None if wording is None else {"fact": wording.fact, "text": wording.text, "sources": [str(handle) for handle in wording.sources]}
