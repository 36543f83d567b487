"""Private key blocks: complete ones, and the rest of those that lost their first or last line; whatever each of their lines begins with."""

from __future__ import annotations

import re
from functools import cache

from onward.redact.secret import Secret

_DASHES = "----"
_LONGEST_LABEL = 80
_LONGEST_BLOCK = 12_000


class KeyBlocks:
    """Finds the private key blocks of one text. Ask about the positions of their first and last lines in order."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = 0

    def find(self, position: int) -> Secret | None:
        """Return the block whose first or last line has the word `KEY` at *position*, unless it is part of the previous block.

        A block without an end is secret as far down as its lines look like a key; one without a start as far up.
        """
        if position < self._end:
            return None
        dashes = self._text.rfind(_DASHES, max(0, position - _LONGEST_LABEL), position)
        label = self._text[dashes + len(_DASHES) : position].upper().strip()
        if dashes < 0 or "PRIVATE" not in label:
            return None
        dashes -= self._text[dashes - 1 : dashes] == "-"
        block = self._block_below(dashes, position) if label.startswith("BEGIN") else self._block_above(dashes, position)
        if block:
            self._end = block.end
        return block

    def find_putty(self, position: int) -> Secret | None:
        """Return the private lines of the PuTTY key file whose first line has the word `Key` at *position*."""
        head = _putty_head().search(self._text, position, position + _LONGEST_BLOCK)
        end = self._lines_end(head.end() - 1, len(self._text)) if head else 0
        return Secret(head.end(), end, "private-key") if head and end > head.end() else None

    def _block_below(self, dashes: int, position: int) -> Secret:
        text = self._text
        head = _dashes().match(text, text.index(_DASHES, position))
        body = head.end() if head else position
        last = _last_line().search(text, body, body + _LONGEST_BLOCK)
        if last and _DASHES + " BEGIN" not in text[body : last.start()] and _DASHES + "-BEGIN" not in text[body : last.start()]:
            lines = [line for line in text[body : last.start()].split("\n") if _has_word().search(line)]
            key_lines = sum(_key_run().search(line) is not None for line in lines)
            if 2 * key_lines >= len(lines):
                return Secret(dashes, last.end(), "private-key")
        same_line = _key_words().match(text, body)
        return Secret(dashes, self._lines_end(same_line.end() if same_line else body, len(text)), "private-key")

    def _lines_end(self, end: int, stop: int) -> int:
        """Return the end of the last of the lines from the break at *end* on that look like lines of a key."""
        last = end
        while line := _line_of_key().match(self._text, end, stop):
            last, end = line.end("run"), line.end()
        return last

    def _block_above(self, dashes: int, position: int) -> Secret | None:
        """Return the lines above the last line of a block, up to the end of the block before."""
        text = self._text
        end = start = text.rfind("\n", self._end, dashes) + 1 or dashes
        if end == dashes and (match := _key_words_before().search(text, max(self._end, dashes - 4000), dashes)):
            start = match.start()
        while end > self._end:
            first = max(text.rfind("\n", self._end, end - 1) + 1, self._end)
            match = _key_run().search(text, first, end) if end - first <= _LONGEST_LINE else None
            if not match:
                break
            start, end = match.start(), first
        if start == dashes or not _long_run().search(text, start, dashes):
            return None
        foot = _dashes().match(text, text.index(_DASHES, position))
        return Secret(start, foot.end() if foot else position, "private-key")


_LONGEST_LINE = 200
_RUN = r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/=]{16,}+(?![A-Za-z0-9+/=])"


@cache
def _dashes() -> re.Pattern[str]:
    return re.compile(r"-{4,5}")


@cache
def _last_line() -> re.Pattern[str]:
    return re.compile(r"-{4,5} ?END [A-Z0-9 ]{1,60}-{4,5}")


@cache
def _has_word() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z0-9+/=]{5}")


@cache
def _key_run() -> re.Pattern[str]:
    """A run of base64 that is long enough for a line of a key, or one of its headers."""
    return re.compile(_RUN + r"|(?:Proc-Type|DEK-Info|Version|Comment):")


@cache
def _long_run() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z0-9+/=]{38,}")


@cache
def _key_words() -> re.Pattern[str]:
    """Base64 on the line of the first dashes."""
    return re.compile(r"(?:[ \t]*+[A-Za-z0-9+/=]{16,}+)*+")


@cache
def _key_words_before() -> re.Pattern[str]:
    return re.compile(r"(?<![A-Za-z0-9+/=])(?:[A-Za-z0-9+/=]{16,}+[ \t]*+)++$")


@cache
def _line_of_key() -> re.Pattern[str]:
    """A line with a run of base64, whatever precedes it; and headers and empty lines above one."""
    return re.compile(
        r"(?:\r?\n(?:[^\n]{0,40}?(?:Proc-Type|DEK-Info|Version|Comment):[^\n]{0,100}|[^\w\n]{0,40}(?:\d{1,5}[^\w\n]{0,4})?(?=\r?\n)))*+"
        r"\r?\n[^\n]{0,60}?(?<![A-Za-z0-9+/=])(?P<run>[A-Za-z0-9+/]{38,}+={0,2}|(?<=[\n\s\"'>|#*\t\u2192])[A-Za-z0-9+/]{16,64}={0,2}(?=[\"'`,+;)}\]\s\\]{0,8}(?:\n|$)))[\"'`,+;)}\] \t]{0,8}(?=\r?\n|$|-)"
    )


@cache
def _putty_head() -> re.Pattern[str]:
    return re.compile(r"Private-Lines: \d+(?=[^\n]{0,8}\n)[^\n]{0,8}?\n")
