"""Copilot CLI: `events.jsonl`, one event a line, `{type, data, id, timestamp, parentId}`; VS Code's Copilot chat writes the same.

The user's words are `user.message.content` (its `transformedContent` adds reminders); an answer and its calls are one
`assistant.message`, and the result of a call is a `tool.execution_complete`. Hooks, permissions and settings are skipped, unless a hook
adds text for the model.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from onward.core.transcript.transcript import ImportReport, Mark, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn, Usage
from onward.formats.blocks import content_text, find_exit_code, parse_arguments
from onward.formats.fields import as_count, as_list, as_object, as_text, as_time, skip_reason
from onward.formats.source import TranscriptSource

NAME = "copilot"
VERSIONS = ("1.0.40", "1.0.102")

_EVENTS = (b"session.start", b"session.resume", b"user.message", b"assistant.message", b"assistant.turn_start", b"tool.execution_start")
_UNPARSED_EVENTS = {
    b'{"type":"hook.start"': "start of a hook",
    b'{"type":"permission.': "permission",
    b'{"type":"assistant.turn_': "edge of a turn",
}
_HOOK_END = b'{"type":"hook.end"'
_TAIL_CHARACTERS = 200
"""The exit code at the end of shell output."""


def detect(head: bytes) -> bool:
    """Whether one of the first events is Copilot's."""
    flat = head[:8192].replace(b'": ', b'":')
    return b'"data":{' in flat and b'"parentId":' in flat and any(b'"type":"' + event + b'"' in flat for event in _EVENTS)


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the contents of the file, event by event."""
    reader = _Reader(report)
    for number, event in source.records(report, _unparsed_reason):
        data = event.get("data")
        if isinstance(data, dict):
            yield from reader.take(number, event, data)
        else:
            report.skip("event without data")


def _unparsed_reason(line: bytes) -> str:
    """Why a line need not be parsed."""
    for start, label in _UNPARSED_EVENTS.items():
        if line.startswith(start):
            return label
    return "end of a hook" if line.startswith(_HOOK_END) and b'"additionalContext"' not in line else ""


class _Reader:
    """The state of one read: the session, and the events already yielded."""

    def __init__(self, report: ImportReport) -> None:
        self.report = report
        self.session_id: str | None = None
        self.call_ids: set[str] = set()
        self.prompt_hashes: set[int] = set()
        """Hashes of system prompts already read; every prompt repeats them."""

    def take(self, number: int, event: dict[str, Any], data: dict[str, Any]) -> Iterator[TranscriptItem]:
        """Read one event, and yield its head or turn."""
        kind = as_text(event.get("type"))
        at = as_time(event.get("timestamp"))
        if kind == "session.start":
            yield from self._open_session(data, at)
            return
        turn = self._read_turn(kind, data, as_text(event.get("agentId")) or as_text(data.get("parentToolCallId")) or None)
        if turn is None:
            return
        if self.session_id is None:
            self.session_id = ""
            yield SessionHead(agent=NAME, started_at=at)
        turn.id, turn.at, turn.line = as_text(event.get("id")) or None, at, number
        self.report.keep()
        yield turn

    def _open_session(self, data: dict[str, Any], at: datetime | None) -> Iterator[TranscriptItem]:
        session_id = as_text(data.get("sessionId"))
        if self.session_id is not None and session_id in {"", self.session_id}:
            self.report.skip("session resumed")
            return
        self.report.meet_version(as_text(data.get("copilotVersion")))
        context = as_object(data.get("context"))
        repository, host = as_text(context.get("repository")), as_text(context.get("repositoryHost"))
        self.report.keep()
        yield SessionHead(
            agent=NAME,
            id=session_id or None,
            started_at=as_time(data.get("startTime")) or at,
            cwd=as_text(context.get("cwd")),
            branch=as_text(context.get("branch")),
            remote=f"https://{host or 'github.com'}/{repository}" if repository else "",
            parent_id=self.session_id or None,
        )
        self.session_id = session_id

    def _read_turn(self, kind: str, data: dict[str, Any], lane: str | None) -> Turn | None:
        """Return the turn of one event; None if it has none, with the reason in the report."""
        if kind == "user.message":
            return _prompt_turn(data, lane)
        if kind == "assistant.message":
            turn = _answer_turn(data, lane)
            self.call_ids.update(call.id for call in turn.calls)
            if turn.text or turn.calls or turn.thinking:
                return turn
            self.report.skip("empty message")
            return None
        if kind == "tool.execution_complete":
            return Turn(role="tool", results=(_result(data),), sidechain=lane)
        if kind in {"tool.execution_start", "tool.user_requested"}:
            return self._call_turn(kind, data, lane)
        text, mark = _event_text(kind, data)
        if not text:
            self.report.skip(skip_reason(self.report.skipped, f"event: {kind}"))
            return None
        if kind == "system.message" and hash(text) in self.prompt_hashes:
            self.report.skip("repeated system prompt")
            return None
        self.prompt_hashes.add(hash(text))
        return Turn(role="user" if mark == "summary" else "system", text=text, mark=mark, sidechain=lane)

    def _call_turn(self, kind: str, data: dict[str, Any], lane: str | None) -> Turn | None:
        """The start of a call repeats its answer, unless the user ran it or the answer is lost."""
        call = ToolCall(as_text(data.get("toolCallId")), as_text(data.get("toolName")), parse_arguments(data.get("arguments")))
        if call.id in self.call_ids or not call.name:
            self.report.skip("start of a tool call")
            return None
        self.call_ids.add(call.id)
        if kind == "tool.user_requested":
            command = as_text(as_object(data.get("arguments")).get("command"))
            return Turn(role="user", text=f"!{command or call.name}", mark="injected", calls=(call,), sidechain=lane)
        return Turn(role="assistant", calls=(call,), sidechain=lane)


def _prompt_turn(data: dict[str, Any], lane: str | None) -> Turn:
    source, delivery = as_text(data.get("source")), as_text(data.get("delivery"))
    mark: Mark = "queued" if delivery in {"queued", "steering"} else "said"
    if source not in {"", "user"} or lane is not None:
        mark = "injected"
    names = [
        as_text(item.get("displayName")) or as_text(item.get("path")) for item in as_list(data.get("attachments")) if isinstance(item, dict)
    ]
    attachments = "".join(f"\n[attached: {name}]" for name in names if name)
    return Turn(role="user", text=(as_text(data.get("content")).strip() + attachments).strip(), mark=mark, sidechain=lane)


def _answer_turn(data: dict[str, Any], lane: str | None) -> Turn:
    calls = tuple(
        ToolCall(as_text(request.get("toolCallId")), as_text(request.get("name")), parse_arguments(request.get("arguments")))
        for request in as_list(data.get("toolRequests"))
        if isinstance(request, dict)
    )
    output_tokens = as_count(data.get("outputTokens"))
    return Turn(
        role="assistant",
        text=as_text(data.get("content")).strip(),
        calls=calls,
        thinking=as_text(data.get("reasoningText")),
        sidechain=lane,
        model=as_text(data.get("model")) or None,
        usage=Usage(output_tokens=output_tokens) if output_tokens else None,
    )


def _result(data: dict[str, Any]) -> ToolResult:
    success = data.get("success")
    result = data.get("result") or data.get("error")
    if isinstance(result, dict):
        text = content_text(result.get("content")) or as_text(result.get("detailedContent")) or as_text(result.get("message"))
    else:
        text = as_text(result)
    is_error = not success if isinstance(success, bool) else None
    code = find_exit_code(" with exit code ", text[-_TAIL_CHARACTERS:])
    return ToolResult(as_text(data.get("toolCallId")), text, is_error, code)


def _event_text(kind: str, data: dict[str, Any]) -> tuple[str, Mark]:
    """Return the text that another event adds for the model, and its mark; empty for bookkeeping."""
    if kind in {"system.message", "system.notification"}:
        text = as_text(data.get("content")).strip()
        return text.removeprefix("<system_notification>").removesuffix("</system_notification>").strip(), "injected"
    if kind == "hook.end":
        return as_text(as_object(data.get("output")).get("additionalContext")).strip(), "injected"
    if kind == "session.error":
        return as_text(data.get("message")).strip(), "injected"
    if kind in {"session.compaction_complete", "session.handoff"}:
        return (as_text(data.get("summaryContent")) or as_text(data.get("summary"))).strip(), "summary"
    return "", "injected"
