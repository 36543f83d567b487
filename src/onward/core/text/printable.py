"""Text that people may print: without what would steer their terminal."""

from __future__ import annotations

_ESCAPES = r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])"
_CONTROLS = dict.fromkeys([*range(9), 11, 12, *range(14, 32), *range(127, 160)])


def printable(text: str) -> str:
    """*text* without what would steer a terminal: escape sequences and control characters that an agent's tools printed. A lone carriage return becomes a new line."""
    if text.isprintable():
        return text
    if "\x1b" in text:
        import re

        text = re.sub(_ESCAPES, "", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.translate(_CONTROLS)
