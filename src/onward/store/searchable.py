"""What of a turn is searched: what was said, what was called, and the ends of what came back."""

from __future__ import annotations

import re
from collections.abc import Iterator

from onward.core.transcript import ToolCall, Turn

RESULT_HEAD_CHARS, RESULT_TAIL_CHARS = 2500, 1500
"""Of a long text that a tool gave or took; the whole stays in the turn."""

_HUMPED = re.compile(r"\w*[a-z][A-Z]\w*")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def searchable(turn: Turn) -> str:
    """Return the text that *turn* is found by; the same for the same turn, because the index forgets a turn by it."""
    said = [part for part in (turn.text, *(_called(call) for call in turn.calls), _ends(turn.thinking)) if part]
    text = "\n".join(said)
    shown = [_ends(result.text) for result in turn.results]
    names = split_names(text)
    return "\n".join((text, *shown, names)) if shown or names else text


def split_names(text: str) -> str:
    """Return the words of the names in *text* that are joined by capitals: `getUserName` gives `get User Name`."""
    return " ".join(_HUMP.sub(" ", name) for name in dict.fromkeys(_HUMPED.findall(text)))


def _called(call: ToolCall) -> str:
    if isinstance(call.arguments, str):
        return f"{call.name}: {_ends(call.arguments)}"
    return f"{call.name}: " + "\n".join(_ends(text) for text in _strings(call.arguments))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
    elif value is not None:
        yield str(value)


def _ends(text: str) -> str:
    if len(text) <= RESULT_HEAD_CHARS + RESULT_TAIL_CHARS:
        return text
    return f"{text[:RESULT_HEAD_CHARS]}\n…\n{text[-RESULT_TAIL_CHARS:]}"
