"""Editing JSON files with comments: everything else stays byte for byte, including comments and trailing commas.

Agents' settings are written by hand, and several agents allow comments. So a file is not parsed and serialized again; values are inserted
into its text or removed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from onward.message import Message

Key: TypeAlias = str | int

_BLANK = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_SCALAR = re.compile(r"[^\s,\]}/]+")
_TAIL = re.compile(r"([ \t]*,)?([ \t]*//[^\n]*)?")
"""What may follow a value on its line: a comma and a comment."""
_INDENT = re.compile(r"\n([ \t]+)\S")


class MergeError(ValueError):
    """The text is no JSON, or a value has another type than the change needs: `problem` says which."""

    def __init__(self, problem: Message) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(slots=True)
class Node:
    """A value in the text, from `start` to `end`. `parts` are the members of an object or the items of a list, each with its start (an
    object member's at its key).
    """

    value: Any
    start: int
    end: int
    parts: list[tuple[Key, int, Node]] = field(default_factory=list["tuple[Key, int, Node]"])

    def find(self, *path: Key) -> Node | None:
        """Return the value at *path* below this one, or None."""
        node: Node | None = self
        for key in path:
            node = next((part for name, _, part in node.parts if name == key), None) if node else None
        return node


def parse(text: str) -> Node:
    """Return the value of *text*; an empty text is an empty object. Raises `MergeError`, which names the line."""
    if not text.strip().strip("\ufeff"):
        return Node({}, len(text), len(text))
    begin = 1 if text.startswith("\ufeff") else 0
    try:
        node = _value(text, _skip_blank(text, begin))
    except RecursionError:
        raise MergeError(Message("it is nested too deeply")) from None
    if _skip_blank(text, node.end) != len(text):
        raise _syntax_error(text, _skip_blank(text, node.end), Message("the end of the file"))
    return node


def add_member(text: str, path: tuple[str, ...], value: object) -> str:
    """Return *text* with *value* as a new member at *path*. Missing objects around it are created. Raises `MergeError`."""
    root = parse(text)
    if root.start == root.end:
        return text + _dump(_nest(path, value), _indent_unit(text), 0) + "\n"
    node, depth = root, 0
    while (child := node.find(path[depth])) is not None:
        node, depth = child, depth + 1
    if not isinstance(node.value, dict):
        raise MergeError(Message("`{path}` is not an object", path=".".join(path[:depth]) or "."))
    return _insert(text, node, f"{json.dumps(path[depth])}: ", _nest(path[depth + 1 :], value), depth)


def add_item(text: str, path: tuple[str, ...], value: object) -> str:
    """Return *text* with *value* as the last item of the list at *path*, which is created if missing. Raises `MergeError`."""
    node = parse(text).find(*path)
    if node is None:
        return add_member(text, path, [value])
    if not isinstance(node.value, list):
        raise MergeError(Message("`{path}` is not a list", path=".".join(path)))
    return _insert(text, node, "", value, len(path))


def remove_value(text: str, path: tuple[Key, ...]) -> str:
    """Return *text* without the value at *path*, and without the list or objects around it that become empty. Raises `MergeError`."""
    node = parse(text).find(*path[:-1])
    if node is None:
        return text
    if len(node.parts) == 1 and len(path) > 1:
        return remove_value(text, path[:-1])
    index = next((i for i, (key, _, _) in enumerate(node.parts) if key == path[-1]), None)
    if index is None:
        return text
    _, start, part = node.parts[index]
    if index > 0:
        previous_end = node.parts[index - 1][2].end
        tail, part_tail = _tail(text, previous_end), _tail(text, part.end)
        if part_tail.group(1) and tail.group(1):
            return text[: tail.end()] + text[part_tail.end(1) :]
        return text[:previous_end] + (tail.group(2) or "" if tail.group(1) else "") + text[part.end :]
    if len(node.parts) > 1:
        return text[:start] + text[node.parts[1][1] :]
    end = _skip_blank(text, part.end)
    end = end + 1 if text[end] == "," else part.end
    return text[:start].rstrip() + text[end:].lstrip()


def _insert(text: str, node: Node, key: str, value: object, depth: int) -> str:
    unit = _indent_unit(text)
    entry = f"\n{unit * (depth + 1)}{key}{_dump(value, unit, depth + 1)}"
    if node.parts:
        last = node.parts[-1][2].end
        tail = _tail(text, last)
        # A comment stays on the line of the last member.
        before, comma = (text[: tail.end()], ",") if tail.group(1) else (f"{text[:last]},{tail.group(2) or ''}", "")
        return before + entry + comma + text[tail.end() :]
    return f"{text[: node.end - 1].rstrip()}{entry}\n{unit * depth}{text[node.end - 1 :]}"


def _nest(path: tuple[str, ...], value: object) -> object:
    for key in reversed(path):
        value = {key: value}
    return value


def _dump(value: object, unit: str, depth: int) -> str:
    return json.dumps(value, indent=unit, ensure_ascii=False).replace("\n", "\n" + unit * depth)


def _indent_unit(text: str) -> str:
    """Return the indentation of the file."""
    match = _INDENT.search(text)
    return match.group(1) if match else "  "


def _tail(text: str, position: int) -> re.Match[str]:
    match = _TAIL.match(text, position)
    assert match
    return match


def _skip_blank(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position


def _value(text: str, position: int) -> Node:
    sign = text[position : position + 1]
    if sign in ("{", "["):
        return _container(text, position, "}" if sign == "{" else "]")
    match = (_STRING if sign == '"' else _SCALAR).match(text, position)
    if match is None:
        raise _syntax_error(text, position, Message("a value"))
    try:
        return Node(json.loads(match.group()), position, match.end())
    except ValueError:
        raise _syntax_error(text, position, Message("a value")) from None


def _container(text: str, start: int, closing: str) -> Node:
    node = Node({} if closing == "}" else [], start, start)
    names: set[Key] = set()
    position = _skip_blank(text, start + 1)
    while text[position : position + 1] != closing:
        begin, key = position, len(node.parts)
        if closing == "}":
            name = _STRING.match(text, position)
            if name is None:
                raise _syntax_error(text, position, Message("a name in quotes"))
            key, position = json.loads(name.group()), _skip_blank(text, name.end())
            if key in names:
                # Programs differ in which of two equal names counts.
                raise _syntax_error(text, begin, Message("a name that is not used yet"))
            names.add(key)
            if text[position : position + 1] != ":":
                raise _syntax_error(text, position, Message("a colon"))
            position = _skip_blank(text, position + 1)
        part = _value(text, position)
        node.parts.append((key, begin, part))
        position = _skip_blank(text, part.end)
        if text[position : position + 1] == ",":
            position = _skip_blank(text, position + 1)
        elif text[position : position + 1] != closing:
            raise _syntax_error(text, position, Message("a comma or {closing}", closing=closing))
    node.end = position + 1
    node.value = {key: part.value for key, _, part in node.parts} if closing == "}" else [part.value for _, _, part in node.parts]
    return node


def _syntax_error(text: str, position: int, expected: Message) -> MergeError:
    line = text.count("\n", 0, position) + 1
    actual = repr(text[position : position + 20])
    return MergeError(Message("line {line}: expected {expected}, found {found}", line=line, expected=expected, found=actual))
