"""What two versions of a handoff say differently, line by line: the same facts in other words, what is new, and what is gone.

Lines belong together when they tell one of the same facts; versions of different sessions share few, and `core.changelog` says better what happened between those.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from onward.core.handoff import Handoff, Line, render_line


class Reworded(NamedTuple):
    """One difference, under the heading where it stands: what the one version says, and what the other says instead; empty where it says nothing."""

    title: str
    old: tuple[Line, ...]
    new: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Redline:
    """The differences, in the order of the newer version, and how many lines are the same in both."""

    changes: tuple[Reworded, ...]
    same: int


def redline(before: Handoff, after: Handoff) -> Redline:
    """Return what *after* says differently from *before*. What they keep (the closing lines) is not compared."""
    old, new = list(_lines(before)), list(_lines(after))
    said = {(title, line.text) for title, line in old} & {(title, line.text) for title, line in new}
    left = [one for one in old if (one[0], one[1].text) not in said]
    changes: list[Reworded] = []
    for title, line in new:
        if (title, line.text) in said:
            continue
        told = [one for one in left if not set(one[1].facts).isdisjoint(line.facts)]
        left = [one for one in left if one not in told]
        if not told and changes and _shares(changes[-1], line):
            # Another line of what was one line before.
            changes[-1] = changes[-1]._replace(new=(*changes[-1].new, line))
            continue
        changes.append(Reworded(title, tuple(one for _, one in told), (line,)))
    changes += (Reworded(title, (line,), ()) for title, line in left)
    return Redline(tuple(changes), len(said))


def _shares(change: Reworded, line: Line) -> bool:
    return any(not set(one.facts).isdisjoint(line.facts) for one in change.old)


def _lines(handoff: Handoff) -> Iterator[tuple[str, Line]]:
    yield from handoff.head
    for section in handoff.sections:
        yield from ((section.title, line) for line in section.lines)


def render(red: Redline, before: int, after: int) -> str:
    """Return *red*, of two versions by number, as Markdown ending in a newline."""
    out = [f"# What version {after} says differently from version {before}"]
    above = ""
    for change in red.changes:
        if change.title != above:
            above = change.title
            out += ["", f"## {above}"]
        out += ["", *(f"- {render_line(line)}" for line in change.old), *(f"+ {render_line(line)}" for line in change.new)]
    if not red.changes:
        out += ["", "Nothing."]
    return "\n".join([*out, "", "---", f"{red.same} lines are the same in both."]) + "\n"


def to_json(red: Redline) -> dict[str, object]:
    """Return *red* as a JSON-able object."""
    changes = [
        {"title": one.title, "old": [_said(line) for line in one.old], "new": [_said(line) for line in one.new]} for one in red.changes
    ]
    return {"changes": changes, "same": red.same}


def _said(line: Line) -> dict[str, object]:
    return {"text": line.text, "sources": [str(handle) for handle in line.sources], "facts": list(line.facts)}
