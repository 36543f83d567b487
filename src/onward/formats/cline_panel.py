"""The messages of Cline's and Roo's panel (`ui_messages.json`): what the person saw, with times and what each request cost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from onward.core.transcript.transcript import ImportReport, ToolCall, ToolResult, Turn, Usage
from onward.formats.blocks import build_usage
from onward.formats.fields import as_count, as_object, as_text, as_time, skip_reason

_CALLS = {"tool": "tool", "command": "execute_command", "use_mcp_server": "use_mcp_tool", "browser_action_launch": "browser_action"}
_RESULTS = frozenset({"command_output", "mcp_server_response", "browser_action_result", "subtask_result"})
_PROSE = frozenset({"completion_result", "followup", "plan_mode_respond"})
_ERRORS = frozenset({"error", "diff_error", "api_req_failed", "rooignore_error", "clineignore_error", "mistake_limit_reached"})


class PanelRequest(NamedTuple):
    """One request to the model: its time and cost."""

    at: datetime | None
    usage: Usage | None


def list_requests(messages: list[Any]) -> list[PanelRequest]:
    """The requests in the order they were sent."""
    requests: list[PanelRequest] = []
    for message in map(as_object, messages):
        if message.get("say") == "api_req_started":
            cost = _parse_cost(as_text(message.get("text")))
            usage = build_usage(*(as_count(cost.get(name)) for name in ("tokensIn", "tokensOut", "cacheReads", "cacheWrites")))
            requests.append(PanelRequest(as_time(message.get("ts")), usage))
    return requests


def _parse_cost(text: str) -> dict[str, Any]:
    """Return the counts at the end of a request's JSON text; the prompt before them is not parsed."""
    start = text.rfind('"tokensIn":')
    try:
        return as_object(orjson.loads("{" + text[start:])) if start >= 0 else {}
    except orjson.JSONDecodeError:
        return {}


def panel_turns(messages: list[Any], report: ImportReport, *, is_subtask: bool = False) -> Iterator[Turn]:
    """Yield the turns of the panel, for a task without a history. The first prompt of a sub-task was written by the parent agent."""
    usage: Usage | None = None
    call_id = ""
    is_first = True
    for index, message in enumerate(messages):
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            report.reject(index, "not a message of the panel")
            continue
        kind = as_text(message.get("say")) or as_text(message.get("ask"))
        turn = _turn(kind, message, call_id, is_first=is_first)
        if kind == "api_req_started":
            usage = next((request.usage for request in list_requests([message])), None)
        if turn is None:
            report.skip(skip_reason(report.skipped, f"panel: {kind or 'nothing'}"))
            continue
        turn.at, turn.line = as_time(message.get("ts")), index
        if is_first and is_subtask and turn.role == "user":
            turn.mark = "injected"
        if turn.calls:
            call_id = f"panel:{index}"
            turn.calls = (ToolCall(call_id, turn.calls[0].name, turn.calls[0].arguments),)
        if turn.role == "assistant" and turn.mark == "said":
            turn.usage, usage = usage, None
        is_first = False
        report.keep()
        yield turn


def _turn(kind: str, message: dict[str, Any], call_id: str, *, is_first: bool) -> Turn | None:
    """Return the turn of one message; None for decoration."""
    text = as_text(message.get("text")).strip()
    if kind == "condense_context":
        summary = as_text(as_object(message.get("contextCondense")).get("summary"))
        return Turn(role="assistant", text=summary, mark="summary") if summary else None
    if not text or (message.get("partial") is True and kind != "reasoning"):
        return None
    if kind in {"task", "user_feedback"} or (is_first and kind == "text"):
        return Turn(role="user", text=text)
    if kind == "user_feedback_diff":
        return Turn(role="user", text=text, mark="injected")
    if kind == "reasoning":
        return Turn(role="assistant", thinking=text)
    if kind == "text":
        return Turn(role="assistant", text=text)
    if kind in _CALLS:
        arguments: dict[str, object] = {"command": text} if kind == "command" else _json(message)
        name = as_text(arguments.pop("tool", "")) if kind == "tool" else _CALLS[kind]
        return Turn(role="assistant", calls=(ToolCall("", name or kind, arguments),))
    if kind in _PROSE:
        answer = _json(message)
        return Turn(role="assistant", text=as_text(answer.get("question")) or as_text(answer.get("response")) or text)
    if kind in _RESULTS:
        return Turn(role="tool", results=(ToolResult(call_id, text),))
    return Turn(role="system", text=text, mark="injected") if kind in _ERRORS else None


def _json(message: dict[str, Any]) -> dict[str, Any]:
    """The object that a message's text holds as JSON."""
    text = as_text(message.get("text"))
    if not text.startswith("{"):
        return {}
    try:
        return as_object(orjson.loads(text))
    except orjson.JSONDecodeError:
        return {}
