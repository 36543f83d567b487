"""ATIF, the interchange format of agents' trajectories, which Hermes and benchmark runners write: one document with `steps`.

A step is the user's, the agent's or the system's; the results of its calls are its `observation`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onward.core.agents import agent_id
from onward.core.transcript.transcript import ImportReport, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn, Usage
from onward.formats.blocks import build_usage, parse_arguments
from onward.formats.fields import as_count, as_list, as_object, as_text, as_time, compact_json
from onward.formats.messages import place_turns, read_content, result_text
from onward.formats.source import TranscriptSource

NAME = "atif"
VERSIONS = ("1.4", "1.7")
"""Versions of the schema."""

_SCHEMA = "ATIF-v"


def detect(head: bytes) -> bool:
    """Whether *head* begins a trajectory."""
    flat = compact_json(head)
    return flat.startswith(b"{") and b'"schema_version":"ATIF-v' in flat


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the trajectory. A step is a record."""
    trajectory = as_object(source.document(report))
    agent, extra = as_object(trajectory.get("agent")), as_object(trajectory.get("extra"))
    report.keep()
    report.meet_version(as_text(trajectory.get("schema_version")).removeprefix(_SCHEMA))
    session_id = as_text(trajectory.get("session_id"))
    yield SessionHead(
        agent=agent_id(as_text(agent.get("name"))) or NAME,
        id=session_id or None,
        title=as_text(extra.get("title")),
        cwd=as_text(extra.get("cwd")),
    )
    for index, step in enumerate(map(as_object, as_list(trajectory.get("steps")))):
        turns = _turns(index, step, as_text(agent.get("model_name")), report)
        if turns:
            report.keep()
        else:
            report.skip("empty message")
        step_id = step.get("step_id", index)
        yield from place_turns(turns, f"{session_id}:{step_id}" if session_id else "", as_time(step.get("timestamp")), index)


def _turns(index: int, step: dict[str, Any], model: str, report: ImportReport) -> list[Turn]:
    source = as_text(step.get("source"))
    content = read_content(step.get("message"), report)
    content.thoughts += [thought] if (thought := as_text(step.get("reasoning_content"))) else []
    for number, call in enumerate(map(as_object, as_list(step.get("tool_calls")))):
        call_id = as_text(call.get("tool_call_id")) or f"{index}:{number}"
        content.calls.append(ToolCall(call_id, as_text(call.get("function_name")), parse_arguments(call.get("arguments"))))
    content.results = [
        _result(result, content.calls) for result in map(as_object, as_list(as_object(step.get("observation")).get("results")))
    ]
    turns = content.turns("user" if source == "user" else "system" if source == "system" else "assistant")
    for turn in turns:
        if turn.role == "assistant":
            turn.model = as_text(step.get("model_name")) or model or None
            turn.usage = _parse_usage(as_object(step.get("metrics")))
    return turns


def _result(result: dict[str, Any], calls: list[ToolCall]) -> ToolResult:
    """Return a result; without the id of its call it answers the only one. Hermes writes a command's outcome as JSON."""
    call_id = as_text(result.get("source_call_id")) or (calls[0].id if len(calls) == 1 else "")
    text = result_text(result.get("content"))
    outcome = parse_arguments(text)
    code = outcome.get("exit_code") if isinstance(outcome, dict) else None
    if type(code) is not int:
        return ToolResult(call_id, text)
    output = as_text(outcome.get("output")) if isinstance(outcome, dict) else ""
    return ToolResult(call_id, output or text, bool(code), code)


def _parse_usage(metrics: dict[str, Any]) -> Usage | None:
    """ATIF counts cached tokens as part of the prompt."""
    cached_tokens = as_count(metrics.get("cached_tokens"))
    input_tokens = max(0, as_count(metrics.get("prompt_tokens")) - cached_tokens)
    return build_usage(input_tokens, as_count(metrics.get("completion_tokens")), cached_tokens)
