"""The command `/handoff` of agents that read commands from files: it has the running agent write its handoff."""

from __future__ import annotations

import json
from pathlib import Path

MARK = "Onward's command. `onward install"
"""Text that every command file written by Onward contains."""

_DESCRIPTION = "Write the handoff of this session for whoever continues the work"
STEPS = """\
Write the handoff of this session with Onward's MCP tools.

1. Call complete_session.
2. Call write_handoff. `goal` and `state`: one sentence each. `do_first`: one step that is not done and can be started as it is.
   `lines`: rules in the person's words, open work, decisions with their reason, finished work with its result, what did not work, errors
   and their fixes, where things are, commands, and what was learned. Give each line a `proof`: a few words copied from this session.
   `unsaid`: at most five things that nobody wrote down, such as reasons, doubts, and what is still running.
3. The answer names lines that were refused and things that are missing. Send only those again, at most twice.
4. Tell the person where the work stands and what to do first.
"""
"""What the agent is asked."""


def build_command(agent: str, path: Path) -> str:
    """Return the text of the command file at *path* for *agent*: TOML, or Markdown, as a skill where the file is one."""
    mark = f"{MARK} {agent}` wrote it, and `onward install {agent} --uninstall` removes it."
    if path.suffix == ".toml":
        return f"# {mark}\ndescription = {json.dumps(_DESCRIPTION)}\nprompt = '''\n{STEPS}'''\n"
    name = f"name: {path.parent.name}\n" if path.name == "SKILL.md" else ""
    return f"---\n{name}description: {_DESCRIPTION}\n---\n\n<!-- {mark} -->\n\n{STEPS}"
