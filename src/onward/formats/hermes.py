"""Hermes: a session as JSON lines that begin with `session_meta`, or as one document, with messages in the form of OpenAI's API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onward.core.transcript.transcript import ImportReport, SessionHead, ToolResult, TranscriptItem, Turn
from onward.formats.blocks import parse_arguments
from onward.formats.fields import as_list, as_object, as_text, as_time, compact_json, unknown_reason
from onward.formats.messages import parse_tool_call, place_turns, read_content, result_text
from onward.formats.source import TranscriptSource

NAME = "hermes"
VERSIONS = ()
"""A session does not say which version wrote it."""
UNRECORDED = {
    "usage": "the messages of a session count no tokens",
}
"""What transcripts of this format do not record, with the reason."""

_META = "session_meta"
_COMPACTED = "[CONTEXT COMPACTION"


def detect(head: bytes) -> bool:
    """Whether *head* begins a session in lines, or as a document."""
    flat = compact_json(head)
    if b'"role":"session_meta"' in flat[:4096]:
        return flat.startswith(b"{")
    return flat.startswith(b"{") and all(key in flat for key in (b'"session_start":', b'"platform":', b'"messages":['))


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the session. A line, or a message of the document, is a record."""
    about: dict[str, Any] = {}
    records: Iterator[tuple[int, dict[str, Any]]] = source.records(report)
    if b'"session_start"' in source.head and b'"role":"session_meta"' not in compact_json(source.head)[:4096]:
        about = as_object(source.document(report))
        report.keep()
        records = enumerate(map(as_object, as_list(about.get("messages"))))
    model = as_text(about.get("model"))
    head = SessionHead(
        agent=NAME, id=as_text(about.get("session_id")) or _session_id(source), started_at=as_time(about.get("session_start"))
    )
    yield head
    for number, record in records:
        if record.get("role") == _META:
            model = as_text(record.get("model")) or model
            report.keep()
            continue
        turns = _turns(record, report)
        if not turns:
            role = as_text(record.get("role"))
            report.skip("empty message" if role else unknown_reason(report.skipped, as_text(record.get("type"))))
            continue
        report.keep()
        for turn in turns:
            turn.model = model or None if turn.role == "assistant" else None
        yield from place_turns(turns, "", as_time(record.get("timestamp")), number)


def _session_id(source: TranscriptSource) -> str | None:
    """Return the name of a session's file, which begins with its time."""
    name = source.path.stem.removeprefix("session_") if source.path is not None else ""
    return name if name[:8].isdecimal() and name[8:9] == "_" else None


def _turns(record: dict[str, Any], report: ImportReport) -> list[Turn]:
    role = as_text(record.get("role"))
    if role == "tool":
        return [Turn(role="tool", results=(_result(record),))]
    if role not in {"user", "assistant", "system"}:
        return []
    content = read_content(record.get("content"), report)
    content.calls += [parse_tool_call(as_object(call)) for call in as_list(record.get("tool_calls"))]
    content.thoughts += [text] if (text := as_text(record.get("reasoning"))) else []
    turns = content.turns("user" if role == "user" else "assistant" if role == "assistant" else "system")
    for turn in turns:
        if turn.role == "user" and turn.text.startswith(_COMPACTED):
            turn.mark = "summary"
    return turns


def _result(record: dict[str, Any]) -> ToolResult:
    """Return a result; that of a command is JSON with its output and exit code."""
    text = result_text(record.get("content"))
    outcome = parse_arguments(text)
    code = outcome.get("exit_code") if isinstance(outcome, dict) else None
    if type(code) is not int or not isinstance(outcome, dict):
        return ToolResult(as_text(record.get("tool_call_id")), text)
    return ToolResult(as_text(record.get("tool_call_id")), as_text(outcome.get("output")) or text, bool(code), code)
