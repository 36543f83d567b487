"""The token cost of a turn, and the light form of a turn that facts are extracted from."""

from __future__ import annotations

from dataclasses import replace

from onward.core.transcript.frames import read_summary, unframe
from onward.core.transcript.pastes import quoted_error, strip_pastes
from onward.core.transcript.transcript import ToolCall, ToolResult, Turn

_RESULT_HEAD, _RESULT_TAIL = 1_000, 3_000
"""The characters at either end of a long tool result that are kept."""


def lighten(turn: Turn) -> Turn:
    """Return *turn* without thinking and without the middle of long tool results; of a person's message only their own
    words, without frames and pastes. A light turn is returned unchanged.
    """
    if turn.role == "user" and turn.text and turn.mark in ("said", "queued"):
        turn = unframe_turn(turn)
        words = strip_pastes(turn.text) if turn.mark != "injected" else turn.text
        turn = turn if words == turn.text else replace(turn, text=words, error=quoted_error(turn.text))
    long_results = [r for r in turn.results if len(r.text) > _RESULT_HEAD + _RESULT_TAIL]
    if not turn.thinking and not long_results:
        return turn
    return replace(turn, thinking="", results=tuple(map(_shorten_result, turn.results)) if long_results else turn.results)


def unframe_turn(turn: Turn) -> Turn:
    """Return a person's turn with their own words alone, as the body of a summary, or marked as injected; any other turn unchanged."""
    if turn.role != "user" or turn.mark == "injected" or not turn.text:
        return turn
    if turn.mark == "summary":
        body = read_summary(turn.text)
        return turn if body == turn.text else replace(turn, text=body) if body else replace(turn, mark="injected")
    words, mark = unframe(turn.text)
    if not words:
        return replace(turn, mark="injected")
    if words == turn.text and mark == "said":
        return turn
    return replace(turn, text=words, mark=mark if mark == "summary" else turn.mark)


def _shorten_result(result: ToolResult) -> ToolResult:
    if len(result.text) <= _RESULT_HEAD + _RESULT_TAIL:
        return result
    return ToolResult(
        result.call_id, f"{result.text[:_RESULT_HEAD]}\n...\n{result.text[-_RESULT_TAIL:]}", result.is_error, result.exit_code
    )


def turn_tokens(turn: Turn) -> int:
    """Return the approximate tokens of a turn: four characters each, with tool calls and results."""
    length = len(turn.text)
    for result in turn.results:
        length += len(result.text)
    for call in turn.calls:
        length += _call_length(call)
    return length // 4


def _call_length(call: ToolCall) -> int:
    if isinstance(call.arguments, str):
        return len(call.arguments)
    return sum([len(v) for v in call.arguments.values() if isinstance(v, str)])
