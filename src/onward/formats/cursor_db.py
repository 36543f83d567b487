"""Cursor's databases: `state.vscdb` of the editor (every chat of every project), and `store.db` of its command line (one session each).

The editor keeps a chat as `composerData:<id>`, which lists its messages, and each message as `bubbleId:<chat>:<id>`; the oldest chats hold
their messages themselves. The summary of the last compaction is with the chat. The command line keeps messages as blobs named by their
hash, and a root blob that lists the hashes in order.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from onward.core.transcript.transcript import ImportReport, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn
from onward.formats.blocks import build_usage, content_text, parse_arguments
from onward.formats.databases import has_tables, list_tables, open_database
from onward.formats.fields import as_count, as_list, as_object, as_text, as_time
from onward.formats.identity import order_sessions
from onward.formats.source import TranscriptSource

if TYPE_CHECKING:
    import sqlite3

NAME = "cursor"
VERSIONS = ()
"""No version is known to have been seen."""

_USER, _ASSISTANT = 1, 2
_SUMMARY = "summary"
_HASH_BYTES = 32
_QUERY, _QUERY_END = "<user_query>", "</user_query>"


def detect(head: bytes) -> bool:
    """Whether *head* begins one of the two databases."""
    return has_tables(head, "cursorDiskKV") or has_tables(head, "blobs", "meta")


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield every chat of the editor, oldest first, or the session of the command line. A message is a record."""
    with open_database(source) as connection:
        if "cursorDiskKV" in list_tables(connection):
            yield from _chats(connection, report)
        else:
            yield from _session(connection, report)


def _chats(connection: sqlite3.Connection, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the chats ordered by start. They are listed first, so that only one is in memory at a time."""
    rows = connection.execute("SELECT key, value FROM cursorDiskKV WHERE key >= 'composerData:' AND key < 'composerData;'")
    heads = ((row["key"].partition(":")[2], _json(row["value"])) for row in rows)
    chats = sorted((as_count(about.get("createdAt")), chat_id, _parent(about)) for chat_id, about in heads)
    for chat_id in order_sessions((chat_id, parent) for _, chat_id, parent in chats):
        about = _json(_value(connection, f"composerData:{chat_id}"))
        bubbles = _with_summary(list(_bubbles(connection, chat_id, about)), about)
        if any(bubble for bubble in bubbles):
            yield from _chat(chat_id, about, bubbles, report)
        else:
            report.skip("chat without messages")


def _bubbles(connection: sqlite3.Connection, chat_id: str, about: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for header in map(as_object, as_list(about.get("fullConversationHeadersOnly"))):
        bubble = _json(_value(connection, f"bubbleId:{chat_id}:{as_text(header.get('bubbleId'))}"))
        yield {"type": header.get("type"), "bubbleId": header.get("bubbleId"), **bubble} if bubble else {}
    if not about.get("fullConversationHeadersOnly"):
        yield from map(as_object, as_list(about.get("conversation")))


def _with_summary(bubbles: list[dict[str, Any]], about: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the messages of a chat with the summary of its last compaction after the last message that it covers."""
    compaction = as_object(about.get("latestConversationSummary"))
    summary = as_object(compaction.get("summary"))
    if not (text := as_text(summary.get("summary"))):
        return bubbles
    last_id = as_text(summary.get("truncationLastBubbleIdInclusive")) or as_text(compaction.get("lastBubbleId"))
    place = next((index + 1 for index, bubble in enumerate(bubbles) if bubble.get("bubbleId") == last_id), len(bubbles))
    return [*bubbles[:place], {"type": _SUMMARY, "text": text}, *bubbles[place:]]


def _parent(about: dict[str, Any]) -> str:
    """Return the chat that started a sub-agent's; empty for a person's."""
    return as_text(as_object(about.get("subagentInfo")).get("parentComposerId"))


def _chat(chat_id: str, about: dict[str, Any], bubbles: list[dict[str, Any]], report: ImportReport) -> Iterator[TranscriptItem]:
    parent = _parent(about)
    yield SessionHead(
        agent=NAME,
        id=as_text(about.get("composerId")) or chat_id,
        started_at=as_time(about.get("createdAt")),
        title=as_text(about.get("name")),
        cwd=as_text(as_object(as_object(about.get("workspaceIdentifier")).get("uri")).get("fsPath")),
        parent_id=parent or None,
    )
    model = as_text(as_object(about.get("modelConfig")).get("modelName"))
    for index, bubble in enumerate(bubbles):
        turns = list(_bubble(bubble, model))
        for number, turn in enumerate(turns):
            bubble_id = as_text(bubble.get("bubbleId"))
            turn.id = f"{bubble_id}:{number}" if number and bubble_id else bubble_id or None
            turn.line, turn.at, turn.sidechain = index, _time(bubble), chat_id if parent else None
            if parent and turn.role == "user":
                turn.mark = "injected"
            yield turn
        if turns:
            report.keep()
        else:
            report.skip("empty message" if bubble else "message without its content")


def _bubble(bubble: dict[str, Any], model: str) -> Iterator[Turn]:
    """Yield a prompt; or an answer and the result of its call."""
    text = as_text(bubble.get("text")).strip()
    if bubble.get("type") in {_USER, _SUMMARY}:
        if text:
            yield Turn(role="user", text=text, mark="summary" if bubble.get("type") == _SUMMARY else "said")
        return
    if bubble.get("type") != _ASSISTANT:
        return
    tool = as_object(bubble.get("toolFormerData"))
    turn = Turn(role="assistant", text=text, thinking=as_text(as_object(bubble.get("thinking")).get("text")))
    name = as_text(as_object(bubble.get("modelInfo")).get("modelName")) or model
    turn.model = name if name and name != "default" else None
    count = as_object(bubble.get("tokenCount"))
    turn.usage = build_usage(as_count(count.get("inputTokens")), as_count(count.get("outputTokens")))
    call_id = as_text(tool.get("toolCallId")) or as_text(bubble.get("bubbleId"))
    if tool_name := as_text(tool.get("name")):
        turn.calls = (ToolCall(call_id, tool_name, parse_arguments(tool.get("rawArgs") or tool.get("params"))),)
    if turn.text or turn.calls or turn.thinking:
        yield turn
    if tool_name and as_text(tool.get("status")) in {"completed", "error", "cancelled"}:
        yield Turn(role="tool", results=(_result(call_id, tool),))


def _result(call_id: str, tool: dict[str, Any]) -> ToolResult:
    """Return the result of a call: its output if the shape is known, else the full result."""
    raw = tool.get("result")
    result = _json(raw) if isinstance(raw, str) else as_object(raw)
    output = next((result[key] for key in ("output", "contents", "stdout", "error", "message") if isinstance(result.get(key), str)), None)
    code = result.get("exitCodeV2", result.get("exitCode"))
    text = output if isinstance(output, str) else raw if isinstance(raw, str) else content_text(tool.get("error"))
    return ToolResult(call_id, text, tool.get("status") == "error" or result.get("rejected") is True, code if type(code) is int else None)


def _time(bubble: dict[str, Any]) -> datetime | None:
    timing = as_object(bubble.get("timingInfo"))
    return as_time(bubble.get("createdAt")) or next(
        filter(None, (as_time(timing.get(key)) for key in ("clientRpcSendTime", "clientStartTime"))), None
    )


def _value(connection: sqlite3.Connection, key: str) -> object:
    row = connection.execute("SELECT value FROM cursorDiskKV WHERE key = ?", (key,)).fetchone()
    return row["value"] if row else None


def _json(value: object) -> dict[str, Any]:
    """Return the object in a value of JSON text or bytes."""
    try:
        return as_object(orjson.loads(value)) if isinstance(value, str | bytes) else {}
    except orjson.JSONDecodeError:
        return {}


def _session(connection: sqlite3.Connection, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the session of the command line. Blobs outside the root are older states."""
    row = connection.execute("SELECT value FROM meta WHERE key = '0'").fetchone()
    about = _hex_json(row["value"]) if row else {}
    yield SessionHead(
        agent=NAME,
        id=as_text(about.get("agentId")) or None,
        started_at=as_time(about.get("createdAt")),
        title=as_text(about.get("name")),
    )
    model = as_text(about.get("lastUsedModel")) or None
    listed_count = 0
    for index, blob_id in enumerate(_hashes(_blob(connection, as_text(about.get("latestRootBlobId"))))):
        message = _json(_blob(connection, blob_id))
        if not message:
            report.reject(index, "a message that is not there")
            continue
        listed_count += 1
        turns = list(_message(index, message, model))
        for number, turn in enumerate(turns):
            turn.line, turn.id = index, f"{blob_id[:32]}:{number}" if number else blob_id[:32]
            yield turn
        if turns:
            report.keep()
        else:
            report.skip("empty message")
    unlisted_count = connection.execute("SELECT count(*) AS blobs FROM blobs").fetchone()["blobs"] - listed_count
    if unlisted_count > 0:
        report.skip("index or older state", unlisted_count)


def _blob(connection: sqlite3.Connection, blob_id: str) -> bytes:
    row = connection.execute("SELECT data FROM blobs WHERE id = ?", (blob_id,)).fetchone()
    data = row["data"] if row else b""
    return data if isinstance(data, bytes) else str(data).encode()


def _hashes(root: bytes) -> Iterator[str]:
    """Return the hashes in field 1 of a root blob, a protocol buffer; other fields are skipped."""
    position = 0
    while position < len(root):
        tag, position = _read_varint(root, position)
        kind = tag & 7
        if kind == 2:
            length, position = _read_varint(root, position)
            if tag >> 3 == 1 and length == _HASH_BYTES:
                yield root[position : position + length].hex()
            position += length
        elif kind == 0:
            _, position = _read_varint(root, position)
        elif kind in {1, 5}:
            position += 8 if kind == 1 else 4
        else:
            return


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    """Return the variable-length number at *position*, and its end."""
    number = 0
    for shift in range(0, 64, 7):
        if position >= len(data):
            break
        byte = data[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    return number, position


def _hex_json(value: object) -> dict[str, Any]:
    """Return the object in a value of `meta`: JSON text as hexadecimal digits, or plain."""
    try:
        return _json(bytes.fromhex(value)) if isinstance(value, str) and not value.startswith("{") else _json(value)
    except ValueError:
        return {}


def _message(index: int, message: dict[str, Any], model: str | None) -> Iterator[Turn]:
    """Yield the turns of one message of the command line."""
    role, content = as_text(message.get("role")), message.get("content")
    text = content_text(
        [block for block in as_list(content) if as_object(block).get("type") == "text"] or (content if isinstance(content, str) else "")
    ).strip()
    if role == "system":
        if text:
            yield Turn(role="system", text=text, mark="injected")
    elif role == "user" and _QUERY in text:
        text_before, _, rest = text.partition(_QUERY)
        words, _, text_after = rest.partition(_QUERY_END)
        yield Turn(role="user", text=words.strip())
        if surroundings := f"{text_before.strip()}\n{text_after.strip()}".strip():
            yield Turn(role="user", text=surroundings, mark="injected")
    elif role == "user" and text:
        is_added = text.startswith(("<user_info>", "<project_layout>", "<system_reminder>", "<rules>"))
        yield Turn(role="user", text=text, mark="injected" if is_added else "said")
    elif role in {"assistant", "tool"}:
        yield from _answer(index, [as_object(block) for block in as_list(content)], text, model)


def _answer(index: int, blocks: list[dict[str, Any]], text: str, model: str | None) -> Iterator[Turn]:
    turn = Turn(role="assistant", text=text, model=model)
    results: list[ToolResult] = []
    for block in blocks:
        call_id = as_text(block.get("toolCallId")) or f"call:{index}:{len(turn.calls)}"
        if block.get("type") == "tool-call":
            turn.calls += (ToolCall(call_id, as_text(block.get("toolName")), parse_arguments(block.get("args", block.get("input")))),)
        elif block.get("type") == "tool-result":
            answer = block.get("result", block.get("output"))
            results.append(ToolResult(call_id, content_text(answer) or content_text(as_object(answer).get("value"))))
        elif block.get("type") == "reasoning":
            turn.thinking = as_text(block.get("text"))
    if turn.text or turn.calls or turn.thinking:
        yield turn
    if results:
        yield Turn(role="tool", results=tuple(results))
