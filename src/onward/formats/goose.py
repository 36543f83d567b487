"""Goose: one SQLite database of all sessions (`sessions.db`), or, in older versions, JSON lines of one session with a head in the first
line.

A message's content is a list: `text`, `thinking`, `toolRequest` with the call inside, `toolResponse` with its result. Content that only
the model sees is a summary of compacted turns, or a reminder.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from onward.core.transcript.transcript import ImportReport, Mark, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn, Usage
from onward.formats.blocks import build_usage, content_text, parse_arguments
from onward.formats.databases import has_tables, list_tables, open_database
from onward.formats.fields import as_count, as_list, as_object, as_text, as_time, skip_reason
from onward.formats.source import TranscriptSource

if TYPE_CHECKING:
    import sqlite3

NAME = "goose"
VERSIONS = ()
"""No version is known to have been seen."""
UNRECORDED = {
    "exit code": "a result is the output of a shell, marked as an error or not",
}
"""What transcripts of this format do not record, with the reason."""

_TEXTLESS = frozenset({"text", "redactedThinking", "systemNotification", "toolConfirmationRequest"})
"""Blocks that need not have a text."""
_COMPACTED = ("conversationCompacted", "summarizationRequested", "contextLengthExceeded")


def detect(head: bytes) -> bool:
    """Whether *head* is of the database, or of a session in lines."""
    if has_tables(head, "sessions", "messages"):
        return b"content_json" in head
    flat = head[:8192].replace(b'": ', b'":')
    if not flat.startswith(b"{"):
        return False
    first = flat.partition(b"\n")[0]
    return (b'"working_dir":' in first and b'"message_count":' in first) or (
        b'"created":' in first and b'"role":"' in first and b'"content":[' in first
    )


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the sessions. A message is a record, and so is the head in lines."""
    if source.head.startswith(b"{"):
        yield from _read_lines(source, report)
        return
    with open_database(source) as connection:
        yield from _read_database(connection, report)


def _read_lines(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    has_head = False
    for number, record in source.records(report):
        if "role" not in record and "working_dir" in record:
            report.keep()
            has_head = True
            yield SessionHead(
                agent=NAME, id=_session_id(source), title=as_text(record.get("description")), cwd=as_text(record.get("working_dir"))
            )
            continue
        if not has_head:
            has_head = True
            yield SessionHead(agent=NAME, id=_session_id(source), started_at=as_time(record.get("created")))
        yield from _message(number, record, None, report)


def _session_id(source: TranscriptSource) -> str | None:
    """In older versions, a session and its file are named by the start time."""
    name = source.path.stem if source.path is not None else ""
    return name if name.replace("_", "").isdecimal() else None


def _read_database(connection: sqlite3.Connection, report: ImportReport) -> Iterator[TranscriptItem]:
    has_ledger = "usage_ledger" in list_tables(connection)
    for row in connection.execute("SELECT * FROM sessions ORDER BY created_at, id"):
        is_sub_agent = row.get("session_type") == "sub_agent"
        title = as_text(row.get("name")) or as_text(row.get("description"))
        head = SessionHead(agent=NAME, id=as_text(row["id"]) or None, title=title, cwd=as_text(row.get("working_dir")))
        head.started_at = as_time(row["created_at"])
        yield head
        model = as_text(as_object(_json(row.get("model_config_json"))).get("model_name"))
        ledger = _read_ledger(connection, row["id"]) if has_ledger else []
        for index, message in enumerate(
            connection.execute("SELECT * FROM messages WHERE session_id = ? ORDER BY created_timestamp, id", (row["id"],))
        ):
            record = {
                "role": message.get("role"),
                "created": message["created_timestamp"],
                "content": _json(message.get("content_json")),
                "metadata": _json(message.get("metadata_json")),
                "id": message.get("message_id") or f"{row['id']}:{message['id']}",
            }
            for turn in _message(index, record, head.id if is_sub_agent else None, report):
                if turn.role == "assistant":
                    turn.model, turn.usage = model or None, _take_usage(ledger, turn.at)
                yield turn


def _read_ledger(connection: sqlite3.Connection, session_id: str) -> list[tuple[datetime | None, Usage | None]]:
    """Return the times and counts of a session's requests; those of compactions are left out."""
    rows = connection.execute("SELECT * FROM usage_ledger WHERE session_id = ? ORDER BY created_timestamp, id", (session_id,))
    names = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
    return [
        (as_time(row.get("created_timestamp")), build_usage(*(as_count(row.get(name)) for name in names)))
        for row in rows
        if not row.get("is_compaction")
    ]


def _take_usage(ledger: list[tuple[datetime | None, Usage | None]], at: datetime | None) -> Usage | None:
    """Return the counts of the first request that was made before an answer at time *at*, and take it off."""
    return ledger.pop(0)[1] if ledger and at and (ledger[0][0] or at) <= at else None


def _message(number: int, record: dict[str, Any], lane: str | None, report: ImportReport) -> Iterator[Turn]:
    """Yield the turns of one message: its text, and the results of calls."""
    metadata = as_object(record.get("metadata"))
    is_hidden = metadata.get("userVisible") is False
    role = as_text(record.get("role"))
    if role not in {"user", "assistant"}:
        report.skip(skip_reason(report.skipped, f"record: {as_text(record.get('type')) or role or 'unknown'}"))
        return
    mark: Mark = "said" if lane is None or role == "assistant" else "injected"
    turn = Turn(role="user" if role == "user" else "assistant", mark=("summary" if role == "user" else "injected") if is_hidden else mark)
    texts: list[str] = []
    results: list[ToolResult] = []
    for block in map(as_object, as_list(record.get("content"))):
        kind = as_text(block.get("type"))
        if kind in {"toolRequest", "frontendToolRequest"}:
            turn.calls += (_call(block),)
        elif kind == "toolResponse":
            results.append(_result(block))
        elif kind == "thinking":
            turn.thinking = as_text(block.get("thinking"))
        elif kind in _COMPACTED:
            turn.mark = "summary"
            texts.append(as_text(block.get("msg")))
        elif text := content_text(block) or as_text(block.get("msg")):
            texts.append(text)
        elif kind not in _TEXTLESS:
            report.meet_unknown_part(kind)
    turn.text = "\n\n".join(filter(None, map(str.strip, texts)))
    turns = [Turn(role="tool", results=tuple(results))] if results else []
    turns += [turn] if turn.text or turn.calls or turn.thinking else []
    if turns:
        report.keep()
    else:
        report.skip("empty message")
    message_id = as_text(record.get("id")) or None
    for index, numbered_turn in enumerate(turns):
        numbered_turn.id = f"{message_id}:{index}" if index and message_id else message_id
        numbered_turn.at, numbered_turn.line, numbered_turn.sidechain = as_time(record.get("created")), number, lane
        yield numbered_turn


def _call(block: dict[str, Any]) -> ToolCall:
    value = as_object(as_object(block.get("toolCall")).get("value"))
    return ToolCall(as_text(block.get("id")), as_text(value.get("name")), parse_arguments(value.get("arguments")))


def _result(block: dict[str, Any]) -> ToolResult:
    """Return the result of a call: a list of contents, or, in newer versions, an object with that list and an error flag."""
    result = as_object(block.get("toolResult"))
    value = result.get("value")
    is_error = result.get("status") == "error" or as_object(value).get("isError") is True
    contents = as_object(value).get("content") if isinstance(value, dict) else value
    return ToolResult(as_text(block.get("id")), content_text(contents) or as_text(result.get("error")), is_error)


def _json(value: object) -> Any:
    try:
        return orjson.loads(value) if isinstance(value, str | bytes) else None
    except orjson.JSONDecodeError:
        return None
