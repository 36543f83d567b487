"""What Antigravity's pages show of a call: one line in italics, which names what the agent did and perhaps a file, a query or a command."""

from __future__ import annotations

import re
from urllib.parse import unquote

from onward.core.transcript.transcript import ToolCall, ToolResult

_ACTS = (
    ("Viewed content chunk", "view_content_chunk", ""),
    (r"(?:Viewed|Analyzed) (?=\[)", "view_file", "path"),
    (r"Edited (?:relevant file|(?=\[))", "edit_file", "path"),
    (r"Listed directory (?=\[)", "list_dir", "path"),
    ("Listed resources from ", "list_resources", "server"),
    ("Grep searched codebase", "grep_search", ""),
    ("Searched filesystem", "find_by_name", ""),
    ("Searched web for ", "search_web", "query"),
    ("Read terminal output(?:: )?", "read_terminal", "name"),
    ("Read URL content from ", "read_url_content", "url"),
    ("Read resource from ", "read_resource", "uri"),
    ("Checked command status", "command_status", ""),
    ("Updated todo list", "update_todo_list", ""),
    ("Running MCP tool", "mcp_tool", ""),
)
"""How an act begins, the tool behind it, and what the rest of the line is."""
_COMMAND = re.compile(r"\*User (accepted|rejected) the command `(.*)`\*$", re.S)
ACT = rf"\*(?:User (?:accepted|rejected) the command `.*|(?:{'|'.join(beginning for beginning, _, _ in _ACTS)}).*\*)"
"""The line of an act. A command goes on below until a line ends it."""
_LINK = re.compile(r"\[.*\]\((.+)\)$")
_FILE = re.compile(r"file://(?:/(?=[A-Za-z]:))?")
_REJECTED = "The user rejected the command."


def is_open(act: str) -> bool:
    """Whether the command of an act goes on in the next line."""
    return act.startswith("*User ") and not act.endswith("`*")


def parse_act(act: str, line: int) -> tuple[ToolCall, ToolResult]:
    """Return the call that an act shows, and its result, whose text the page leaves out."""
    call_id = f"line-{line}"
    if command := _COMMAND.match(act):
        is_rejected = command[1] == "rejected"
        result = ToolResult(call_id, _REJECTED if is_rejected else "", True if is_rejected else None)
        return ToolCall(call_id, "run_command", {"command": command[2]}), result
    words = act.strip("* ")
    for beginning, name, key in _ACTS:
        if match := re.match(beginning, words):
            return ToolCall(call_id, name, _arguments(key, words[match.end() :].strip())), ToolResult(call_id, "")
    return ToolCall(call_id, "run_command", {"command": words.partition("`")[2]}), ToolResult(call_id, "")


def _arguments(key: str, target: str) -> dict[str, object]:
    """Return what an act names: a file by its path."""
    link = _LINK.match(target)
    address = link[1] if link else target
    if path := _FILE.match(address):
        return {"path": unquote(address[path.end() :])}
    return {key: address} if key and address else {}
