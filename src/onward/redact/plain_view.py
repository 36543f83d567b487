"""The text that a person sees: without colours and the escapes of JSON and HTML, with a way back to the positions of the original."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache

from onward.redact.secret import Secret

_CHARACTERS = {"n": "\n", "r": "\r", "t": "\t"}
_ENTITIES = {
    "quot": '"',
    "apos": "'",
    "lt": "<",
    "gt": ">",
    "amp": "&",
    "#39": "'",
    "#x27": "'",
    "#34": '"',
    "#x22": '"',
    "#x3d": "=",
    "#61": "=",
}
_PERCENTS = {"%3D": "=", "%3A": ":", "%22": '"', "%27": "'"}


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
    if "\x1b" in text or ("[" in text and any(code in text for code in _WRITTEN_COLOURS)):
        text = _colour().sub("", text)
    while "\\\\" in text:
        text = text.replace("\\\\", "\\")
    if "\\u" in text:
        text = _code().sub(_image_of_code, text)
    if "&" in text:
        text = _entity().sub(_image_of_entity, text)
    if "%" in text:
        text = _percent().sub(_image_of_percent, text)
    if "\\" in text:
        text = text.replace("\\n", "\n").replace('\\"', '"')
        text = text.replace("\\t", "\t").replace("\\r", "\r").replace("\\'", "'").replace("\\/", "/")
    return text


_WRITTEN_COLOURS = ("\\u001", "\\x1", "\\033[", "\\e[")


def has_escapes(text: str) -> bool:
    """Return whether the plain view of *text* may differ from it."""
    # One character is found much faster than two.
    return (
        "\\" in text
        or "\x1b" in text
        or ("%" in text and ("%3" in text or "%2" in text))
        or ("&" in text and _entity().search(text) is not None)
    )


def _image(match: re.Match[str]) -> str:
    if match["code"]:
        return _image_of_code(match)
    if match["slashes"]:
        return "\\"
    if match["entity"]:
        return _image_of_entity(match)
    if match["percent"]:
        return _image_of_percent(match)
    return _CHARACTERS.get(match["letter"], match["letter"]) if match["letter"] else ""


def _image_of_code(match: re.Match[str]) -> str:
    character = chr(int(match["code"], 16))
    return "?" if "\ud800" <= character <= "\udfff" else character


def _image_of_entity(match: re.Match[str]) -> str:
    return _ENTITIES[match["entity"].lower()]


def _image_of_percent(match: re.Match[str]) -> str:
    return _PERCENTS[match["percent"].upper()]


_ENTITY = r"&(?:amp;){0,3}(?P<entity>(?i:" + "|".join(_ENTITIES) + "));"
_PERCENT = r"(?P<percent>%(?:3[DdAa]|2[27]))"
_COLOUR = r"(?:\x1b|(?<!\\)\\++(?:u001[bB]|x1[bB]|033|e))(?:\[[0-9;?]*[A-Za-z]|\][^\x07\x1b\n\\]{0,400}(?:\x07|\x1b\\))"


@cache
def _entity() -> re.Pattern[str]:
    return re.compile(_ENTITY)


@cache
def _percent() -> re.Pattern[str]:
    return re.compile(_PERCENT)


@cache
def _escape() -> re.Pattern[str]:
    return re.compile(
        _COLOUR
        + "|"
        + _ENTITY
        + "|"
        + _PERCENT
        + r"|(?<!\\)\\++(?:u(?P<code>[0-9a-fA-F]{4})|(?P<letter>[nrt\"'/]))|(?<!\\)\\(?P<slashes>\\++)"
    )


@cache
def _colour() -> re.Pattern[str]:
    return re.compile(_COLOUR)


@cache
def _code() -> re.Pattern[str]:
    return re.compile(r"\\u(?P<code>[0-9a-fA-F]{4})")
