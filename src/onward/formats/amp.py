"""Amp: one document a thread, `threads/T-….json`, with messages in the blocks of Anthropic's API; a result has its outcome in `run`.

A message of role `info` is the client's: the summary of a compaction, or a command that the person ran in the client.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onward.core.transcript.transcript import ImportReport, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn, Usage
from onward.formats.blocks import build_usage
from onward.formats.fields import as_count, as_folder, as_list, as_object, as_text, as_time, compact_json
from onward.formats.messages import parse_tool_result, place_turns, read_content, result_text
from onward.formats.source import TranscriptSource

NAME = "amp"
VERSIONS = ()
"""A thread does not say which version wrote it: its `v` counts its changes."""

_FAILED = frozenset({"error", "cancelled", "rejected-by-user"})


def detect(head: bytes) -> bool:
    """Whether *head* begins a thread."""
    flat = compact_json(head)
    return flat.startswith(b"{") and b'"id":"T-' in flat and b'"messages":[' in flat


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the thread. A message is a record."""
    thread = as_object(source.document(report))
    report.keep()
    trees = as_list(as_object(as_object(thread.get("env")).get("initial")).get("trees"))
    thread_id = as_text(thread.get("id"))
    yield SessionHead(
        agent=NAME,
        id=thread_id or None,
        started_at=as_time(thread.get("created")),
        title=as_text(thread.get("title")),
        cwd=as_folder(as_object(trees[0]).get("uri")) if trees else "",
    )
    for index, message in enumerate(map(as_object, as_list(thread.get("messages")))):
        role = as_text(message.get("role"))
        usage, meta = as_object(message.get("usage")), as_object(message.get("meta"))
        turns = _turns(role, message.get("content"), report)
        if not turns:
            report.skip("empty message")
            continue
        report.keep()
        for turn in turns:
            if turn.role == "assistant":
                turn.model, turn.usage = as_text(usage.get("model")) or None, _parse_usage(usage)
        at = as_time(meta.get("sentAt")) or as_time(usage.get("timestamp"))
        message_id = message.get("messageId", index)
        lane = as_text(message.get("parentToolUseId")) or None
        for turn in turns:
            turn.mark = "injected" if lane and turn.role == "user" else turn.mark
        yield from place_turns(turns, f"{thread_id}:{message_id}", at, index, sidechain=lane)


def _turns(role: str, content: object, report: ImportReport) -> list[Turn]:
    if role != "info":
        return read_content(content, report, _result).turns("user" if role == "user" else "system" if role == "system" else "assistant")
    turns: list[Turn] = []
    for index, block in enumerate(map(as_object, as_list(content))):
        kind = as_text(block.get("type"))
        if kind == "summary" and (text := as_text(as_object(block.get("summary")).get("summary")).strip()):
            turns.append(Turn(role="user", text=text, mark="summary"))
        elif kind == "manual_bash_invocation" and (command := as_text(as_object(block.get("args")).get("cmd"))):
            call = ToolCall(f"typed:{index}", "Bash", {"command": command})
            turns.append(Turn(role="user", text=f"!{command}", mark="injected", calls=(call,)))
            turns.append(Turn(role="tool", results=(_result({"toolUseID": call.id, "run": block.get("toolRun")}),)))
        elif text := as_text(block.get("text")).strip():
            turns.append(Turn(role="system", text=text, mark="injected"))
    return turns


def _result(block: dict[str, Any]) -> ToolResult:
    run = as_object(block.get("run"))
    if not run:
        return parse_tool_result(block)
    outcome, status = run.get("result"), as_text(run.get("status"))
    fields = as_object(outcome)
    shown = next((fields[key] for key in ("output", "content", "diff") if key in fields), outcome)
    text = result_text(shown) or as_text(as_object(run.get("error")).get("message")) or (status if status in _FAILED else "")
    code = fields.get("exitCode")
    code = code if type(code) is int else None
    is_error = True if status in _FAILED or code else False if status == "done" else None
    return ToolResult(as_text(block.get("toolUseID")) or as_text(block.get("tool_use_id")), text, is_error, code)


def _parse_usage(usage: dict[str, Any]) -> Usage | None:
    """Amp counts the uncached input of OpenAI's models as a cache write, which they do not charge."""
    input_tokens, written_tokens = as_count(usage.get("inputTokens")), as_count(usage.get("cacheCreationInputTokens"))
    if as_text(usage.get("model")).startswith("gpt-"):
        input_tokens, written_tokens = input_tokens + written_tokens, 0
    return build_usage(input_tokens, as_count(usage.get("outputTokens")), as_count(usage.get("cacheReadInputTokens")), written_tokens)
