"""Grok: a session's `chat_history.jsonl` as Grok Build writes it (`~/.grok/sessions`), or the database of Grok CLI (`~/.grok/grok.db`).

Lines have no times: these, and the usage of each prompt, are in `updates.jsonl` beside them; title, folder and branch in `summary.json`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from onward.core.transcript.transcript import ImportReport, SessionHead, ToolResult, TranscriptItem, Turn, Usage
from onward.formats.blocks import build_usage, content_text, find_exit_code
from onward.formats.databases import has_tables, open_database
from onward.formats.fields import as_count, as_list, as_object, as_text, as_time, first_record, unknown_reason
from onward.formats.messages import MessageContent, parse_tool_call, place_turns, read_content, result_text
from onward.formats.source import TranscriptSource, read_object_file

if TYPE_CHECKING:
    import sqlite3

NAME = "grok"
VERSIONS = ("1.0.6",)

_SQLITE = b"SQLite format 3"
_EXIT_WORDS = ("exit: ", "Exit code: ")
_TYPES = frozenset({"system", "user", "assistant", "tool_result", "tool", "reasoning", "backend_tool_call"})
_KEY_CHARACTERS = 40
_WORKSPACE = re.compile(rb"Workspace Path: ([^\\\n\"<]+)")


def detect(head: bytes) -> bool:
    """Whether *head* is of the database, or of a session in lines."""
    if head.startswith(_SQLITE):
        return has_tables(head, "workspaces", "sessions", "messages", "tool_calls") and b"message_json" in head
    flat = head[:16384].translate(None, b" ")
    if not flat.startswith(b'{"type":') and "type" not in first_record(head):
        return False
    marks = (b'"prompt_index":', b'"synthetic_reason":', b'"model_id":"grok', b'"type":"backend_tool_call"')
    return b'"type":"user"' in flat and b'"content":' in flat and any(mark in flat for mark in marks)


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the session, or those of the database. A line, or a message, is a record."""
    if source.head.startswith(_SQLITE):
        with open_database(source) as connection:
            yield from _read_database(connection, report)
        return
    reader = _Reader(source, report)
    yield reader.head
    for number, record in source.records(report):
        yield from reader.take(number, record)


class _Updates:
    """What `updates.jsonl` adds to a session: the time of each message and call, and the usage of each prompt, in order."""

    def __init__(self, source: TranscriptSource) -> None:
        self.times: dict[str, datetime] = {}
        self.usages: list[Usage] = []
        kind = ""
        if source.path is None or not source.path.is_file():
            return
        for _, record in source.records(ImportReport()):
            update = as_object(as_object(record.get("params")).get("update")) or as_object(record.get("update"))
            at = as_time(record.get("timestamp"))
            if usage := _parse_usage(as_object(update.get("usage"))):
                self.usages.append(usage)
            last_kind, kind = kind, as_text(update.get("sessionUpdate"))
            text = as_text(as_object(update.get("content")).get("text"))
            key = as_text(update.get("toolCallId")) + (":end" if as_text(update.get("status")) in {"completed", "failed"} else "")
            if kind.endswith("_message_chunk"):
                key = _key(text) if kind != last_kind else ""
            if at and key:
                self.times.setdefault(key, at)

    def find_time(self, turn: Turn) -> datetime | None:
        """Return the time of a turn: of its first call, of its first result, or of its text."""
        ids = [call.id for call in turn.calls] + [f"{result.call_id}:end" for result in turn.results]
        exact = next((self.times[name] for name in ids if name in self.times), None)
        key = _key(turn.text)
        return exact or self.times.get(key) or next((at for start, at in self.times.items() if start and turn.text.startswith(start)), None)


def _key(text: str) -> str:
    return text.strip()[:_KEY_CHARACTERS]


class _Reader:
    """The state of one read: the head, what is beside the file, and the thoughts before an answer."""

    def __init__(self, source: TranscriptSource, report: ImportReport) -> None:
        self.report = report
        folder = source.path.absolute().parent if source.path is not None else None
        summary = read_object_file(folder / "summary.json") if folder else {}
        info = as_object(summary.get("info"))
        self.head = SessionHead(
            agent=NAME,
            id=as_text(info.get("id")) or None,
            started_at=as_time(summary.get("created_at")),
            title=as_text(summary.get("generated_title")) or as_text(summary.get("session_summary")),
            cwd=as_text(info.get("cwd")) or _told_folder(source.head),
            branch=as_text(summary.get("head_branch")),
            parent_id=as_text(summary.get("parent_session_id")) or None,
        )
        self.updates = _Updates(TranscriptSource(folder / "updates.jsonl")) if folder else None
        self.thoughts: list[str] = []
        self.prompts = 0

    def take(self, number: int, record: dict[str, Any]) -> Iterator[Turn]:
        """Read one line, and yield its turns."""
        kind = as_text(record.get("type")) or as_text(record.get("role"))
        if kind == "reasoning":
            self.thoughts += [text] if (text := content_text(record.get("summary")) or content_text(record.get("content"))) else []
            self.report.keep()
            return
        turns = self._turns(kind, record)
        if not turns:
            self.report.skip("empty message" if kind in _TYPES else unknown_reason(self.report.skipped, kind))
            return
        self.report.keep()
        for turn in place_turns(turns, f"{self.head.id}:{number}" if self.head.id else "", None, number):
            turn.at = self.updates.find_time(turn) if self.updates else None
            yield turn

    def _turns(self, kind: str, record: dict[str, Any]) -> list[Turn]:
        if kind in {"tool_result", "tool"}:
            text = result_text(record.get("content"))
            code = next((code for label in _EXIT_WORDS if (code := find_exit_code(label, text[:_KEY_CHARACTERS])) is not None), None)
            return [Turn(role="tool", results=(ToolResult(as_text(record.get("tool_call_id")), text, bool(code) or None, code),))]
        if kind == "backend_tool_call":
            return _backend_turns(as_object(record.get("kind")))
        if kind == "user":
            return self._prompt(record)
        if kind == "system":
            return read_content(record.get("content"), self.report).turns("system")
        if kind != "assistant":
            return []
        content = read_content(record.get("content"), self.report)
        content.calls = [parse_tool_call(as_object(call)) for call in as_list(record.get("tool_calls"))]
        content.thoughts, self.thoughts = [*self.thoughts, *filter(None, [as_text(record.get("reasoning_content"))])], []
        turns = content.turns("assistant")
        for turn in turns:
            turn.model = as_text(record.get("model_id")) or None
            # The usage of a prompt's whole work is that of its first answer.
            if self.updates and 0 < self.prompts <= len(self.updates.usages):
                turn.usage = self.updates.usages[self.prompts - 1]
                self.updates.usages[self.prompts - 1] = Usage()
            if turn.usage == Usage():
                turn.usage = None
        return turns

    def _prompt(self, record: dict[str, Any]) -> list[Turn]:
        turns, reason = read_content(record.get("content"), self.report).turns("user"), as_text(record.get("synthetic_reason"))
        for turn in turns:
            if reason == "interjection":
                turn.mark = "queued"
            elif reason:
                turn.mark = "summary" if "compact" in reason or "summary" in reason else "injected"
            elif turn.mark == "said":
                self.prompts += 1
        return turns


def _told_folder(head: bytes) -> str:
    """Return the folder that Grok names to the model at the beginning."""
    match = _WORKSPACE.search(head)
    return match[1].decode("utf-8", "replace") if match else ""


def _backend_turns(call: dict[str, Any]) -> list[Turn]:
    """Return a search that the service ran itself, as a call."""
    action = as_object(call.get("action"))
    content = MessageContent(calls=[parse_tool_call({"id": call.get("id"), "name": call.get("tool_type"), "input": action})])
    return content.turns("assistant") if call.get("tool_type") else []


def _parse_usage(usage: dict[str, Any]) -> Usage | None:
    """Grok counts cached tokens as input, and reasoning apart from the output."""
    cached_tokens = as_count(usage.get("cachedReadTokens"))
    output_tokens = as_count(usage.get("outputTokens"))
    return build_usage(max(0, as_count(usage.get("inputTokens")) - cached_tokens), output_tokens, cached_tokens)


def _read_database(connection: sqlite3.Connection, report: ImportReport) -> Iterator[TranscriptItem]:
    for row in connection.execute("SELECT * FROM sessions ORDER BY created_at, id"):
        session_id = as_text(row.get("id"))
        head = SessionHead(agent=NAME, id=session_id or None, title=as_text(row.get("title")), cwd=as_text(row.get("cwd_at_start")))
        head.started_at = as_time(row.get("created_at"))
        yield head
        events = connection.execute("SELECT * FROM usage_events WHERE session_id = ? AND message_seq IS NOT NULL", (session_id,))
        usages = {
            event["message_seq"]: build_usage(as_count(event.get("input_tokens")), as_count(event.get("output_tokens"))) for event in events
        }
        for message in connection.execute("SELECT * FROM messages WHERE session_id = ? ORDER BY seq", (session_id,)):
            turns = _stored_turns(message, report)
            if turns:
                report.keep()
            else:
                report.skip("empty message")
            for turn in turns:
                if turn.role == "assistant":
                    turn.model, turn.usage = as_text(row.get("model")) or None, usages.get(message["seq"])
            yield from place_turns(turns, f"{session_id}:{message['seq']}", as_time(message.get("created_at")), message["seq"])


def _stored_turns(row: dict[str, Any], report: ImportReport) -> list[Turn]:
    """Return the turns of a message of the AI SDK."""
    try:
        message = as_object(orjson.loads(as_text(row.get("message_json"))))
    except orjson.JSONDecodeError:
        return []
    role = as_text(message.get("role")) or as_text(row.get("role"))
    return read_content(message.get("content"), report).turns(
        "user" if role == "user" else "tool" if role == "tool" else "system" if role == "system" else "assistant"
    )
