"""Continue: one document a session, `~/.continue/sessions/<id>.json`, with `history`; Kiro's editor, built on it, writes the same.

An item has a message, the states of its tool calls with their output, and the reasoning. Messages have no times.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from onward.core.transcript.transcript import ImportReport, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn, Usage
from onward.formats.blocks import build_usage, content_text, find_exit_code
from onward.formats.fields import as_count, as_folder, as_list, as_object, as_text, as_time, compact_json
from onward.formats.kiro_log import find_logs, read_log
from onward.formats.messages import parse_tool_call, place_turns, read_content
from onward.formats.source import TranscriptSource

NAME = "continue"
_KIRO = "kiro"
VERSIONS = ()
"""No version is known to have been seen."""
UNRECORDED = {
    "times": "a message has no time; the session's is in the list of sessions",
    "kiro: exit code": "an execution log has the message of an action alone",
    "kiro: todo state": "tasks are a Markdown file of the project",
    "kiro: usage": "no message counts tokens",
}
"""What transcripts of this format do not record, with the reason."""

_FAILED = frozenset({"errored", "canceled"})
_EXIT_WORDS = "exit code "


def detect(head: bytes) -> bool:
    """Whether *head* begins a session."""
    flat = compact_json(head)
    return flat.startswith(b"{") and b'"sessionId":' in flat and b'"workspaceDirectory":' in flat and b'"history":[' in flat


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the session. An item of the history is a record."""
    session = as_object(source.document(report))
    history = [as_object(item) for item in as_list(session.get("history"))]
    report.keep()
    session_id = as_text(session.get("sessionId"))
    is_kiro = any("executionId" in item for item in history) or "kiro.kiroagent" in str(source.path or "")
    head = SessionHead(agent=_KIRO if is_kiro else NAME, id=session_id or None, title=as_text(session.get("title")))
    head.cwd, head.started_at = as_folder(session.get("workspaceDirectory")), _find_start(source, session_id)
    yield head
    logs = find_logs(source.path, head.cwd) if is_kiro else {}
    reader = _Reader(as_text(session.get("chatModelTitle")), logs, report)
    for index, item in enumerate(history):
        turns = reader.turns(item)
        if turns:
            report.keep()
        else:
            report.skip(reader.skip_reason)
        message_id = as_text(as_object(item.get("message")).get("id")) or str(index)
        yield from place_turns(turns, f"{session_id}:{message_id}" if session_id else "", None, index)


def _find_start(source: TranscriptSource, session_id: str) -> datetime | None:
    """Return when a session began, by the list of sessions beside it; its date may be a number in text."""
    if source.path is None:
        return None
    try:
        sessions = as_list(orjson.loads((source.path.parent / "sessions.json").read_bytes()))
    except (OSError, orjson.JSONDecodeError):
        return None
    date = next((as_object(entry).get("dateCreated") for entry in sessions if as_object(entry).get("sessionId") == session_id), None)
    return as_time(int(date) if isinstance(date, str) and date.isdecimal() else date)


class _Reader:
    """The state of one read: the thought that belongs to the next answer, and the results recorded in a state."""

    def __init__(self, model: str, logs: dict[str, Path], report: ImportReport) -> None:
        self.report = report
        self.model = model
        self.logs = logs
        self.thought = ""
        self.answered: set[str] = set()
        self.skip_reason = "empty message"

    def turns(self, item: dict[str, Any]) -> list[Turn]:
        """Return the turns of one item."""
        message = as_object(item.get("message"))
        role = as_text(message.get("role"))
        self.skip_reason = "empty message"
        if role == "thinking":
            self.thought, self.skip_reason = content_text(message.get("content")), "thought before its answer"
            return []
        if role == "tool":
            return self._tool_turns(message)
        if role == "assistant":
            return self._answer_turns(item, message)
        turns = read_content(message.get("content"), self.report).turns("user" if role == "user" else "system")
        if summary := as_text(item.get("conversationSummary")):
            turns.append(Turn(role="user", text=summary, mark="summary"))
        return turns

    def _answer_turns(self, item: dict[str, Any], message: dict[str, Any]) -> list[Turn]:
        content = read_content(message.get("content"), self.report)
        log = self.logs.get(as_text(item.get("executionId")))
        if log is not None and not content.texts:
            content = read_log(log)
        logs = [as_object(log) for log in as_list(item.get("promptLogs"))]
        if not content.texts:
            content.texts = [text for log in logs if (text := as_text(log.get("completion")).strip())]
        states = [as_object(state) for state in as_list(item.get("toolCallStates"))]
        calls = as_list(message.get("toolCalls")) or [
            {**as_object(state.get("toolCall")), "id": state.get("toolCallId")} for state in states
        ]
        content.calls += [parse_tool_call(as_object(call)) for call in calls]
        content.results += [_state_result(state) for state in states if as_list(state.get("output")) or state.get("status") in _FAILED]
        self.answered.update(result.call_id for result in content.results)
        content.thoughts = [text for text in (self.thought, as_text(as_object(item.get("reasoning")).get("text"))) if text]
        self.thought = ""
        turns = content.turns("assistant")
        for turn in turns:
            if turn.role == "assistant":
                turn.model = next((title for log in logs if (title := as_text(log.get("modelTitle")))), self.model) or None
                turn.usage = _parse_usage(as_object(message.get("usage")))
        if summary := as_text(item.get("conversationSummary")):
            turns.append(Turn(role="user", text=summary, mark="summary"))
        return turns

    def _tool_turns(self, message: dict[str, Any]) -> list[Turn]:
        call_id, text = as_text(message.get("toolCallId")), content_text(message.get("content"))
        if call_id in self.answered:
            self.skip_reason = "repeated result"
            return []
        self.answered.add(call_id)
        return [Turn(role="tool", results=(ToolResult(call_id, text, None, find_exit_code(_EXIT_WORDS, text[-200:])),))] if text else []


def _state_result(state: dict[str, Any]) -> ToolResult:
    """Return the result in the state of a call; the exit code of a command is in the status of its output."""
    outputs = [as_object(output) for output in as_list(state.get("output"))]
    text = "\n".join(filter(None, (as_text(output.get("content")) for output in outputs)))
    status = " ".join(filter(None, (as_text(output.get("status")) for output in outputs)))
    code = 0 if "Command completed" in status else find_exit_code(_EXIT_WORDS, status or text[-200:])
    call = ToolCall(as_text(state.get("toolCallId")), "", "")
    outcome = as_text(state.get("status"))
    return ToolResult(call.id, text, outcome in _FAILED or bool(code) if outcome else None, code)


def _parse_usage(usage: dict[str, Any]) -> Usage | None:
    """Continue counts cached tokens as input."""
    details = as_object(usage.get("promptTokensDetails"))
    read, written = as_count(details.get("cachedTokens")), as_count(details.get("cacheWriteTokens"))
    input_tokens = max(0, as_count(usage.get("promptTokens")) - read - written)
    return build_usage(input_tokens, as_count(usage.get("completionTokens")), read, written)
