"""What Codex did in code mode: the model calls `exec` with JavaScript, and the commands, file changes and tool calls of the script are in
`item_completed` events. Without those events, the calls are read from the script itself.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from urllib.parse import unquote

import orjson

from onward.core.transcript.transcript import ToolCall, ToolResult
from onward.formats.blocks import content_text
from onward.formats.fields import as_list, as_object, as_text

SKIPPED_EVENTS = {
    "task_started": "edge of a turn",
    "task_complete": "edge of a turn",
    "turn_aborted": "edge of a turn",
    "item_started": "edge of an item",
    "context_compacted": "notice of a compaction",
    "thread_settings_applied": "turn settings",
    "thread_name_updated": "title",
    "error": "notice",
    "warning": "notice",
    "stream_error": "notice",
    "background_event": "notice",
    "exec_command_begin": "edge of an item",
    "mcp_tool_call_begin": "edge of an item",
    "patch_apply_begin": "edge of an item",
    "web_search_begin": "edge of an item",
    "view_image_tool_call": "event that repeats an item",
    "user_message_delta": "event that repeats a message",
    "entered_review_mode": "mode",
    "exited_review_mode": "mode",
    "plan_update": "event that repeats an item",
    "turn_diff": "event that repeats an item",
}
SKIPPED_ITEMS = {"ghost_snapshot": "snapshot of the files", "compaction": "encrypted compaction", "additional_tools": "list of tools"}
SKIPPED_RECORDS = {
    "world_state": "state",
    "token_usage_record": "usage that token counts repeat",
    "inter_agent_communication_metadata": "data of a message between agents",
    "inter_agent_communication": "data of a message between agents",
}
"""Why events, items and records that are no part of the conversation are skipped."""
ITEM_KINDS = frozenset(
    "UserMessage AgentMessage Reasoning Plan ContextCompaction SubAgentActivity ImageView EnteredReviewMode ExitedReviewMode".split()
)
"""Items that other records contain too."""
_EXIT_WORDS = ("exited with code ", "Exit code: ")
_SHELL_FLAGS = frozenset({"-lc", "-c", "-Command"})
_PATCH_WORDS = {"add": "Add", "update": "Update", "delete": "Delete"}
_LITERAL = r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`"""
_BARE_QUOTE = re.compile(r'(?<!\\)"')
_SCRIPT_COMMAND = re.compile(
    rf"tools\.(?:exec_command|shell\w*)\(\s*\{{[^()]*?\b[\"']?(?:cmd|command)[\"']?\s*:\s*(?P<literal>{_LITERAL})", re.S
)
_SCRIPT_PATCH = re.compile(rf"tools\.apply_patch\(\s*(?P<literal>{_LITERAL})", re.S)
FAILURES = (
    "execution error: ",
    "exec_command failed",
    "write_stdin failed",
    "failed to parse function arguments",
    "apply_patch verification failed",
    "unsupported call: ",
    "aborted by user",
    "rejected by user",
    "exec command rejected",
)
"""How the client's own answers to a call begin that did not run."""


class ItemStep(NamedTuple):
    """One thing that was done: the call, and its result."""

    call: ToolCall
    result: ToolResult


def parse_item(item: dict[str, Any]) -> ItemStep | None:
    """Return what an item of an `item_completed` event did; None for messages, reasoning and other items that are elsewhere, too."""
    kind, item_id = as_text(item.get("type")), as_text(item.get("id"))
    if kind == "CommandExecution":
        return _command(item, item_id)
    if kind == "FileChange":
        return _file_change(item, item_id)
    if kind == "McpToolCall":
        return _mcp_call(item, item_id)
    if kind == "WebSearch":
        call = ToolCall(item_id, "web_search", {"query": as_text(item.get("query"))})
        return ItemStep(call, ToolResult(item_id, ""))
    return None


def parse_script(script: str, call_id: str) -> list[ToolCall]:
    """Return the commands and patches that a script asks for in plain literals, under ids made from that of its call."""
    calls: list[ToolCall] = []
    for pattern, name in ((_SCRIPT_PATCH, "apply_patch"), (_SCRIPT_COMMAND, "exec_command")):
        for match in pattern.finditer(script):
            text = _unquote(match["literal"])
            calls.append(ToolCall(f"{call_id}:{len(calls) + 1}", name, text if name == "apply_patch" else {"command": text}))
    return calls


def find_header_code(text: str) -> int | None:
    """Return the exit code in Codex' lines before a command's output."""
    header = text[:400].partition("Output:\n")[0]
    for words in _EXIT_WORDS:
        position = header.find(words)
        if position >= 0:
            digits = header[position + len(words) : position + len(words) + 6].split("\n", 1)[0].strip()
            return int(digits) if digits.lstrip("-").isdecimal() and digits.isascii() else None
    return None


def _command(item: dict[str, Any], item_id: str) -> ItemStep:
    command = item.get("command")
    parts = [part for part in as_list(command) if isinstance(part, str)]
    text = parts[2] if len(parts) == 3 and parts[1] in _SHELL_FLAGS else " ".join(parts) or as_text(command)
    arguments: dict[str, object] = {"command": text}
    if folder := as_text(item.get("cwd")):
        arguments["workdir"] = unquote(folder.removeprefix("file://"))
    code = item.get("exit_code")
    code = code if type(code) is int else None
    is_error = code != 0 if code is not None else _is_failed(item)
    output = as_text(item.get("aggregated_output")) or "\n".join(filter(None, (as_text(item.get("stdout")), as_text(item.get("stderr")))))
    return ItemStep(ToolCall(item_id, "exec_command", arguments), ToolResult(item_id, output, is_error, code))


def _file_change(item: dict[str, Any], item_id: str) -> ItemStep:
    """Return a file change as the patch that it was."""
    lines = ["*** Begin Patch"]
    for path, entry in as_object(item.get("changes")).items():
        change = as_object(entry)
        kind = as_text(change.get("type"))
        lines.append(f"*** {_PATCH_WORDS.get(kind, 'Update')} File: {path}")
        if new_path := as_text(change.get("move_path")):
            lines.append(f"*** Move to: {new_path}")
        if kind == "add":
            lines += [f"+{line}" for line in as_text(change.get("content")).splitlines()]
        elif difference := as_text(change.get("unified_diff")):
            lines.append(difference.rstrip("\n"))
    lines.append("*** End Patch")
    text = "\n".join(filter(None, (as_text(item.get("stdout")).rstrip(), as_text(item.get("stderr")).rstrip())))
    return ItemStep(ToolCall(item_id, "apply_patch", "\n".join(lines)), ToolResult(item_id, text, _is_failed(item)))


def _mcp_call(item: dict[str, Any], item_id: str) -> ItemStep:
    name = f"mcp__{as_text(item.get('server'))}__{as_text(item.get('tool'))}"
    arguments = item.get("arguments")
    call = ToolCall(item_id, name, arguments if isinstance(arguments, dict) else as_text(arguments))
    result, error = as_object(item.get("result")), as_object(item.get("error"))
    text = content_text(result.get("content")) or as_text(error.get("message")) or as_text(item.get("error"))
    is_error = _is_failed(item) or result.get("isError") is True or result.get("is_error") is True
    return ItemStep(call, ToolResult(item_id, text, is_error))


def _is_failed(item: dict[str, Any]) -> bool | None:
    status = as_text(item.get("status"))
    return status in {"failed", "declined", "error"} if status else None


def _unquote(literal: str) -> str:
    """Return the text of a JavaScript literal."""
    quote, body = literal[0], literal[1:-1]
    if quote != '"':
        body = _BARE_QUOTE.sub(r"\"", body.replace(f"\\{quote}", quote)).replace("\n", "\\n").replace("\t", "\\t")
    try:
        return as_text(orjson.loads(f'"{body}"'))
    except orjson.JSONDecodeError:
        return literal[1:-1]


def parent_thread(meta: dict[str, Any]) -> str:
    """Return the id of the session that started this sub-agent; empty for a session of its own."""
    source = as_object(as_object(meta.get("source")).get("subagent"))
    spawn = as_object(source.get("thread_spawn"))
    is_sub_agent = bool(source) or meta.get("thread_source") == "subagent"
    return as_text(meta.get("parent_thread_id")) or as_text(spawn.get("parent_thread_id")) if is_sub_agent else ""
