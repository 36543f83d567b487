"""Lines as a terminal shows them: its width, and the words of wrapped lines joined again."""

from __future__ import annotations

from onward.formats.source import TranscriptSource

_MAX_WIDTH = 400
_INNER_MARKS = ("    ", "│", "├", "└", "┌")
"""What lines of code and of tables begin with, which no line continues."""


def find_width(source: TranscriptSource) -> int:
    """Return the width of the terminal: that of the longest line, where no line was so long that it cannot have been wrapped."""
    longest = max((len(line) for _, line in source.text_lines()), default=0)
    return longest if longest <= _MAX_WIDTH else 0


def unwrap(lines: list[str], width: int) -> str:
    """Return *lines* without their indent, each joined with the one before it where its first word did not fit there. In a prompt the
    terminal pads every line to its width.
    """
    joined: list[str] = []
    last = ""
    for number, line in enumerate(lines):
        words = line.rstrip()
        words = words.removeprefix("  ") if number else words
        first = words.strip().partition(" ")[0]
        if number and width and last and first and len(last) + 3 + len(first) > width - 2 and not words.startswith(_INNER_MARKS):
            joined[-1] += f" {words.strip()}"
        else:
            joined.append(words)
        last = words
    return "\n".join(joined).strip()
