"""The page of Markdown that Cline, Roo Code and Kilo Code export of a task, as the messages of its history.

Messages are below `**User:**` and `**Assistant:**`, separated by rules. A call is `[Tool Use: name]` with one argument a line; its result
is `[Tool]` in the user's next message, without an id.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import orjson

from onward.formats.source import TranscriptSource

_SPEAKERS = {"**User:**": "user", "**Assistant:**": "assistant"}
_SIGNS = (b"<task>", b"<user_message>", b"<environment_details>", b"[Tool Use: ")
_CALL = re.compile(r"\[Tool Use: ([\w.-]+)\]$")
_RESULT = re.compile(r"\[Tool( \(Error\))?\]$")
_NEW_TEXT = ("<environment_details>", "<user_message>", "<task>", "<feedback>")
"""What the client adds behind a result, each in a block of its own."""
_ARGUMENT = re.compile(
    r"(Path|Content|Diff|Command|Cwd|Regex|File_pattern|Recursive|Question|Follow_up|Result|Mode|Mode_slug|Reason|Message|Todos|Args|Files|"
    r"Offset|Limit|Indentation|Server_name|Tool_name|Arguments|Uri|Url|Action|Coordinate|Text|Start_line|End_line|Line|Operation|Search|"
    r"Replace|Requires_approval|Timeout|Task_progress|Query|Prompt|Image|Skill|Description|Options|Response|Old_string|New_string|"
    r"File_path|Patch): ?(.*)$"
)


class PageMessage(NamedTuple):
    """A message of the page as the history has it, and the line on which it begins."""

    message: dict[str, Any]
    line: int


def detect_page(head: bytes) -> bool:
    """Whether *head* begins a page with the marks of these clients; any chat may have its speakers in bold."""
    start = head.translate(None, b"\0\r").lstrip()
    return start.startswith(b"**User:**\n") and b"\n**Assistant:**\n" in start and any(sign in start for sign in _SIGNS)


def read_page(source: TranscriptSource) -> list[PageMessage]:
    """Return the messages of a page."""
    messages: list[PageMessage] = []
    lines: list[str] = []
    call_ids: list[str] = []
    speaker, first_line, is_below_rule = "", 1, True
    for number, line in source.text_lines():
        if is_below_rule and line in _SPEAKERS:
            _add_message(messages, speaker, lines, first_line, call_ids)
            speaker, lines, first_line = _SPEAKERS[line], [], number
        else:
            lines.append(line)
        is_below_rule = line == "---" if line.strip() else is_below_rule
    _add_message(messages, speaker, lines, first_line, call_ids)
    return messages


def _add_message(messages: list[PageMessage], speaker: str, lines: list[str], first_line: int, call_ids: list[str]) -> None:
    """Add the message of *lines*. *call_ids* are the calls of the last answer without a result, in order."""
    if not speaker:
        return
    blocks: list[dict[str, Any]] = []
    texts: list[list[str]] = []
    if speaker == "assistant":
        call_ids.clear()
    for line in "\n".join(lines).rstrip("\n -").split("\n"):
        if speaker == "assistant" and (call := _CALL.match(line)):
            call_ids.append(f"{first_line}:{len(blocks)}")
            blocks.append({"type": "tool_use", "id": call_ids[-1], "name": call[1]})
            texts.append([])
        elif speaker == "user" and (result := _RESULT.match(line)):
            call_id = call_ids.pop(0) if call_ids else ""
            blocks.append({"type": "tool_result", "tool_use_id": call_id, "is_error": True if result[1] else None})
            texts.append([])
        elif not blocks or (speaker == "user" and line.startswith(_NEW_TEXT)):
            blocks.append({"type": "text"})
            texts.append([line])
        else:
            texts[-1].append(line)
    for block, block_lines in zip(blocks, texts, strict=True):
        text = "\n".join(block_lines).strip("\n")
        block.update({"input": _arguments(text)} if block["type"] == "tool_use" else {"content": text, "text": text})
    messages.append(PageMessage({"role": speaker, "content": blocks}, first_line))


def _arguments(text: str) -> dict[str, object]:
    """Return the arguments of a call: each begins with its name, once, and may go on over lines."""
    values: dict[str, str] = {}
    name = ""
    for line in text.split("\n"):
        match = _ARGUMENT.match(line)
        if match and match[1].lower() not in values:
            name = match[1].lower()
            values[name] = match[2]
        elif name:
            values[name] += f"\n{line}"
    return {key: _value(value.strip("\n")) for key, value in values.items()}


def _value(text: str) -> object:
    if not text.startswith(('{"', "{\n", '[{"', "[\n", '["')):
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
