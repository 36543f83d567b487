"""A rendered handoff as a page of text, for hooks: changed without parsing, because a hook must be fast."""

from __future__ import annotations

from onward.core.facts.headings import HEAD, OMISSION_PREFIX, TRIM_ORDER


def insert_head_line(page: str, name: str, text: str) -> str:
    """Return *page* with the line *name* of `HEAD` inserted in its place among the first lines."""
    lines = page.split("\n")
    end = next((index for index, line in enumerate(lines) if line.startswith(("## ", "---"))), len(lines))
    head = [line for line in lines[:end] if not line.startswith(f"**{name}.** ")]
    later_labels = tuple(f"**{label}.** " for label in HEAD[HEAD.index(name) + 1 :])
    last_position = max(index for index, line in enumerate(head) if line) + 1
    position = next((index for index, line in enumerate(head) if line.startswith(later_labels)), last_position)
    return "\n".join((*head[:position], f"**{name}.** {text}", *head[position:], *lines[end:]))


def shorten_page(page: str, max_bytes: int) -> str:
    """Return *page* in at most *max_bytes*: the least important lines are removed, and the last line counts them by
    section.
    """
    if len(page.encode()) <= max_bytes:
        return page
    lines = page.rstrip("\n").split("\n")
    target_bytes = max_bytes - 300
    size = len(page.encode())
    omitted_counts: dict[str, int] = {}
    for title in TRIM_ORDER:
        if size <= target_bytes or f"## {title}" not in lines:
            continue
        first = lines.index(f"## {title}") + 1
        last = first
        while last < len(lines) and lines[last].startswith("- "):
            last += 1
        while size > target_bytes and last > first:
            last -= 1
            size -= len(lines.pop(last).encode()) + 1
            omitted_counts[title] = omitted_counts.get(title, 0) + 1
        if last == first:
            # When its last line goes, the heading and the blank line before it go too.
            size -= sum(len(line.encode()) + 1 for line in lines[first - 2 : first])
            del lines[first - 2 : first]
    summary = ", ".join(f"{title.lower()} {count}" for title, count in omitted_counts.items())
    summary = f"too long for this agent's hooks: {summary}. `onward handoff` prints all."
    if lines[-1].startswith(OMISSION_PREFIX):
        lines[-1] += f" And {summary}"
    else:
        lines.append(OMISSION_PREFIX + summary)
    return "\n".join(lines) + "\n"
