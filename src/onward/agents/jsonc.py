"""Changing a JSON file as a careful person would: what is not meant stays to the byte, comments and trailing commas too.

Agents' settings are JSON that people write by hand, and several agents read comments in it. So a file is not read and written anew: a value is put
into its text, or taken out of it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Key: TypeAlias = str | int

_BLANK = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_SCALAR = re.compile(r"[^\s,\]}/]+")
_TAIL = re.compile(r"([ \t]*,)?([ \t]*//[^\n]*)?")
"""What may follow a value on its line: its comma, and a comment on it."""
_INDENT = re.compile(r"\n([ \t]+)\S")


class Unfit(ValueError):
    """The text is no JSON, or what it holds is not of the kind that the change needs."""


@dataclass(slots=True)
class Node:
    """A value in the text, from `start` to `end`. The members of an object or a list are its `parts`, each with where it begins: at its key, in an object."""

    value: Any
    start: int
    end: int
    parts: list[tuple[Key, int, Node]] = field(default_factory=list["tuple[Key, int, Node]"])

    def at(self, *path: Key) -> Node | None:
        """Return the value below at *path*, or None."""
        node: Node | None = self
        for key in path:
            node = next((part for name, _, part in node.parts if name == key), None) if node else None
        return node


def parse(text: str) -> Node:
    """Return what *text* holds; nothing at all is an empty object. Raises `Unfit`, naming the line."""
    if not text.strip().strip("\ufeff"):
        return Node({}, len(text), len(text))
    begin = 1 if text.startswith("\ufeff") else 0
    try:
        node = _value(text, _blank(text, begin))
    except RecursionError:
        raise Unfit("it is nested too deeply") from None
    if _blank(text, node.end) != len(text):
        raise _wrong(text, _blank(text, node.end), "the end")
    return node


def with_member(text: str, path: tuple[str, ...], value: object) -> str:
    """Return *text* with *value* as the member at *path*, which is not there yet; the objects around it are made where they are missing. Raises `Unfit`."""
    root = parse(text)
    if root.start == root.end:
        return text + _written(_nested(path, value), _unit(text), 0) + "\n"
    node, depth = root, 0
    while (below := node.at(path[depth])) is not None:
        node, depth = below, depth + 1
    if not isinstance(node.value, dict):
        raise Unfit(f"`{'.'.join(path[:depth]) or 'all of it'}` is no object")
    return _added(text, node, f"{json.dumps(path[depth])}: ", _nested(path[depth + 1 :], value), depth)


def with_item(text: str, path: tuple[str, ...], value: object) -> str:
    """Return *text* with *value* as the last item of the list at *path*, made where it is missing. Raises `Unfit`."""
    node = parse(text).at(*path)
    if node is None:
        return with_member(text, path, [value])
    if not isinstance(node.value, list):
        raise Unfit(f"`{'.'.join(path)}` is no list")
    return _added(text, node, "", value, len(path))


def without(text: str, path: tuple[Key, ...]) -> str:
    """Return *text* without the value at *path*, nor the list or objects around it that this leaves empty, but for the outermost. Raises `Unfit`."""
    node = parse(text).at(*path[:-1])
    if node is None:
        return text
    if len(node.parts) == 1 and len(path) > 1:
        return without(text, path[:-1])
    at = next((at for at, (key, _, _) in enumerate(node.parts) if key == path[-1]), None)
    if at is None:
        return text
    _, begin, part = node.parts[at]
    if at > 0:
        before = node.parts[at - 1][2].end
        tail, own = _tail(text, before), _tail(text, part.end)
        if own.group(1) and tail.group(1):
            return text[: tail.end()] + text[own.end(1) :]
        return text[:before] + (tail.group(2) or "" if tail.group(1) else "") + text[part.end :]
    if len(node.parts) > 1:
        return text[:begin] + text[node.parts[1][1] :]
    after = _blank(text, part.end)
    after = after + 1 if text[after] == "," else part.end
    return text[:begin].rstrip() + text[after:].lstrip()


def _added(text: str, node: Node, key: str, value: object, depth: int) -> str:
    unit = _unit(text)
    entry = f"\n{unit * (depth + 1)}{key}{_written(value, unit, depth + 1)}"
    if node.parts:
        last = node.parts[-1][2].end
        tail = _tail(text, last)
        # A comment on the line of the last one stays on it.
        before, comma = (text[: tail.end()], ",") if tail.group(1) else (f"{text[:last]},{tail.group(2) or ''}", "")
        return before + entry + comma + text[tail.end() :]
    return f"{text[: node.end - 1].rstrip()}{entry}\n{unit * depth}{text[node.end - 1 :]}"


def _nested(path: tuple[str, ...], value: object) -> object:
    for key in reversed(path):
        value = {key: value}
    return value


def _written(value: object, unit: str, depth: int) -> str:
    return json.dumps(value, indent=unit, ensure_ascii=False).replace("\n", "\n" + unit * depth)


def _unit(text: str) -> str:
    """Return how the file is indented."""
    found = _INDENT.search(text)
    return found.group(1) if found else "  "


def _tail(text: str, at: int) -> re.Match[str]:
    found = _TAIL.match(text, at)
    assert found
    return found


def _blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _value(text: str, at: int) -> Node:
    sign = text[at : at + 1]
    if sign in ("{", "["):
        return _container(text, at, "}" if sign == "{" else "]")
    found = (_STRING if sign == '"' else _SCALAR).match(text, at)
    if found is None:
        raise _wrong(text, at, "a value")
    try:
        return Node(json.loads(found.group()), at, found.end())
    except ValueError:
        raise _wrong(text, at, "a value") from None


def _container(text: str, start: int, closing: str) -> Node:
    node = Node({} if closing == "}" else [], start, start)
    names: set[Key] = set()
    at = _blank(text, start + 1)
    while text[at : at + 1] != closing:
        begin, key = at, len(node.parts)
        if closing == "}":
            name = _STRING.match(text, at)
            if name is None:
                raise _wrong(text, at, "a name in quotes")
            key, at = json.loads(name.group()), _blank(text, name.end())
            if key in names:
                # Which of the two counts is for its reader to say.
                raise _wrong(text, begin, "a name that is not there yet")
            names.add(key)
            if text[at : at + 1] != ":":
                raise _wrong(text, at, "a colon")
            at = _blank(text, at + 1)
        part = _value(text, at)
        node.parts.append((key, begin, part))
        at = _blank(text, part.end)
        if text[at : at + 1] == ",":
            at = _blank(text, at + 1)
        elif text[at : at + 1] != closing:
            raise _wrong(text, at, f"a comma or {closing}")
    node.end = at + 1
    node.value = {key: part.value for key, _, part in node.parts} if closing == "}" else [part.value for _, _, part in node.parts]
    return node


def _wrong(text: str, at: int, wanted: str) -> Unfit:
    return Unfit(f"line {text.count(chr(10), 0, at) + 1}: {wanted} was expected, not {text[at : at + 20]!r}")
