"""Kiro's command line: conversations in SQLite (`data.sqlite3`), or JSON lines of one (`~/.kiro/sessions/cli`); also one as a document.

In the database a turn has what the person sent (a prompt, or the results of tools) and the answer. In lines, each is a record of its kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson

from onward.core.transcript.transcript import ImportReport, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn
from onward.formats.databases import has_tables, list_tables, open_database
from onward.formats.fields import as_list, as_object, as_text, as_time, compact_json, unknown_reason
from onward.formats.messages import MessageContent, place_turns
from onward.formats.source import TranscriptSource, read_object_file

NAME = "kiro"
VERSIONS = ()
"""No version is known to have been seen."""
UNRECORDED = {
    "todo state": "a call changes single tasks of a list in a file of its own",
    "usage": "requests count characters, not tokens",
}
"""What transcripts of this format do not record, with the reason."""

_SQLITE = b"SQLite format 3"
_QUERIES = {
    "conversations_v2": "SELECT * FROM conversations_v2 ORDER BY created_at",
    "conversations": "SELECT * FROM conversations",
}
_KINDS = (b'"kind":"Prompt"', b'"kind":"AssistantMessage"', b'"kind":"ToolResults"')


def detect(head: bytes) -> bool:
    """Whether *head* is of the database, of a conversation, or of one in lines."""
    if head.startswith(_SQLITE):
        return has_tables(head, "conversations_v2") or (has_tables(head, "conversations") and b"auth_kv" in head)
    flat = compact_json(head)
    if not flat.startswith(b"{"):
        return False
    return (b'"conversation_id":' in flat and b'"history":[' in flat) or (b'"data":{' in flat and any(kind in flat for kind in _KINDS))


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the conversations. A turn of the database, or a line, is a record."""
    if source.head.startswith(_SQLITE):
        with open_database(source) as connection:
            tables = list_tables(connection)
            for query in [query for table, query in _QUERIES.items() if table in tables][:1]:
                for row in connection.execute(query):
                    yield from _read_row(row, report)
    elif b'"history"' in source.head[:16384] and not any(kind in source.head.translate(None, b" ") for kind in _KINDS):
        yield from _read_conversation(as_object(source.document(report)), "", None, report)
    else:
        yield from _read_lines(source, report)


def _read_row(row: dict[str, Any], report: ImportReport) -> Iterator[TranscriptItem]:
    try:
        conversation = as_object(orjson.loads(as_text(row.get("value"))))
    except orjson.JSONDecodeError:
        report.reject(0, f"the conversation {as_text(row.get('conversation_id'))} is not JSON")
        return
    yield from _read_conversation(conversation, as_text(row.get("key")), as_time(row.get("created_at")), report)


def _read_conversation(
    conversation: dict[str, Any], folder: str, started_at: datetime | None, report: ImportReport
) -> Iterator[TranscriptItem]:
    history = [as_object(turn) for turn in as_list(conversation.get("history"))]
    state = (as_object(as_object(as_object(turn.get("user")).get("env_context")).get("env_state")) for turn in history)
    cwd = folder or next((path for fields in state if (path := as_text(fields.get("current_working_directory")))), "")
    conversation_id = as_text(conversation.get("conversation_id"))
    model = as_text(as_object(conversation.get("model_info")).get("model_id")) or as_text(conversation.get("model"))
    report.keep()
    yield SessionHead(agent=NAME, id=conversation_id or None, started_at=started_at, cwd=cwd)
    if summary := next((text for text in as_list(conversation.get("latest_summary")) if isinstance(text, str) and text), ""):
        yield Turn(role="user", text=summary, mark="summary", at=started_at)
    for index, entry in enumerate(history):
        user, metadata = as_object(entry.get("user")), as_object(entry.get("request_metadata"))
        asked_at = as_time(user.get("timestamp"))
        answer = _answer(as_object(entry.get("assistant")))
        turns = [*_sent(as_object(user.get("content"))).turns("user"), *answer.turns("assistant")]
        for turn in turns:
            if turn.role == "assistant":
                turn.at = as_time(metadata.get("stream_end_timestamp_ms"))
                turn.model = as_text(metadata.get("model_id")) or model or None
        if turns:
            report.keep()
        else:
            report.skip("empty turn")
        yield from place_turns(turns, f"{conversation_id}:{index}" if conversation_id else "", asked_at, index)


def _sent(content: dict[str, Any]) -> MessageContent:
    """Return what the person sent: a prompt, and the results of tools."""
    message = MessageContent()
    for fields in map(as_object, content.values()):
        message.texts += [prompt] if (prompt := as_text(fields.get("prompt")).strip()) else []
        message.results += [_result(as_object(result)) for result in as_list(fields.get("tool_use_results"))]
    return message


def _answer(assistant: dict[str, Any]) -> MessageContent:
    """Return an answer: a `Response`, or a `ToolUse` with its calls."""
    message = MessageContent()
    for fields in map(as_object, assistant.values()):
        message.texts += [text] if (text := as_text(fields.get("content"))) else []
        message.calls += [
            ToolCall(as_text(call.get("id")), as_text(call.get("name")), as_object(call.get("args")))
            for call in map(as_object, as_list(fields.get("tool_uses")))
        ]
    return message


def _result(result: dict[str, Any]) -> ToolResult:
    """Return a result: contents are text, or an object with the output and the exit status of a command."""
    texts: list[str] = []
    code: int | None = None
    for entry in map(as_object, as_list(result.get("content"))):
        value = entry.get("Json", entry.get("json", entry.get("data")))
        texts.append(as_text(entry.get("Text")) or as_text(entry.get("text")) or as_text(value))
        if isinstance(value, dict):
            status = str(value.get("exit_status", ""))
            code = int(status) if status.lstrip("-").isdecimal() else code
            shown = [text for key in ("stdout", "stderr") if (text := as_text(value.get(key)))]
            texts.append("\n".join(shown) if shown or "exit_status" in value else orjson.dumps(value).decode())
    status = as_text(result.get("status")).lower()
    call_id = as_text(result.get("tool_use_id")) or as_text(result.get("toolUseId"))
    return ToolResult(call_id, "\n".join(filter(None, texts)), status == "error" or bool(code) if status else None, code)


def _read_lines(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    about = read_object_file(source.path.with_suffix(".json")) if source.path is not None else {}
    session_id = as_text(about.get("session_id"))
    head = SessionHead(agent=NAME, id=session_id or None, title=as_text(about.get("title")), cwd=as_text(about.get("cwd")))
    head.started_at = as_time(about.get("created_at"))
    yield head
    for number, record in source.records(report):
        kind, data = as_text(record.get("kind")), as_object(record.get("data"))
        content = _line_content(data)
        turns = content.turns("user" if kind in {"Prompt", "ToolResults"} else "assistant")
        if kind == "Compaction" and (summary := as_text(data.get("summary"))):
            turns = [Turn(role="user", text=summary, mark="summary")]
        if not turns or kind not in {"Prompt", "AssistantMessage", "ToolResults", "Compaction"}:
            report.skip("empty message" if kind in {"Prompt", "AssistantMessage", "ToolResults"} else unknown_reason(report.skipped, kind))
            continue
        report.keep()
        for turn in turns:
            if turn.role == "assistant":
                turn.model = as_text(as_object(data.get("meta")).get("model_id")) or as_text(data.get("model_id")) or None
        at = as_time(as_object(data.get("meta")).get("timestamp")) or as_time(data.get("timestamp"))
        yield from place_turns(turns, as_text(data.get("message_id")), at, number)


def _line_content(data: dict[str, Any]) -> MessageContent:
    message = MessageContent()
    for block in map(as_object, as_list(data.get("content"))):
        kind, value = as_text(block.get("kind")), block.get("data")
        fields = as_object(value)
        if kind == "toolUse":
            message.calls.append(ToolCall(as_text(fields.get("toolUseId")), as_text(fields.get("name")), as_object(fields.get("input"))))
        elif kind == "toolResult":
            message.results.append(_result(fields))
        elif kind == "text" and as_text(value).strip():
            message.texts.append(as_text(value).strip())
    return message
