"""pi: JSON lines of `~/.pi/agent/sessions`, a `session` head and then `message` records; since version 2 a tree linked by `parentId`.

Going back and continuing differently adds a second child to an earlier record. Older files have no ids; the index of a record is used
instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onward.core.transcript.transcript import ImportReport, Rewind, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn
from onward.formats.blocks import build_usage, content_text, find_exit_code, parse_call
from onward.formats.fields import as_count, as_list, as_object, as_text, as_time, first_record, skip_reason
from onward.formats.source import TranscriptSource

NAME = "pi"
VERSIONS = ("0.73.1",)
UNRECORDED = {
    "todo state": "the agent keeps no list",
}
"""What transcripts of this format do not record, with the reason."""

_SKIPPED = {
    "model_change": "settings",
    "thinking_level_change": "settings",
    "session_info": "settings",
    "label": "settings",
    "custom": "data of an extension",
}
_TAIL_CHARACTERS = 200


def detect(head: bytes) -> bool:
    """Whether the first record opens a session of pi, or the first ones are its messages."""
    flat = head[:4096].replace(b'": ', b'":').replace(b', "', b',"')
    first = flat.partition(b"\n")[0]
    if first.startswith(b'{"type":"session","'):
        return b'"id":' in first and b'"cwd":' in first
    record = first_record(head)
    if record.get("type") == "session":
        return {"id", "cwd"} <= record.keys()
    if record:
        return record.get("type") == "message" and "role" in as_object(record.get("message")) and "sessionId" not in record
    return first.startswith(b'{"type":"message",') and b'"message":{"role":' in first and b'"sessionId"' not in first


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the contents of the file; a second child of a record is a rewind to it."""
    reader = _Reader(report)
    for number, record in source.records(report):
        yield from reader.take(number, record)


class _Reader:
    """The state of one read: the turn at each record of the tree."""

    def __init__(self, report: ImportReport) -> None:
        self.report = report
        self.has_head = False
        self.turn_ids: dict[str, str | None] = {}
        """The id of the turn at or before each record."""
        self.last_id: str | None = None
        """The id of the last record."""

    def take(self, number: int, record: dict[str, Any]) -> Iterator[TranscriptItem]:
        """Read one record, and yield its contents."""
        kind = as_text(record.get("type"))
        if kind == "session":
            self.report.keep()
            self.has_head = True
            yield _head(record)
            return
        record_id, parent_id = as_text(record.get("id")), as_text(record.get("parentId"))
        turn = self._turn(kind, record)
        if record_id:
            if parent_id and self.last_id is not None and parent_id != self.last_id and parent_id in self.turn_ids:
                yield Rewind(to=self.turn_ids[parent_id])
            self.turn_ids[record_id] = record_id if turn is not None else self.turn_ids.get(parent_id)
            self.last_id = record_id
        if turn is None:
            return
        if not self.has_head:
            self.has_head = True
            yield SessionHead(agent=NAME)
        self.report.keep()
        turn.id, turn.at, turn.line = record_id or None, as_time(record.get("timestamp")), number
        yield turn

    def _turn(self, kind: str, record: dict[str, Any]) -> Turn | None:
        turn: Turn | None = None
        if kind == "message":
            turn = _message(as_object(record.get("message")), self.report)
        elif kind in {"compaction", "branch_summary"}:
            turn = Turn(role="user", text=as_text(record.get("summary")).strip(), mark="summary")
        elif kind == "custom_message":
            turn = Turn(role="user", text=content_text(record.get("content")).strip(), mark="injected")
        else:
            self.report.skip(skip_reason(self.report.skipped, _SKIPPED.get(kind) or f"unknown record type: {kind}"))
            return None
        if turn is None or not (turn.text or turn.calls or turn.results or turn.thinking):
            self.report.skip("empty message")
            return None
        return turn


def _head(record: dict[str, Any]) -> SessionHead:
    """Return the head. A session that was branched off names its parent's file, which ends in the parent's id."""
    parent = as_text(record.get("branchedFrom")) or as_text(record.get("parentSession"))
    return SessionHead(
        agent=NAME,
        id=as_text(record.get("id")) or None,
        started_at=as_time(record.get("timestamp")),
        cwd=as_text(record.get("cwd")),
        parent_id=parent.rpartition("_")[2].removesuffix(".jsonl") or None,
    )


def _message(message: dict[str, Any], report: ImportReport) -> Turn | None:
    """Return the turn of one message; None for an unknown role."""
    role = as_text(message.get("role"))
    content = message.get("content")
    if role == "user":
        return Turn(role="user", text=content_text(content).strip())
    if role == "assistant":
        return _answer(message, content, report)
    if role == "toolResult":
        return Turn(role="tool", results=(_result(message, content_text(content)),))
    if role == "bashExecution":
        return _command_turn(message)
    if role in {"compactionSummary", "branchSummary"}:
        return Turn(role="user", text=as_text(message.get("summary")).strip(), mark="summary")
    if role in {"custom", "hookMessage"}:
        return Turn(role="user", text=content_text(content).strip(), mark="injected")
    return None


def _answer(message: dict[str, Any], content: object, report: ImportReport) -> Turn:
    turn = Turn(role="assistant", model=as_text(message.get("model")) or None)
    texts: list[str] = []
    for block in [content] if isinstance(content, str) else map(as_object, as_list(content)):
        if isinstance(block, str):
            texts.append(block)
        elif block.get("type") == "toolCall":
            turn.calls += (parse_call(block),)
        elif block.get("type") == "thinking":
            turn.thinking = "\n\n".join(filter(None, (turn.thinking, as_text(block.get("thinking")))))
        elif text := content_text(block):
            texts.append(text)
        elif (kind := as_text(block.get("type"))) != "text":
            report.meet_unknown_part(kind)
    if failure := as_text(message.get("errorMessage")):
        texts.append(f"[{failure}]")
    turn.text = "\n\n".join(filter(None, map(str.strip, texts)))
    usage = as_object(message.get("usage"))
    turn.usage = build_usage(*(as_count(usage.get(name)) for name in ("input", "output", "cacheRead", "cacheWrite")))
    return turn


def _result(message: dict[str, Any], text: str) -> ToolResult:
    """A shell that did not fail ended with 0; a failed one prints its code at the end of its output."""
    is_error = message.get("isError")
    code: int | None = None
    if message.get("toolName") == "bash" and isinstance(is_error, bool):
        code = find_exit_code("exited with code ", text[-_TAIL_CHARACTERS:]) if is_error else 0
    return ToolResult(as_text(message.get("toolCallId")), text, is_error if isinstance(is_error, bool) else None, code)


def _command_turn(message: dict[str, Any]) -> Turn:
    """Return a command of the user, with its result."""
    call_id = f"ran:{as_count(message.get('timestamp'))}"
    code = message.get("exitCode")
    return Turn(
        role="user",
        text=f"!{as_text(message.get('command'))}",
        mark="injected",
        calls=(ToolCall(call_id, "bash", {"command": as_text(message.get("command"))}),),
        results=(ToolResult(call_id, as_text(message.get("output")), None, code if type(code) is int else None),),
    )
