"""Crush: one SQLite database a project (`.crush/crush.db`), with sessions and their messages.

The parts of a message are a JSON list `{type, data}`; results are messages of the role `tool`. A session with a parent is a sub-agent's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import orjson

from onward.core.transcript.transcript import ImportReport, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn
from onward.formats.blocks import find_exit_code, parse_arguments
from onward.formats.databases import has_tables, open_database
from onward.formats.fields import as_list, as_object, as_text, as_time
from onward.formats.identity import order_sessions
from onward.formats.messages import MessageContent, place_turns
from onward.formats.source import TranscriptSource

if TYPE_CHECKING:
    import sqlite3

NAME = "crush"
VERSIONS = ("0.90.0",)
UNRECORDED = {
    "usage": "a session has one sum of tokens for all its messages",
}
"""What transcripts of this format do not record, with the reason."""

_EXIT_WORDS = "Exit code "


def detect(head: bytes) -> bool:
    """Whether *head* is of the database."""
    return has_tables(head, "sessions", "messages") and b"parent_session_id" in head and b"completion_tokens" in head and b"parts" in head


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the sessions. A message is a record."""
    path = source.path
    folder = str(path.absolute().parents[1]) if path is not None and path.parent.name == ".crush" else ""
    with open_database(source) as connection:
        rows = {as_text(row.get("id")): row for row in connection.execute("SELECT * FROM sessions ORDER BY created_at, id")}
        for session_id in order_sessions((key, as_text(row.get("parent_session_id"))) for key, row in rows.items()):
            yield from _read_session(connection, rows[session_id], folder, report)


def _read_session(connection: sqlite3.Connection, row: dict[str, Any], folder: str, report: ImportReport) -> Iterator[TranscriptItem]:
    session_id, parent_id = as_text(row.get("id")), as_text(row.get("parent_session_id"))
    yield SessionHead(
        agent=NAME,
        id=session_id or None,
        started_at=as_time(row.get("created_at")),
        title=as_text(row.get("title")),
        cwd=folder,
        parent_id=parent_id or None,
    )
    messages = connection.execute("SELECT * FROM messages WHERE session_id = ? ORDER BY created_at, rowid", (session_id,))
    for index, message in enumerate(messages):
        turns = _turns(message, is_sub_agent=bool(parent_id))
        if turns:
            report.keep()
        else:
            report.skip("empty message")
        at = as_time(message.get("created_at"))
        yield from place_turns(turns, as_text(message.get("id")), at, index, sidechain=session_id if parent_id else None)


def _turns(message: dict[str, Any], *, is_sub_agent: bool) -> list[Turn]:
    try:
        parts = [as_object(part) for part in as_list(orjson.loads(as_text(message.get("parts")) or "[]"))]
    except orjson.JSONDecodeError:
        return []
    role, is_summary = as_text(message.get("role")), bool(message.get("is_summary_message"))
    content = _read_parts(parts)
    turns = content.turns("user" if role == "user" else "tool" if role == "tool" else "system" if role == "system" else "assistant")
    for turn in turns:
        if turn.role == "assistant":
            turn.model = as_text(message.get("model")) or None
        if turn.role in {"user", "assistant"}:
            turn.mark = "summary" if is_summary else "injected" if is_sub_agent and turn.role == "user" else turn.mark
    return [*turns, *_commands(parts, as_text(message.get("id")))]


def _read_parts(parts: list[dict[str, Any]]) -> MessageContent:
    content = MessageContent()
    for part in parts:
        kind, data = as_text(part.get("type")), as_object(part.get("data"))
        if kind == "text":
            content.texts += [text] if (text := as_text(data.get("text"))) else []
        elif kind == "reasoning":
            content.thoughts += [text] if (text := as_text(data.get("thinking"))) else []
        elif kind == "tool_call":
            content.calls.append(ToolCall(as_text(data.get("id")), as_text(data.get("name")), parse_arguments(data.get("input"))))
        elif kind == "tool_result":
            content.results.append(_result(data))
        elif kind in {"image_url", "binary"}:
            content.texts.append("[image]" if "image" in kind + as_text(data.get("MIMEType")) else "[file]")
    return content


def _result(data: dict[str, Any]) -> ToolResult:
    text, is_error = as_text(data.get("content")), data.get("is_error")
    name = as_text(data.get("name"))
    # Versions of 2025 leave out the name; only a shell ends its output with its folder.
    is_shell = name in {"bash", "job_output"} or (not name and text.endswith("</cwd>"))
    code = find_exit_code(_EXIT_WORDS, text[-300:]) if is_shell else None
    return ToolResult(as_text(data.get("tool_call_id")), text, bool(is_error or code) if isinstance(is_error, bool) else None, code)


def _commands(parts: list[dict[str, Any]], message_id: str) -> list[Turn]:
    """Return the commands that the person ran themselves, with their output."""
    turns: list[Turn] = []
    for index, part in enumerate(parts):
        data = as_object(part.get("data"))
        if as_text(part.get("type")) != "shell_command" or not (command := as_text(data.get("command"))):
            continue
        call, code = ToolCall(f"shell:{message_id}:{index}", "shell", {"command": command}), data.get("exit_code")
        code = code if type(code) is int else None
        turns.append(Turn(role="user", text=f"!{command}", mark="injected", calls=(call,)))
        turns.append(
            Turn(role="tool", results=(ToolResult(call.id, as_text(data.get("output")), bool(code) if code is not None else None, code),))
        )
    return turns
