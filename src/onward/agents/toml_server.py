"""Adding and removing the MCP server's table, and removing approvals, in a TOML file as text: everything else stays byte for byte,
including comments.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from typing import Any

from onward.agents.jsonc import MergeError
from onward.message import Message

_TABLE = re.compile(r"^[ \t]*\[")
_APPROVAL = re.compile(r"""^[ \t]*\[[ \t]*"?hooks"?[ \t]*\.[ \t]*"?state"?[ \t]*\.""")


def read_server(text: str, path: tuple[str, ...]) -> object:
    """Return the table at *path*; None if there is none. Raises `MergeError`."""
    value: Any = _parse(text)
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def add_server(text: str, path: tuple[str, ...], value: dict[str, object]) -> str:
    """Return *text* with the new table *value* at *path*. Raises `MergeError`."""
    lines = [f"[{'.'.join(path)}]", *(f"{key} = {_to_toml(setting)}" for key, setting in value.items())]
    before = text if not text or text.endswith("\n") else text + "\n"
    after = before + ("\n" if before else "") + "\n".join(lines) + "\n"
    expected = _parse(text)
    table = expected
    for key in path[:-1]:
        table = table.setdefault(key, {})
    table[path[-1]] = value
    if _parse(after) != expected:
        raise MergeError(Message("`{path}` cannot be added at its end", path=".".join(path)))
    return after


def remove_server(text: str, path: tuple[str, ...]) -> str:
    """Return *text* without the table at *path* and the tables below it. Raises `MergeError`."""
    header = re.compile(r"^[ \t]*\[[ \t]*" + r"[ \t]*\.[ \t]*".join(rf'"?{re.escape(key)}"?' for key in path) + r"[ \t]*(\]|\.)")
    after = _remove_tables(text, lambda line: header.match(line) is not None)
    if read_server(after, path) is not None:
        raise MergeError(Message("`{path}` is written in a form that cannot be removed automatically", path=".".join(path)))
    return after


def remove_approvals(text: str, is_ours: Callable[[str], bool]) -> str:
    """Return *text* without the tables `hooks.state.KEY` in which Codex stores what a person approved, for the keys that *is_ours* accepts;
    also without tables around them that become empty. Raises `MergeError`.
    """
    if not any(is_ours(key) for key in _approvals(text)):
        return text

    def is_removed(line: str) -> bool:
        match = _APPROVAL.match(line)
        return match is not None and any(is_ours(key) for key in _approvals(f"{line}\n"))

    after = _remove_tables(text, is_removed)
    for path in (("hooks", "state"), ("hooks",)):
        if read_server(after, path) == {}:
            after = _remove_tables(after, f"[{'.'.join(path)}]".__eq__)
    return after


def _approvals(text: str) -> dict[str, Any]:
    states = read_server(text, ("hooks", "state"))
    return states if isinstance(states, dict) else {}


def _remove_tables(text: str, is_removed: Callable[[str], bool]) -> str:
    """Return *text* without the tables whose header, a line without the blanks around it, *is_removed* accepts."""
    output: list[str] = []
    pending: list[str] = []
    is_inside = False
    for line in text.splitlines(keepends=True):
        if _TABLE.match(line):
            was_inside, is_inside = is_inside, is_removed(line.strip())
            if is_inside and not was_inside and output and not output[-1].strip():
                # The blank line before the table was added with it.
                output.pop()
            output += [] if is_inside else pending
            pending = []
        if not is_inside:
            output.append(line)
        elif line.strip() and not line.lstrip().startswith("#"):
            pending = []
        else:
            # Comments before the next table belong to that table.
            pending.append(line)
    return "".join(output)


def _parse(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise MergeError(Message("it is not valid TOML: {problem}", problem=error)) from None


def _to_toml(value: object) -> str:
    """Return a text, or a list of texts, as TOML, which is the same as its JSON."""
    return json.dumps(value, ensure_ascii=False)
