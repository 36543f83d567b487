"""The plugins that are installed in agents which run JavaScript in place of commands.

A plugin is what all have in common, `common.js`, and the agent's own part. It calls the same hooks as other agents' commands do.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from onward.agents import handoff_command

FOLDER = Path(__file__).parent / "plugins"
COMMON = "common.js"
MARK = "// Onward's plugin. `onward install"
"""How every plugin of any Onward begins."""

_COMMAND = re.compile(r"^const COMMAND = (\[.*\]);$", re.MULTILINE)
_AGENT = re.compile(r"^const AGENT = .*$", re.MULTILINE)


def build_plugin(name: str, agent: str, program: tuple[str, ...]) -> str:
    """Return the text of the plugin *name* for *agent*, which calls *program*."""
    header = f"{MARK} {agent}` wrote it, and `onward install {agent} --uninstall` removes it.\n"
    text = "\n".join((FOLDER / part).read_text(encoding="utf-8") for part in (COMMON, name))
    command = f"const COMMAND = {json.dumps(program)};"
    return header + _AGENT.sub(lambda _: f"const AGENT = {json.dumps(agent)};", _COMMAND.sub(lambda _: command, text, count=1), count=1)


def is_our_plugin(text: str) -> bool:
    """Return whether a file is a plugin or a command of any Onward."""
    return text.startswith(MARK) or handoff_command.MARK in text


def find_program(text: str) -> str:
    """Return the program that a plugin calls; empty where it names none."""
    match = _COMMAND.search(text)
    words = json.loads(match[1]) if match else []
    return str(words[0]) if words else ""
