"""Adding and removing the MCP server's table in a TOML file as text: everything else stays byte for byte, including comments."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

from onward.agents.jsonc import MergeError
from onward.message import Message

_TABLE = re.compile(r"^[ \t]*\[")


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
    output: list[str] = []
    pending: list[str] = []
    is_in_server = False
    for line in text.splitlines(keepends=True):
        if _TABLE.match(line):
            was_in_server, is_in_server = is_in_server, header.match(line) is not None
            if is_in_server and not was_in_server and output and not output[-1].strip():
                # The blank line before the table was added with it.
                output.pop()
            output += [] if is_in_server else pending
            pending = []
        if not is_in_server:
            output.append(line)
        elif line.strip() and not line.lstrip().startswith("#"):
            pending = []
        else:
            # Comments before the next table belong to that table.
            pending.append(line)
    after = "".join(output)
    if read_server(after, path) is not None:
        raise MergeError(Message("`{path}` is written in a form that cannot be removed automatically", path=".".join(path)))
    return after


def _parse(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except ValueError as error:
        raise MergeError(Message("it is not valid TOML: {problem}", problem=error)) from None


def _to_toml(value: object) -> str:
    """Return a text, or a list of texts, as TOML, which is the same as its JSON."""
    return json.dumps(value, ensure_ascii=False)
