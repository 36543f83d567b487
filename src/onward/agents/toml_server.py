"""The MCP server's table in a TOML file, put in and taken out as text: everything else stays to the byte, comments too."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

from onward.agents.jsonc import Unfit

_TABLE = re.compile(r"^[ \t]*\[")


def server_in(text: str, path: tuple[str, ...]) -> object:
    """Return the table at *path*; None where there is none. Raises `Unfit`."""
    value: Any = _read(text)
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def with_server(text: str, path: tuple[str, ...], value: dict[str, object]) -> str:
    """Return *text* with the table *value* at *path*, which is not there yet. Raises `Unfit`."""
    lines = [f"[{'.'.join(path)}]", *(f"{key} = {_written(one)}" for key, one in value.items())]
    before = text if not text or text.endswith("\n") else text + "\n"
    after = before + ("\n" if before else "") + "\n".join(lines) + "\n"
    expected = _read(text)
    at = expected
    for key in path[:-1]:
        at = at.setdefault(key, {})
    at[path[-1]] = value
    if _read(after) != expected:
        raise Unfit(f"`{'.'.join(path)}` cannot be put at its end")
    return after


def without_server(text: str, path: tuple[str, ...]) -> str:
    """Return *text* without the table at *path*, nor those below it. Raises `Unfit`."""
    header = re.compile(r"^[ \t]*\[[ \t]*" + r"[ \t]*\.[ \t]*".join(rf'"?{re.escape(key)}"?' for key in path) + r"[ \t]*(\]|\.)")
    kept: list[str] = []
    waiting: list[str] = []
    is_ours = False
    for line in text.splitlines(keepends=True):
        if _TABLE.match(line):
            was_ours, is_ours = is_ours, header.match(line) is not None
            if is_ours and not was_ours and kept and not kept[-1].strip():
                # The blank line that came with it.
                kept.pop()
            kept += [] if is_ours else waiting
            waiting = []
        if not is_ours:
            kept.append(line)
        elif line.strip() and not line.lstrip().startswith("#"):
            waiting = []
        else:
            # What stands before the next table is that one's.
            waiting.append(line)
    after = "".join(kept)
    if server_in(after, path) is not None:
        raise Unfit(f"`{'.'.join(path)}` is written in a way that only a person can take out")
    return after


def _read(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except ValueError as error:
        raise Unfit(str(error)) from None


def _written(value: object) -> str:
    """Return a text, or a list of texts, as TOML: their JSON is that too."""
    return json.dumps(value, ensure_ascii=False)
