"""A JSON list of turns, or one turn a line, under any of the usual names; also wrapped: `{"messages": […]}`, `{"turns": […]}`, lists of
such sessions.

Understands plain text, OpenAI's and Anthropic's content blocks and tool calls, `{"from", "value"}` pairs, and the output of `onward
read --json`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import orjson

from onward.core.agents import agent_id
from onward.core.transcript.transcript import ImportReport, Mark, Role, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn, Usage
from onward.formats.blocks import build_usage, parse_arguments
from onward.formats.envelopes import extract_typed
from onward.formats.fields import as_count, as_list, as_object, as_text, as_time
from onward.formats.json_elements import read_objects
from onward.formats.source import TranscriptSource

NAME = "json-turns"

_ROLES: dict[str, Role] = {
    **dict.fromkeys(("user", "human", "customer", "you", "prompter", "person", "pengguna"), "user"),
    **dict.fromkeys(("assistant", "ai", "bot", "gpt", "model", "agent", "chatgpt", "claude", "gemini", "chatbot", "asisten"), "assistant"),
    **dict.fromkeys(("system", "developer", "instructions"), "system"),
    **dict.fromkeys(("tool", "function", "tool_result", "observation", "function_call_output"), "tool"),
}
_ROLE_KEYS = ("role", "sender", "from", "author", "speaker", "type")
TEXT_KEYS = ("content", "text", "value", "message", "parts", "body", "response")
_TIME_KEYS = ("at", "timestamp", "created_at", "createdAt", "create_time", "time", "ts", "date")
_ID_KEYS = ("id", "uuid", "message_id", "messageId")
_MORE_KEYS = frozenset({"tool_calls", "calls", "function_call", "results", "thinking", "reasoning", "reasoning_content"})
_OTHER_KEYS = frozenset((*_TIME_KEYS, *_ID_KEYS, *_MORE_KEYS, "model", "usage"))
"""Possible keys of a record beside a role and a text."""
_RESULT_KEYS = ("name", "tool_call_id", "tool_use_id", "call_id", "is_error", "exit_code")
_KIND_KEYS = ("kind", "type")
_CALL_KINDS = frozenset({"tool_use", "tool_call", "function_call"})
_RESULT_KINDS = frozenset({"tool_result", "tool_output", "function_call_output", "observation"})
_THOUGHT_KINDS = frozenset({"thinking", "reasoning", "thought"})
_EVENT_KINDS = _CALL_KINDS | _RESULT_KINDS | _THOUGHT_KINDS
"""What a record of an agent's may be beside a message, where each call and each result is a record of its own."""
_TOOL_NAME_KEYS = ("tool", "name", "tool_name", "toolName")
_ARGUMENT_KEYS = ("input", "arguments", "args", "content")
_CALL_ID_KEYS = ("tool_use_id", "tool_call_id", "call_id")
_RAW_TEXT_KEYS = ("content", "text", "description")
"""Where the event of a client, kept under `raw`, has what a person asked for."""
_EXPORT_KEYS = ("handle", "session", "session_number", "turn", "ordinal", "abandoned", "agent", *Turn.__dataclass_fields__)
_PROVIDER_KEYS = (
    *("annotations", "attachments", "audio", "cache_control", "finish_reason", "index", "logprobs", "metadata", "object", "phase"),
    *("refusal", "status", "stop_details", "stop_reason", "stop_sequence", "provider", "parent_id", "parentUuid"),
)
"""What messages of model providers have beside what was said."""
_CALL_KEYS = (*_KIND_KEYS, *_TOOL_NAME_KEYS, *_ARGUMENT_KEYS, *_CALL_ID_KEYS)
TURN_KEYS = frozenset((*_ROLE_KEYS, *TEXT_KEYS, *_OTHER_KEYS, *_CALL_KEYS, *_RESULT_KEYS, *_EXPORT_KEYS, *_PROVIDER_KEYS))
"""All keys of a turn in any usual form, for refusing a misspelt one."""
_LIST_KEYS = (
    "messages",
    "turns",
    "conversation",
    "conversation_history",
    "history",
    "chat",
    "conversations",
    "sessions",
    "dialog",
    "dialogue",
    "data",
)


def detect(head: bytes) -> bool:
    """Whether the content is JSON with at least one message."""
    start = head.lstrip()[:1]
    if start not in (b"[", b"{"):
        return False
    flat = head[:16384]
    has_text = any(f'"{key}"'.encode() in flat for key in TEXT_KEYS)
    return has_text and any(f'"{key}"'.encode() in flat for key in _ROLE_KEYS)


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the turns of a document, or of every line. A turn's position is its index in the document, or its line."""
    reader = _Reader(report)
    if _is_lines(source.head) or source.has_record_lines:
        for number, record in source.records(report):
            yield from reader.take(number, record)
    elif source.head[:4096].translate(None, b"\0 \t\r\n").startswith(b"[{"):
        # A list is read one element at a time: an export may be larger than memory.
        for index, record in read_objects(source, report):
            yield from reader.take(index, record)
    else:
        yield from reader.read_session(source.document(report), is_top=True)


def read_records(records: Sequence[object], report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the turns of *records*, each the object of one turn. A turn's position is its index."""
    reader = _Reader(report)
    for index, record in enumerate(records):
        yield from reader.take(index, record)


def _is_lines(head: bytes) -> bool:
    """Whether each line is a record: the first line is a complete object, and more follows."""
    first, _, rest = head.replace(b"\0", b"").lstrip().partition(b"\n")
    if not first.startswith(b"{") or not rest.strip():
        return False
    try:
        orjson.loads(first)
    except orjson.JSONDecodeError:
        return first.rstrip().endswith(b"}") and rest.lstrip().startswith(b"{")
    return True


class _Reader:
    def __init__(self, report: ImportReport) -> None:
        self.report = report
        self.has_head = False

    def take(self, number: int, record: object) -> Iterator[TranscriptItem]:
        """A record that is a turn, a session, or neither."""
        if not isinstance(record, dict):
            self.report.reject(number, "not a turn: no object")
            return
        role = _role(record)
        if role is not None:
            turn = _turn(record, role, number)
            if turn is None:
                self.report.skip("empty message")
                return
            if not self.has_head:
                yield self._head({}, turn.at)
            self.report.keep()
            yield turn
        elif any(isinstance(record.get(key), list) for key in _LIST_KEYS):
            yield from self.read_session(record)
        else:
            self.report.skip("record without a known role")

    def read_session(self, value: object, *, is_top: bool = False) -> Iterator[TranscriptItem]:
        """A list of turns or of sessions, bare or wrapped."""
        if isinstance(value, dict) and not (is_top and _role(value) is not None):
            entries = next((value[key] for key in _LIST_KEYS if isinstance(value.get(key), list)), None)
            if entries is None:
                self.report.skip("document without turns")
                return
            if any(_role(as_object(entry)) is not None for entry in entries[:20]):
                yield self._head(value, next(filter(None, (_time(entry) for entry in map(as_object, entries[:20]))), None))
        else:
            entries = value if isinstance(value, list) else [value]
        for index, entry in enumerate(entries):
            if isinstance(entry, list):
                self.has_head = False
                yield from self.read_session(entry)
            else:
                yield from self.take(index, entry)

    def _head(self, wrapper: dict[str, Any], first_at: datetime | None) -> SessionHead:
        """Return the head of a session; one without a start of its own began with its first turn."""
        self.has_head = True
        return SessionHead(
            agent=agent_id(as_text(wrapper.get("agent"))) or NAME,
            id=as_text(wrapper.get("session_id") or wrapper.get("sessionId") or wrapper.get("id")) or None,
            started_at=as_time(wrapper.get("started_at")) or _time(wrapper) or first_at,
            title=as_text(wrapper.get("title") or wrapper.get("name")),
            cwd=as_text(wrapper.get("cwd")),
        )


def _role(record: dict[str, Any]) -> Role | None:
    for key in _ROLE_KEYS:
        value = record.get(key)
        if isinstance(value, dict):
            value = value.get("role")
        if isinstance(value, str) and (role := _ROLES.get(value) or _ROLES.get(value.lower())):
            return role
    return None


def _turn(record: dict[str, Any], role: Role, position: int) -> Turn | None:
    if kind := _event_kind(record):
        return _event(record, kind, position)
    content = _first_value(record, TEXT_KEYS) or ""
    if not content and role == "user":
        content = _first_value(as_object(record.get("raw")), _RAW_TEXT_KEYS) or ""
    if isinstance(content, str) and role != "tool" and _OTHER_KEYS.isdisjoint(record):
        # Most records are a role and a text.
        text, mark = _message_text(role, [content] if content else [])
        return Turn(role, text, mark=mark, line=position) if text else None
    if isinstance(content, dict):
        content = content.get("parts") or content.get("content") or content.get("text") or [content]
    turn = Turn(role=role, text="", at=_time(record), id=_id(record))
    turn.line, turn.model = position, as_text(record.get("model")) or None
    turn.usage = _parse_usage(record["usage"]) if isinstance(record.get("usage"), dict) else None
    blocks: list[Any] = content if isinstance(content, list) else [content]
    texts = [text for text in map(_block_text, blocks) if text]
    # Other keys are looked for only if there are any.
    if role == "tool" or content is blocks or not _MORE_KEYS.isdisjoint(record):
        turn.calls = (*_calls(record, blocks),)
        turn.results = (*_results(record, blocks, role, texts),)
        turn.thinking = _thinking(record, blocks)
    if turn.results and role != "assistant":
        turn.role = "tool"
    else:
        turn.text, turn.mark = _message_text(role, texts)
    return turn if turn.text or turn.calls or turn.results or turn.thinking else None


def _event_kind(record: dict[str, Any]) -> str:
    """Return what a record is where it is a call, a result or a thought of its own and has its role beside; else nothing."""
    if not isinstance(record.get("role"), str):
        return ""
    kinds = (as_text(record.get(key)).replace("-", "_").lower() for key in _KIND_KEYS)
    return next((kind for kind in kinds if kind in _EVENT_KINDS), "")


def _event(record: dict[str, Any], kind: str, position: int) -> Turn | None:
    """Return the turn of a record that is a call, a result or a thought; the client's own event may be kept under `raw`."""
    raw = as_object(record.get("raw"))
    turn = Turn(role="tool" if kind in _RESULT_KINDS else "assistant", text="", at=_time(record), id=_id(record))
    turn.line = position
    content = _first_value(record, TEXT_KEYS)
    text = "\n".join(filter(None, map(_block_text, content if isinstance(content, list) else [content])))
    if kind in _CALL_KINDS:
        arguments = next((fields[key] for fields in (raw, record) for key in _ARGUMENT_KEYS if fields.get(key)), "")
        name = as_text(_first_value(record, _TOOL_NAME_KEYS) or raw.get("name"))
        turn.calls = (ToolCall(_id(record) or _id(raw) or "", name, parse_arguments(arguments)),)
    elif kind in _RESULT_KINDS:
        call_id = as_text(_first_value(record, _CALL_ID_KEYS) or _first_value(raw, _CALL_ID_KEYS))
        is_error = record.get("is_error", raw.get("is_error"))
        turn.results = (ToolResult(call_id, text, is_error if isinstance(is_error, bool) else None),)
    else:
        turn.thinking = text
    return turn if turn.calls or turn.results or turn.thinking else None


def _message_text(role: Role, texts: list[str]) -> tuple[str, Mark]:
    """Return the parts of one message: its text and its mark."""
    return extract_typed(texts) if role == "user" else ("\n\n".join(texts), "injected" if role == "system" else "said")


def _first_value(record: dict[str, Any], keys: tuple[str, ...]) -> object:
    for key in keys:
        if value := record.get(key):
            return value
    return None


def _time(record: dict[str, Any]) -> datetime | None:
    for key in _TIME_KEYS:
        if key in record and (at := as_time(record[key])):
            return at
    return None


def _id(record: dict[str, Any]) -> str | None:
    for key in _ID_KEYS:
        if (value := record.get(key)) and isinstance(value, str):
            return value
    return None


def _block_text(block: object) -> str:
    if isinstance(block, str):
        return block
    if not isinstance(block, dict):
        return ""
    kind = as_text(block.get("type"))
    if "image" in kind:
        return "[image]"
    return "" if kind in {"tool_use", "tool_result", "thinking", "reasoning"} else as_text(block.get("text"))


def _calls(record: dict[str, Any], blocks: list[Any]) -> Iterator[ToolCall]:
    for call in (*as_list(record.get("tool_calls")), *as_list(record.get("calls"))):
        function = as_object(as_object(call).get("function")) or as_object(call)
        yield ToolCall(
            as_text(as_object(call).get("id")),
            as_text(function.get("name")),
            parse_arguments(function.get("arguments", function.get("input"))),
        )
    if legacy := as_object(record.get("function_call")):
        yield ToolCall("", as_text(legacy.get("name")), parse_arguments(legacy.get("arguments")))
    for block in blocks:
        if isinstance(block, dict) and block.get("type") == "tool_use":
            yield ToolCall(as_text(block.get("id")), as_text(block.get("name")), parse_arguments(block.get("input")))


def _results(record: dict[str, Any], blocks: list[Any], role: Role, texts: list[str]) -> Iterator[ToolResult]:
    for block in (*blocks, *as_list(record.get("results"))):
        result = as_object(block)
        if result.get("type") == "tool_result" or "call_id" in result:
            answer = result.get("content", result.get("text"))
            text = answer if isinstance(answer, str) else "\n".join(map(_block_text, as_list(answer)))
            is_error, code = result.get("is_error"), result.get("exit_code")
            yield ToolResult(
                as_text(result.get("tool_use_id") or result.get("call_id")),
                text,
                is_error if isinstance(is_error, bool) else None,
                code if isinstance(code, int) else None,
            )
    if role == "tool" and texts:
        yield ToolResult(as_text(record.get("tool_call_id")), "\n".join(texts))


def _thinking(record: dict[str, Any], blocks: list[Any]) -> str:
    parts = [as_text(record.get(key)) for key in ("thinking", "reasoning", "reasoning_content")]
    parts += [as_text(block.get("thinking")) or as_text(block.get("text")) for block in blocks if _is_thinking(block)]
    return "\n\n".join(filter(None, parts))


def _is_thinking(block: object) -> bool:
    return isinstance(block, dict) and as_text(block.get("type")) in {"thinking", "reasoning"}


def _parse_usage(usage: dict[str, Any]) -> Usage | None:
    return build_usage(
        as_count(usage.get("input_tokens") or usage.get("prompt_tokens")),
        as_count(usage.get("output_tokens") or usage.get("completion_tokens")),
        as_count(usage.get("cache_read_tokens") or usage.get("cache_read_input_tokens")),
        as_count(usage.get("cache_write_tokens") or usage.get("cache_creation_input_tokens")),
    )
