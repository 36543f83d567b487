"""One message in the content blocks of any model API, and the turns that it is: the results of calls, and its text with calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

import orjson

from onward.core.transcript.transcript import ImportReport, Role, ToolCall, ToolResult, Turn
from onward.formats.blocks import content_text, parse_arguments
from onward.formats.envelopes import extract_typed
from onward.formats.fields import as_object, as_text

ReadResult: TypeAlias = Callable[[dict[str, Any]], ToolResult]

_THOUGHTS = frozenset({"thinking", "reasoning", "thought", "think"})
_CALLS = frozenset({"tool_use", "tool-call", "toolCall", "tool_call"})
_RESULTS = frozenset({"tool_result", "tool-result", "toolResult"})
_EMPTY_BLOCKS = frozenset({"text", "input_text", "output_text", "redacted_thinking", "encrypted_content"})
"""Blocks that hold nothing for a reader where they have no text."""
_FAILED_OUTPUTS = frozenset({"error-text", "error-json", "execution-denied"})


@dataclass(slots=True)
class MessageContent:
    """The content of one message, each kind in its order."""

    texts: list[str] = field(default_factory=list[str])
    thoughts: list[str] = field(default_factory=list[str])
    calls: list[ToolCall] = field(default_factory=list[ToolCall])
    results: list[ToolResult] = field(default_factory=list[ToolResult])

    def turns(self, role: Role) -> list[Turn]:
        """Return the turns of the message: its results before the words of a person, and after those of an agent."""
        results = [Turn(role="tool", results=tuple(self.results))] if self.results else []
        if role == "tool":
            return results
        if role == "user":
            text, mark = extract_typed(self.texts)
            return [*results, Turn(role="user", text=text, mark=mark)] if text else results
        turn = Turn(role=role, text="\n\n".join(filter(None, map(str.strip, self.texts))), calls=tuple(self.calls))
        turn.thinking = "\n\n".join(self.thoughts)
        turn.mark = "injected" if role == "system" else "said"
        return [turn, *results] if turn.text or turn.calls or turn.thinking else results


def read_content(content: object, report: ImportReport, read_result: ReadResult | None = None) -> MessageContent:
    """Return the content of a message: text, one block, or a list of blocks. *read_result* reads the blocks of results in an agent's own
    form; blocks of unknown types are counted in *report*.
    """
    message = MessageContent()
    read_result = read_result or parse_tool_result
    for block in content if isinstance(content, list) else [content]:
        fields = as_object(block)
        kind = as_text(fields.get("type"))
        if kind in _THOUGHTS:
            thought = as_text(fields.get("thinking")) or as_text(fields.get("think")) or as_text(fields.get("text"))
            message.thoughts += [thought] if thought else []
        elif kind in _CALLS:
            message.calls.append(parse_tool_call(fields))
        elif kind in _RESULTS:
            message.results.append(read_result(fields))
        elif text := content_text(block):
            message.texts.append(text)
        elif kind and kind not in _EMPTY_BLOCKS:
            report.meet_unknown_part(kind)
    return message


def parse_tool_call(block: dict[str, Any]) -> ToolCall:
    """Return the call in a block, under the names of any API; OpenAI has the name in `function`."""
    fields = as_object(block.get("function")) or block
    arguments = next((fields[key] for key in ("input", "arguments", "args") if fields.get(key) is not None), "")
    call_id = as_text(block.get("id")) or as_text(block.get("toolCallId")) or as_text(block.get("toolUseId"))
    return ToolCall(call_id, as_text(fields.get("name")) or as_text(fields.get("toolName")), parse_arguments(arguments))


def parse_tool_result(block: dict[str, Any]) -> ToolResult:
    """Return the result in a block: its `content`, or the AI SDK's `output` of a type and a value."""
    call_id = next((text for key in ("tool_use_id", "toolUseID", "toolUseId", "toolCallId") if (text := as_text(block.get(key)))), "")
    is_error = block.get("is_error", block.get("isError"))
    output = block.get("output")
    if isinstance(output, dict) and "value" in output:
        is_error = as_text(output.get("type")) in _FAILED_OUTPUTS
        output = output["value"]
    return ToolResult(call_id, result_text(block.get("content", output)), is_error if isinstance(is_error, bool) else None)


def result_text(value: object) -> str:
    """Return the text of a result of any shape; an object without text or output as JSON."""
    text = content_text(value) or as_text(as_object(value).get("output"))
    return text if text or value is None or value == [] or isinstance(value, str | bool) else orjson.dumps(value).decode()


def place_turns(turns: Iterable[Turn], message_id: str, at: datetime | None, line: int, *, sidechain: str | None = None) -> Iterator[Turn]:
    """Yield the turns of one message with their ids, time, line and sub-agent."""
    for index, turn in enumerate(turns):
        turn.id = (f"{message_id}:{index}" if index else message_id) if message_id else None
        turn.at, turn.line, turn.sidechain = turn.at or at, line, sidechain
        yield turn
