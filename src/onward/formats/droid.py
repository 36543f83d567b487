"""Droid (Factory): JSON lines of a session, `session_start` and then `message` records in the blocks of Anthropic's API.

`todo_state` records the todo list, `compaction_state` the summary of a compaction. The model is in the settings beside the session.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onward.core.transcript.transcript import ImportReport, SessionHead, ToolCall, TranscriptItem, Turn
from onward.formats.blocks import find_exit_code
from onward.formats.fields import as_list, as_object, as_text, as_time, unknown_reason
from onward.formats.messages import place_turns, read_content
from onward.formats.source import TranscriptSource, read_object_file

NAME = "droid"
VERSIONS = ("0.81.0",)
UNRECORDED = {
    "usage": "the settings beside a session have one sum for all of it",
}
"""What transcripts of this format do not record, with the reason."""

_EXIT_WORDS = "exited with code "
_BOOKKEEPING = frozenset({"session_end", "session_settings", "settings_update", "checkpoint"})


def detect(head: bytes) -> bool:
    """Whether one of the first records opens a session of Droid."""
    flat = head[:16384].replace(b'": ', b'":')
    return flat.lstrip().startswith(b"{") and b'"type":"session_start"' in flat and b'"type":"session_meta"' not in flat


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the session, record by record."""
    path = source.path
    settings = read_object_file(path.with_suffix(".settings.json")) if path is not None else {}
    model = as_text(settings.get("model")).removeprefix("custom:") or None
    for number, record in source.records(report):
        kind = as_text(record.get("type"))
        if kind == "session_start":
            report.keep()
            report.meet_version(as_text(record.get("version")) if "." in as_text(record.get("version")) else "")
            yield _head(record)
            continue
        turns = _turns(kind, record, model, report)
        if turns:
            report.keep()
        elif kind == "message":
            report.skip("empty message")
        else:
            report.skip(f"record: {kind}" if kind in _BOOKKEEPING else unknown_reason(report.skipped, kind))
        yield from place_turns(turns, as_text(record.get("id")), as_time(record.get("timestamp")), number)


def _head(record: dict[str, Any]) -> SessionHead:
    """Return the head; older versions have its fields in `session`."""
    fields = {**as_object(record.get("session")), **record}
    return SessionHead(
        agent=NAME,
        id=as_text(fields.get("id")) or None,
        started_at=as_time(fields.get("created_at")) or as_time(fields.get("timestamp")),
        title=as_text(fields.get("sessionTitle")) or as_text(fields.get("title")),
        cwd=as_text(fields.get("cwd")) or as_text(fields.get("workspace_root")),
        parent_id=as_text(fields.get("parent")) or as_text(fields.get("parentSessionId")) or None,
    )


def _turns(kind: str, record: dict[str, Any], model: str | None, report: ImportReport) -> list[Turn]:
    if kind == "message":
        return _message_turns(record, model, report)
    if kind == "todo_state":
        entries = as_list(record.get("todos")) or as_list(as_object(record.get("todos")).get("todos"))
        call = ToolCall(f"todo:{as_text(record.get('timestamp'))}", kind, {"todos": entries})
        return [Turn(role="assistant", calls=(call,))] if entries else []
    if kind == "compaction_state":
        summary = record.get("summary")
        text = as_text(record.get("summaryText")) or as_text(summary) or as_text(as_object(summary).get("body"))
        return [Turn(role="user", text=text, mark="summary")] if text else []
    return []


def _message_turns(record: dict[str, Any], model: str | None, report: ImportReport) -> list[Turn]:
    message = as_object(record.get("message"))
    role = as_text(message.get("role"))
    turns = read_content(message.get("content"), report).turns("user" if role == "user" else "system" if role == "system" else "assistant")
    for turn in turns:
        if turn.role == "assistant":
            turn.model = as_text(message.get("model")) or model
        elif turn.role == "user" and as_text(message.get("visibility")) == "llm_only":
            turn.mark = "injected"
        for result in turn.results:
            result.exit_code = find_exit_code(_EXIT_WORDS, result.text[-100:])
    return turns
