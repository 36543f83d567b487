"""The text that a person sees: without colours and the escapes of JSON, with a way back to the positions of the original."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache

from onward.redact.secret import Secret

_CHARACTERS = {"n": "\n", "r": "\r", "t": "\t"}


class PlainView:
    """*text* without terminal colours and with the escapes of JSON, however deep, replaced by their characters."""

    def __init__(self, text: str) -> None:
        parts: list[str] = []
        self._positions: list[int] = []
        self._starts: list[int] = []
        length = end = 0
        for match in _escape().finditer(text):
            start = match.start()
            if start > end:
                self._add(length, end)
                parts.append(text[end:start])
                length += start - end
            end = match.end()
            image = _image(match)
            if image:
                self._add(length, start)
                parts.append(image)
                length += len(image)
        self._add(length, end)
        parts.append(text[end:])
        self.text = "".join(parts)

    def _add(self, position: int, start: int) -> None:
        self._positions.append(position)
        self._starts.append(start)

    def original(self, secret: Secret) -> Secret:
        """Return *secret*, found in `text`, at its place in the original."""
        return secret._replace(start=self._original(secret.start), end=self._original(secret.end - 1) + 1)

    def _original(self, position: int) -> int:
        index = bisect_right(self._positions, position) - 1
        return self._starts[index] + position - self._positions[index]


def plain_text(text: str) -> str:
    """Return the text of `PlainView(text)`, much faster: most texts hold no secret, and need no way back."""
    if "\x1b" in text or _coded_escape().search(text):
        return _escape().sub(_image, text)
    if "\\\\" in text:
        text = _backslashes().sub(r"\\", text)
    text = text.replace("\\n", "\n").replace('\\"', '"')
    return _other_escape().sub(_other_image, text) if "\\" in text else text


def has_escapes(text: str) -> bool:
    """Return whether the plain view of *text* may differ from it."""
    return "\\" in text or "\x1b" in text


def _image(match: re.Match[str]) -> str:
    if match["code"]:
        character = chr(int(match["code"], 16))
        return "?" if "\ud800" <= character <= "\udfff" else character
    if match["slashes"]:
        return "\\"
    return _CHARACTERS.get(match["letter"], match["letter"]) if match["letter"] else ""


@cache
def _escape() -> re.Pattern[str]:
    return re.compile(
        r"(?:\x1b|(?<!\\)\\++(?:u001[bB]|x1[bB]|033|e))\[[0-9;]*[A-Za-z]"
        r"|(?<!\\)\\++(?:u(?P<code>[0-9a-fA-F]{4})|(?P<letter>[nrt\"'/]))|(?<!\\)\\(?P<slashes>\\++)"
    )


@cache
def _coded_escape() -> re.Pattern[str]:
    return re.compile(r"\\(?:u[0-9a-fA-F]{4}|x1[bB]\[|033\[|e\[)")


@cache
def _backslashes() -> re.Pattern[str]:
    return re.compile(r"\\{2,}")


@cache
def _other_escape() -> re.Pattern[str]:
    return re.compile(r"\\([rt'/])")


def _other_image(match: re.Match[str]) -> str:
    return _CHARACTERS.get(match[1], match[1])
