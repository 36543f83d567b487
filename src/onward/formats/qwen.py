"""Qwen Code: JSON lines, one record each, linked by `parentUuid` as Claude Code's are, with messages in the parts of Gemini's API.

An answer and each result are records of their own; `system` records are bookkeeping, but for a `chat_compression`, which has the summary.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from onward.core.transcript.transcript import ImportReport, Rewind, SessionHead, ToolResult, TranscriptItem, Turn, Usage
from onward.formats.blocks import build_usage, content_text
from onward.formats.envelopes import extract_typed
from onward.formats.fields import as_count, as_list, as_object, as_text, as_time, holds_objects, skip_reason, unknown_reason
from onward.formats.parts import read_parts
from onward.formats.source import TranscriptSource

NAME = "qwen"
AGENT = "qwen-code"
VERSIONS = ("0.21.13", "0.24.4")

_NOTICES = frozenset({"notification", "cron"})
_SUMMARY_START = "<state_snapshot>"


def detect(head: bytes) -> bool:
    """Whether the first records have Claude Code's envelope around messages with parts."""
    if not holds_objects(head):
        return False
    flat = head.translate(None, b" ")
    if b'"sessionId":' not in flat or b'"parentUuid":' not in flat:
        return False
    return any(
        words in flat
        for words in (b'"role":"user","parts":[', b'"role":"model","parts":[', b'"qwen-code.', b'"subtype":"attribution_snapshot"')
    )


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the session. A prompt that continues an earlier record is preceded by a rewind."""
    reader = _Reader(report)
    for number, record in source.records(report):
        yield from reader.take(number, record)


class _Reader:
    """The state of one read."""

    def __init__(self, report: ImportReport) -> None:
        self.report = report
        self.session_id: str | None = None
        self.title = ""
        self.turn_ids: dict[str, str | None] = {}
        """The id of the turn at or before each record."""
        self.last_uuid = ""

    def take(self, number: int, record: dict[str, Any]) -> Iterator[TranscriptItem]:
        """Read one record, and yield its turns."""
        uuid, kind = as_text(record.get("uuid")), as_text(record.get("type"))
        self.report.meet_version(as_text(record.get("version")))
        parent = as_text(record.get("parentUuid"))
        if uuid in self.turn_ids and uuid:
            self.report.skip("repeated record")
            return
        turns = self._turns(record, kind)
        if not turns:
            self._skip(record, kind)
            self.turn_ids[uuid] = self.turn_ids.get(parent)
            self.last_uuid = uuid or self.last_uuid
            return
        self.report.keep()
        yield from self._head(record)
        if kind == "user" and self.last_uuid and parent in self.turn_ids and parent != self.last_uuid:
            yield Rewind(to=self.turn_ids[parent])
        at = as_time(record.get("timestamp"))
        for index, turn in enumerate(turns):
            turn.id = (f"{uuid}:{index}" if index else uuid) or None
            turn.at, turn.line = at, number
            yield turn
        self.turn_ids[uuid] = turns[-1].id
        self.last_uuid = uuid or self.last_uuid

    def _head(self, record: dict[str, Any]) -> Iterator[SessionHead]:
        session_id = as_text(record.get("sessionId"))
        if self.session_id is None or (session_id and session_id != self.session_id):
            self.session_id = session_id
            yield SessionHead(
                agent=AGENT,
                id=session_id or None,
                started_at=as_time(record.get("timestamp")),
                title=self.title,
                cwd=as_text(record.get("cwd")),
                branch=as_text(record.get("gitBranch")),
            )

    def _turns(self, record: dict[str, Any], kind: str) -> list[Turn]:
        message = as_object(record.get("message"))
        if kind == "assistant":
            return _answer(record, message, self.report)
        if kind in {"user", "tool_result"}:
            return _prompt(record, message, self.report)
        if kind == "system" and record.get("subtype") == "chat_compression":
            return _summary(as_object(record.get("systemPayload")), self.report)
        return []

    def _skip(self, record: dict[str, Any], kind: str) -> None:
        payload = as_object(record.get("systemPayload"))
        if kind == "system":
            if title := as_text(payload.get("customTitle")):
                self.title = self.report.titles[self.session_id or ""] = title
            self.report.skip(skip_reason(self.report.skipped, f"system: {as_text(record.get('subtype'))[:40] or 'notice'}"))
        elif kind in {"user", "assistant", "tool_result"}:
            self.report.skip("empty message" if as_object(record.get("message")) else "message of unknown shape")
        else:
            self.report.skip(unknown_reason(self.report.skipped, kind))


def _prompt(record: dict[str, Any], message: dict[str, Any], report: ImportReport) -> list[Turn]:
    """Return the turns of a message in the user's name: results, typed text, and files that the agent read for it."""
    content = read_parts(message.get("parts", message.get("content")), report)
    turns: list[Turn] = []
    if content.results:
        turns.append(
            Turn(role="tool", results=tuple(_detailed(result, as_object(record.get("toolCallResult"))) for result in content.results))
        )
    text, mark = extract_typed([content.text])
    if text:
        is_typed = as_text(record.get("subtype")) not in _NOTICES and as_text(record.get("provenance")) in {"", "real_user"}
        turns.append(Turn(role="user", text=text, mark=mark if is_typed else "injected"))
    if content.attached:
        turns.append(Turn(role="user", text="\n".join(content.attached), mark="injected"))
    return turns


def _answer(record: dict[str, Any], message: dict[str, Any], report: ImportReport) -> list[Turn]:
    content = read_parts(message.get("parts", message.get("content")), report)
    turn = Turn(role="assistant", text=content.text, calls=tuple(content.calls), thinking="\n\n".join(content.thoughts))
    turn.model, turn.usage = as_text(record.get("model")) or None, _parse_usage(as_object(record.get("usageMetadata")))
    return [turn] if turn.text or turn.calls or turn.thinking else []


def _summary(payload: dict[str, Any], report: ImportReport) -> list[Turn]:
    """Return the summary that a compression put in place of the conversation."""
    texts = [read_parts(as_object(entry).get("parts"), report).text for entry in as_list(payload.get("compressedHistory"))]
    summary = next((text for text in texts if _SUMMARY_START in text), texts[0] if texts else "")
    return [Turn(role="user", text=summary, mark="summary")] if summary else []


def _detailed(result: ToolResult, detail: dict[str, Any]) -> ToolResult:
    """Return *result* with the outcome that is recorded beside it."""
    status, display = as_text(detail.get("status")), as_object(detail.get("resultDisplay"))
    code = display.get("exitCode")
    return replace(
        result,
        call_id=result.call_id or as_text(detail.get("callId")),
        text=result.text or content_text(detail.get("resultDisplay")),
        is_error=status != "success" if status else result.is_error,
        exit_code=code if type(code) is int else result.exit_code,
    )


def _parse_usage(usage: dict[str, Any]) -> Usage | None:
    """Qwen counts cached tokens as input, and thoughts in the output."""
    cached_tokens = as_count(usage.get("cachedContentTokenCount"))
    input_tokens = max(0, as_count(usage.get("promptTokenCount")) - cached_tokens)
    return build_usage(input_tokens, as_count(usage.get("candidatesTokenCount")), cached_tokens)
