"""Content blocks of the model APIs (`text`, `thinking`, `tool_use`, `tool_result`, `image`), and exit codes in tool output."""

from __future__ import annotations

import orjson

from onward.core.transcript.transcript import ToolCall, ToolResult, Usage
from onward.formats.fields import as_list, as_text

_MEDIA_LABELS = {"image": "[image]", "image_url": "[image]", "input_image": "[image]", "document": "[document]", "file": "[file]"}


def content_text(content: object) -> str:
    """Return the text of *content*, which is text, one block, or a list of blocks; images and documents are named in brackets."""
    if isinstance(content, str):
        return content
    if isinstance(content, dict):
        return _MEDIA_LABELS.get(as_text(content.get("type"))) or as_text(content.get("text")) or as_text(content.get("content"))
    return "\n".join(filter(None, map(content_text, as_list(content))))


def parse_call(block: dict[str, object]) -> ToolCall:
    """The call in a `tool_use` block, also where its arguments are named `arguments`."""
    arguments = block.get("input") if "input" in block else block.get("arguments")
    return ToolCall(as_text(block.get("id")), as_text(block.get("name")), parse_arguments(arguments))


def parse_result(block: dict[str, object], text: str | None = None) -> ToolResult:
    """Return the result in a `tool_result` block; *text* replaces its content."""
    is_error = block.get("is_error")
    result_text = content_text(block.get("content")) if text is None else text
    return ToolResult(as_text(block.get("tool_use_id")), result_text, is_error if isinstance(is_error, bool) else None)


def parse_arguments(value: object) -> dict[str, object] | str:
    """Return the arguments of a call: an object as it is, JSON text parsed, anything else as text."""
    if isinstance(value, dict):
        return value
    if isinstance(value, str) and value.startswith("{"):
        try:
            parsed_value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
        return parsed_value if isinstance(parsed_value, dict) else value
    return as_text(value)


def build_usage(input_tokens: int, output_tokens: int, cache_read_tokens: int = 0, cache_write_tokens: int = 0) -> Usage | None:
    """Return the usage of an answer, or None."""
    if input_tokens or output_tokens or cache_read_tokens or cache_write_tokens:
        return Usage(
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cache_read_tokens=cache_read_tokens,
            cache_write_tokens=cache_write_tokens,
        )
    return None


def find_exit_code(label: str, text: str) -> int | None:
    """Return the number after the last *words* in *text*, or None."""
    start = text.rfind(label)
    if start < 0:
        return None
    tail = text[start + len(label) : start + len(label) + 12].lstrip()
    sign = -1 if tail.startswith("-") else 1
    digits = ""
    for character in tail[sign < 0 :]:
        if character not in "0123456789":
            break
        digits += character
    return sign * int(digits) if digits else None
