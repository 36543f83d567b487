"""Private key blocks: complete ones, and the rest of those that lost their first or last line."""

from __future__ import annotations

import re
from functools import cache

from onward.redact.character_runs import Stretch
from onward.redact.secret import Secret

_DASHES = "-----"
_LONGEST_LABEL = 80


class KeyBlocks:
    """Finds the private key blocks of one text. Ask about the positions of their first and last lines in order."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._body = Stretch(text, _body())
        self._end = 0

    def find(self, position: int) -> Secret | None:
        """Return the block whose first or last line has the word `KEY` at *position*, unless it is part of the previous block.

        A block without an end is secret as far down as its lines look like a key; one without a start as far up.
        """
        if position < self._end:
            return None
        dashes = self._text.rfind(_DASHES, max(0, position - _LONGEST_LABEL), position)
        label = self._text[dashes + len(_DASHES) : position].upper()
        if dashes < 0 or "PRIVATE" not in label:
            return None
        block = self._block_below(dashes, position) if label.startswith("BEGIN") else self._block_above(dashes, position)
        if block:
            self._end = block.end
        return block

    def find_putty(self, position: int) -> Secret | None:
        """Return the private lines of the PuTTY key file whose first line has the word `Key` at *position*."""
        match = _putty_lines().search(self._text, position, position + 8000)
        return Secret(*match.span(1), "private-key") if match else None

    def _block_below(self, dashes: int, position: int) -> Secret:
        body = self._text.index(_DASHES, position) + len(_DASHES)
        end = self._body.end(body)
        last = _last_line().search(self._text, body, end)
        return Secret(dashes, last.end() if last else end, "private-key")

    def _block_above(self, dashes: int, position: int) -> Secret | None:
        # A key contains no dash, so no line above is searched for two blocks.
        first = self._text.rfind("-", 0, dashes) + 1
        for lines in _key_lines().finditer(self._text, first, dashes):
            if lines.end() == dashes:
                return Secret(lines.start(), self._text.index(_DASHES, position) + len(_DASHES), "private-key")
        return None


@cache
def _body() -> re.Pattern[str]:
    return re.compile(r"(?:[A-Za-z0-9+/=:,. \t\r\n>|\u2192-]++|\\++[nrt])++")


@cache
def _last_line() -> re.Pattern[str]:
    return re.compile(r"-----END [A-Z ]{1,60}-----")


@cache
def _key_lines() -> re.Pattern[str]:
    return re.compile(r"(?<![A-Za-z0-9+/=])(?:[A-Za-z0-9+/=]{16,}+(?:\s|\\++[nr])++)++")


@cache
def _putty_lines() -> re.Pattern[str]:
    return re.compile(r"Private-Lines: \d+((?:[^\n]{0,40}?\n[^\n]{0,40}?[A-Za-z0-9+/=]{40,64})+\n[^\n]{0,40}?Private-MAC: [0-9a-f]{40,64})")
