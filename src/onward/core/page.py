"""A rendered handoff as a page of text: what a hook does to it, without reading it into a document. It starts at once."""

from __future__ import annotations

import re
from collections.abc import Iterable

from onward.core.headings import HEAD, SECTIONS

_PATH = re.compile(r"`([^`]+)`")
_NOT_THERE = ("was deleted", "is gone", "dihapus")

_GIVEN_UP = (
    *("Learned", "Commands", "Where things are", "Done", "Errors and fixes", "Exact values", "Asked for"),
    *("Decided, and why", "Tried, does not work", "Blocked and open questions", "Next", "Rules (always)"),
)
"""Which sections lose their last lines where a page must be shorter: what is settled first, the standing rules last."""
assert set(_GIVEN_UP) == set(SECTIONS)
_LEFT_OUT = "Left out: "


def files_named(lines: Iterable[str]) -> list[str]:
    """Return the files that *lines*, which tell where things are, say are there."""
    found = [_PATH.match(line) for line in lines if not any(word in line for word in _NOT_THERE)]
    return [path.group(1) for path in found if path]


def lines_of(page: str, title: str) -> list[str]:
    """Return the lines of a section, without their bullets."""
    _, _, rest = page.partition(f"\n## {title}\n")
    return [line[2:] for line in rest.partition("\n\n")[0].split("\n") if line.startswith("- ")]


def with_head_line(page: str, name: str, text: str) -> str:
    """Return *page* with the line *name* of `HEAD` among its first lines, in its place."""
    lines = page.split("\n")
    end = next((at for at, line in enumerate(lines) if line.startswith(("## ", "---"))), len(lines))
    head = [line for line in lines[:end] if not line.startswith(f"**{name}.** ")]
    later = tuple(f"**{one}.** " for one in HEAD[HEAD.index(name) + 1 :])
    after = max(at for at, line in enumerate(head) if line) + 1
    place = next((at for at, line in enumerate(head) if line.startswith(later)), after)
    return "\n".join((*head[:place], f"**{name}.** {text}", *head[place:], *lines[end:]))


def within(page: str, most_bytes: int) -> str:
    """Return *page* in at most *most_bytes*: the least important lines are left out, and its last line says how many of what."""
    if len(page.encode()) <= most_bytes:
        return page
    lines = page.rstrip("\n").split("\n")
    spare = most_bytes - 300
    size = len(page.encode())
    left_out: dict[str, int] = {}
    for title in _GIVEN_UP:
        if size <= spare or f"## {title}" not in lines:
            continue
        first = lines.index(f"## {title}") + 1
        last = first
        while last < len(lines) and lines[last].startswith("- "):
            last += 1
        while size > spare and last > first:
            last -= 1
            size -= len(lines.pop(last).encode()) + 1
            left_out[title] = left_out.get(title, 0) + 1
        if last == first:
            # Its heading goes with its last line, and the blank line before it.
            size -= sum(len(line.encode()) + 1 for line in lines[first - 2 : first])
            del lines[first - 2 : first]
    told = ", ".join(f"{title.lower()} {count}" for title, count in left_out.items())
    told = f"too long for this agent's hooks: {told}. `onward handoff` prints all."
    if lines[-1].startswith(_LEFT_OUT):
        lines[-1] += f" And {told}"
    else:
        lines.append(_LEFT_OUT + told)
    return "\n".join(lines) + "\n"
