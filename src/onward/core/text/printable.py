"""Text without control sequences and without characters that reorder it, safe to print on a terminal."""

from __future__ import annotations

_ESCAPES = r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])"
_REORDERING = [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_CONTROLS = dict.fromkeys([*range(9), 11, 12, *range(14, 32), *range(127, 160), *_REORDERING])


def printable(text: str) -> str:
    """Return *text* without escape sequences and control characters, which could steer a terminal, and without overrides of the
    direction of writing, which show it in another order than it has. A lone carriage return becomes a new line.
    """
    if text.isprintable():
        return text
    if "\x1b" in text:
        import re

        text = re.sub(_ESCAPES, "", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.translate(_CONTROLS)


def printable_json(text: str) -> str:
    """Return *text*, which is JSON, with the same characters written as escapes."""
    return text if text.isprintable() else text.translate(_ESCAPED)


_ESCAPED = {code: f"\\u{code:04x}" for code in (*range(127, 160), *_REORDERING)}
