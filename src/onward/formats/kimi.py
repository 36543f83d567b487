"""Kimi Code: `wire.jsonl` of an agent of a session, JSON lines `{type, …, time}`; and the older Kimi CLI's, with events in `message`.

A step of the model is recorded in pieces: `step.begin`, parts of the content, calls, results, and `step.end` with the usage. A prompt is a
`turn.prompt`, and again a message of the context. `context.undo` takes prompts back; a compaction leaves a summary.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from onward.core.transcript.transcript import ImportReport, Mark, Rewind, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn, Usage
from onward.formats.blocks import build_usage, content_text, find_exit_code, parse_arguments
from onward.formats.fields import as_count, as_list, as_object, as_text, as_time, skip_reason, unknown_reason
from onward.formats.messages import MessageContent, place_turns, read_content, result_text
from onward.formats.source import TranscriptSource, read_object_file

NAME = "kimi"
VERSIONS = ("1.1", "1.4", "1.5")
"""Versions of the protocol."""

_PROMPTS = {"turn.prompt": "said", "turn.steer": "queued", "TurnBegin": "said", "SteerInput": "queued"}
_BOOKKEEPING = frozenset(
    "config cron forked full_compaction goal interaction interruptionReminder llm mcp permission plan plan_mode plugin profile prompt "
    "runtime staleGuard swarm_mode task token_counting tools tower_mode turn usage context TurnEnd StatusUpdate CompactionBegin "
    "CompactionEnd StepInterrupted ApprovalRequest ApprovalResponse".split()
)
_EXIT_WORDS = "exit code: "


def detect(head: bytes) -> bool:
    """Whether *head* begins the records of an agent."""
    flat = head[:16384].translate(None, b" ")
    if not flat.startswith(b"{"):
        return False
    if b'"type":"metadata"' in flat.partition(b"\n")[0] and b'"protocol_version":' in flat:
        return True
    return b'"type":"turn.prompt"' in flat or b'"type":"context.append_' in flat or b'"message":{"type":"TurnBegin"' in flat


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the turns of one agent of a session."""
    reader = _Reader(source, report)
    for number, record in source.records(report):
        yield from reader.take(number, record)
    yield from reader.flush()


class _Reader:
    """The state of one read: the session, and the current step."""

    def __init__(self, source: TranscriptSource, report: ImportReport) -> None:
        self.report = report
        self.head, self.agent = _read_head(source)
        self.has_head = False
        self.model: str | None = None
        self.step = MessageContent()
        self.step_at: datetime | None = None
        self.step_line = 0
        self.usage: Usage | None = None
        self.results: list[tuple[int, datetime | None, ToolResult]] = []
        self.last_prompt = ""
        self.last_id: str | None = None
        self.prompt_anchors: list[str | None] = []
        """The turn before each prompt."""

    def take(self, number: int, record: dict[str, Any]) -> Iterator[TranscriptItem]:
        """Read one record, and yield what is complete."""
        kind, fields = as_text(record.get("type")), record
        if event := as_object(record.get("message")) if not kind else {}:
            kind, fields = as_text(event.get("type")), as_object(event.get("payload"))
        elif kind == "context.append_loop_event":
            fields = as_object(record.get("event"))
            kind = as_text(fields.get("type"))
        at = as_time(record.get("time")) or as_time(record.get("timestamp"))
        if kind in _PROMPTS:
            yield from self._prompt(kind, fields, number, at)
        elif kind == "context.append_message":
            yield from self._message(as_object(fields.get("message")), number, at)
        elif kind in {"context.apply_compaction", "context.undo"}:
            yield from self._context(kind, fields, number, at)
        elif kind in {"step.begin", "StepBegin"}:
            yield from self.flush()
            self.report.keep()
        elif self._add_piece(kind, fields, number, at):
            self.report.keep()
        else:
            self._about(kind, fields)

    def _about(self, kind: str, fields: dict[str, Any]) -> None:
        """Take what a record says about the session, and count it."""
        if kind == "config.update":
            self.head.cwd = (
                as_text(fields.get("cwd")) or as_text(as_object(fields.get("environmentDisclosure")).get("cwd")) or self.head.cwd
            )
        elif kind == "metadata":
            self.report.meet_version(as_text(fields.get("protocol_version")))
        elif kind == "usage.record" and self.usage is None:
            self.usage = _parse_usage(as_object(fields.get("usage")))
        elif kind == "StatusUpdate":
            self.usage = _parse_usage(as_object(fields.get("token_usage"))) or self.usage
        self.model = as_text(fields.get("modelAlias")) or as_text(fields.get("model")) or self.model
        if kind in {"config.update", "metadata"}:
            self.report.keep()
        elif kind.partition(".")[0] in _BOOKKEEPING:
            self.report.skip(skip_reason(self.report.skipped, f"record: {kind}"))
        else:
            self.report.skip(unknown_reason(self.report.skipped, kind))

    def _add_piece(self, kind: str, fields: dict[str, Any], number: int, at: datetime | None) -> bool:
        """Add a piece of the current step; return whether the record is one."""
        if kind in {"tool.result", "ToolResult"}:
            self.results.append((number, at, _result(fields)))
            return True
        if kind in {"content.part", "ContentPart"}:
            content = read_content(fields.get("part") or fields, self.report)
            self.step.texts += content.texts
            self.step.thoughts += content.thoughts
        elif kind in {"tool.call", "ToolCall"}:
            function = as_object(fields.get("function")) or fields
            arguments = parse_arguments(function.get("arguments", function.get("args")))
            call_id = as_text(fields.get("toolCallId")) or as_text(fields.get("id"))
            self.step.calls.append(ToolCall(call_id, as_text(function.get("name")), arguments))
        elif kind == "ToolCallPart" and self.step.calls:
            last = self.step.calls[-1]
            last.arguments = parse_arguments(str(last.arguments) + as_text(fields.get("arguments_part")))
        elif kind == "step.end":
            self.usage = _parse_usage(as_object(fields.get("usage"))) or self.usage
            self.model = as_text(fields.get("model")) or self.model
        else:
            return False
        self.step_at, self.step_line = self.step_at or at, self.step_line or number
        return True

    def flush(self) -> Iterator[TranscriptItem]:
        """Yield the recorded step, and the results of its calls."""
        turns = self.step.turns("assistant")
        for turn in turns:
            turn.model, turn.usage = self.model, self.usage
        yield from self._emit(turns, self.step_line, self.step_at)
        if self.results:
            number, at, _ = self.results[0]
            yield from self._emit([Turn(role="tool", results=tuple(result for *_, result in self.results))], number, at)
        self.step, self.results, self.usage = MessageContent(), [], None
        self.step_at, self.step_line = None, 0

    def _emit(self, turns: list[Turn], number: int, at: datetime | None) -> Iterator[TranscriptItem]:
        if turns and not self.has_head:
            self.has_head = True
            self.head.started_at = self.head.started_at or at
            yield self.head
        message_id = f"{at:%Y%m%dT%H%M%S.%f}/{number}" if at else ""
        for turn in place_turns(turns, message_id, at, number, sidechain=self.agent):
            if self.agent and turn.role == "user":
                turn.mark = "injected"
            self.last_id = turn.id
            yield turn

    def _prompt(self, kind: str, fields: dict[str, Any], number: int, at: datetime | None) -> Iterator[TranscriptItem]:
        yield from self.flush()
        text = content_text(fields.get("input") or fields.get("user_input")).strip()
        origin = as_text(as_object(fields.get("origin")).get("kind"))
        if not text:
            self.report.skip("empty message")
            return
        self.report.keep()
        self.prompt_anchors.append(self.last_id)
        self.last_prompt = text
        mark: Mark = "queued" if _PROMPTS[kind] == "queued" else "said"
        yield from self._emit([Turn(role="user", text=text, mark=mark if origin in {"", "user"} else "injected")], number, at)

    def _message(self, message: dict[str, Any], number: int, at: datetime | None) -> Iterator[TranscriptItem]:
        """Yield a message that was added to the context, unless it repeats the prompt."""
        role, origin = as_text(message.get("role")), as_text(as_object(message.get("origin")).get("kind"))
        content = read_content(message.get("content"), self.report)
        if role == "user" and "\n".join(content.texts).strip() == self.last_prompt and origin in {"", "user"}:
            self.report.skip("repeated prompt")
            return
        content.calls += [
            ToolCall(as_text(call.get("id")), as_text(call.get("name")), parse_arguments(call.get("arguments")))
            for call in map(as_object, as_list(message.get("toolCalls")))
        ]
        turns = content.turns("user" if role == "user" else "assistant" if role == "assistant" else "system")
        for turn in turns:
            if role == "user" and origin not in {"", "user"}:
                turn.mark = "summary" if origin == "compaction_summary" else "injected"
        if not turns or role == "tool":
            self.report.skip("empty message" if role != "tool" else "repeated result")
            return
        self.report.keep()
        yield from self.flush()
        yield from self._emit(turns, number, at)

    def _context(self, kind: str, fields: dict[str, Any], number: int, at: datetime | None) -> Iterator[TranscriptItem]:
        """Yield the summary of a compaction, or the way back before the last prompts."""
        yield from self.flush()
        if kind == "context.undo":
            count = as_count(fields.get("count")) or 1
            self.report.keep()
            if count <= len(self.prompt_anchors):
                yield Rewind(to=self.prompt_anchors[-count])
                del self.prompt_anchors[-count:]
            return
        summary = fields.get("contextSummary") or fields.get("summary")
        text = content_text(as_object(summary).get("content")) if isinstance(summary, dict) else as_text(summary)
        if not text:
            self.report.skip("empty message")
            return
        self.report.keep()
        yield from self._emit([Turn(role="user", text=text, mark="summary")], number, at)


def _read_head(source: TranscriptSource) -> tuple[SessionHead, str | None]:
    """Return the head, from the folders and the state beside the file, and the name of the sub-agent whose file it is."""
    head = SessionHead(agent=NAME)
    if source.path is None or source.path.name != "wire.jsonl":
        return head, None
    folder = source.path.absolute().parent
    agent = folder.name if folder.parent.name == "agents" else ""
    session = folder.parents[1] if agent else folder
    state = read_object_file(session / "state.json")
    head.id, head.title = session.name, as_text(state.get("title"))
    head.started_at = as_time(state.get("createdAt"))
    return head, agent if agent not in {"", "main"} else None


def _result(fields: dict[str, Any]) -> ToolResult:
    """Return the result of a call; its message says why it failed, with the exit code."""
    result = as_object(fields.get("result")) or as_object(fields.get("return_value"))
    is_error = result.get("isError", result.get("is_error"))
    text, message = result_text(result.get("output")), as_text(result.get("message"))
    text = text if not message or message in text else f"{text}\n{message}".strip()
    code = find_exit_code(_EXIT_WORDS, text[-300:])
    call_id = as_text(fields.get("toolCallId")) or as_text(fields.get("tool_call_id"))
    return ToolResult(call_id, text, is_error if isinstance(is_error, bool) else None, code)


def _parse_usage(usage: dict[str, Any]) -> Usage | None:
    return build_usage(
        as_count(usage.get("inputOther")) or as_count(usage.get("input_other")),
        as_count(usage.get("output")),
        as_count(usage.get("inputCacheRead")) or as_count(usage.get("input_cache_read")),
        as_count(usage.get("inputCacheCreation")) or as_count(usage.get("input_cache_creation")),
    )
