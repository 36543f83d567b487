"""The differences between two versions of a handoff, line by line: reworded, new and removed lines.

Lines belong together if they share a fact. Versions of different sessions share few; `core.handoff.changelog` compares
those better.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from onward.core.handoff.document import CitedLine, Handoff, render_line


class RedlineChange(NamedTuple):
    """One difference, under its heading: the lines of the older version and those of the newer one; one side may be
    empty.
    """

    title: str
    old: tuple[CitedLine, ...]
    new: tuple[CitedLine, ...]


@dataclass(frozen=True, slots=True)
class Redline:
    """The differences, in the order of the newer version, and the number of equal lines."""

    changes: tuple[RedlineChange, ...]
    same: int


def compare_handoffs(before: Handoff, after: Handoff) -> Redline:
    """Return the differences from *before* to *after*. The closing lines are not compared."""
    old, new = list(_lines(before)), list(_lines(after))
    common = {(title, line.text) for title, line in old} & {(title, line.text) for title, line in new}
    remaining = [entry for entry in old if (entry[0], entry[1].text) not in common]
    changes: list[RedlineChange] = []
    for title, line in new:
        if (title, line.text) in common:
            continue
        matches = [entry for entry in remaining if not set(entry[1].facts).isdisjoint(line.facts)]
        remaining = [entry for entry in remaining if entry not in matches]
        if not matches and changes and _shares_fact(changes[-1], line):
            # One earlier line became several.
            changes[-1] = changes[-1]._replace(new=(*changes[-1].new, line))
            continue
        changes.append(RedlineChange(title, tuple(old_line for _, old_line in matches), (line,)))
    changes += (RedlineChange(title, (line,), ()) for title, line in remaining)
    return Redline(tuple(changes), len(common))


def _shares_fact(change: RedlineChange, line: CitedLine) -> bool:
    return any(not set(old_line.facts).isdisjoint(line.facts) for old_line in change.old)


def _lines(handoff: Handoff) -> Iterator[tuple[str, CitedLine]]:
    yield from handoff.head
    for section in handoff.sections:
        yield from ((section.title, line) for line in section.lines)


def render(diff: Redline, before: int, after: int) -> str:
    """Return *diff*, of two version numbers, as Markdown ending in a newline."""
    output = [f"# Changes from version {before} to version {after}"]
    previous_title = ""
    for change in diff.changes:
        if change.title != previous_title:
            previous_title = change.title
            output += ["", f"## {previous_title}"]
        output += ["", *(f"- {render_line(line)}" for line in change.old), *(f"+ {render_line(line)}" for line in change.new)]
    if not diff.changes:
        output += ["", "No differences."]
    return "\n".join([*output, "", "---", f"{diff.same} lines are unchanged."]) + "\n"


def to_json(diff: Redline) -> dict[str, object]:
    """Return *diff* as a JSON-able object."""
    changes = [
        {"title": change.title, "old": [_line_json(line) for line in change.old], "new": [_line_json(line) for line in change.new]}
        for change in diff.changes
    ]
    return {"changes": changes, "same": diff.same}


def _line_json(line: CitedLine) -> dict[str, object]:
    return {"text": line.text, "sources": [str(handle) for handle in line.sources], "facts": list(line.facts)}
