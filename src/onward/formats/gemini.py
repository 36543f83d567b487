"""Gemini CLI (and older versions of Qwen Code): one document a session, or JSON lines with patches since v0.40.

In lines, a message with a known id replaces the earlier one, `{"$set": …}` patches the head or gives the model another list of
messages, and `{"$rewindTo": id}` removes that message and all after it. Results are inside the calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from onward.core.transcript.transcript import ImportReport, Rewind, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn, Usage
from onward.formats.blocks import build_usage, content_text, find_exit_code, parse_arguments
from onward.formats.fields import as_count, as_list, as_object, as_text, as_time, compact_json, first_record, skip_reason
from onward.formats.gemini_folder import find_project
from onward.formats.source import TranscriptSource

NAME = "gemini"
AGENT = "gemini-cli"
VERSIONS = ("0.40", "0.61.0")

_MAX_PENDING = 256
"""How many messages wait for a possible replacement."""
_TYPES = frozenset({"user", "gemini", "model", "assistant"})
_SNAPSHOT = "<state_snapshot>"


def detect(head: bytes) -> bool:
    """Whether *head* begins a session of Gemini CLI, in either form."""
    flat = head[:4096].replace(b'": ', b'":')
    return flat.lstrip().startswith(b"{") and b'"sessionId":' in flat and b'"projectHash":' in flat and b'"startTime":' in flat


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the session. Removed messages are followed by a rewind."""
    session = _Session(report, source.path)
    if _is_document(source.head) and not source.has_record_lines:
        document = as_object(source.document(report))
        session.patch({key: value for key, value in document.items() if key != "messages"})
        for index, message in enumerate(as_list(document.get("messages"))):
            session.add(index, message)
            yield from session.release(_MAX_PENDING)
    else:
        for number, record in source.records(report):
            yield from session.take(number, record)
    yield from session.release(0)


def _is_document(head: bytes) -> bool:
    """Whether the messages are in the first record: it does not end with its line, or they are in it. Lines may be torn or joined."""
    if record := first_record(head):
        return isinstance(record.get("messages"), list)
    first, _, rest = head.replace(b"\0", b"").lstrip().partition(b"\n")
    is_line = first.rstrip().endswith(b"}") and rest.lstrip()[:1] in {b"", b"{"}
    return not is_line or (not rest.strip() and b'"messages":[{' in compact_json(first, len(first)))


class _Session:
    """The session being read: its head so far, and the messages that may still be replaced."""

    def __init__(self, report: ImportReport, path: Path | None) -> None:
        self.report = report
        self.path = path
        self.about: dict[str, Any] = {}
        self.has_head = False
        self.pending: dict[str, tuple[int, dict[str, Any]]] = {}
        self.turns_before: dict[str, str | None] = {}
        """The turn before each yielded message. If the message is written again, it is a repeat."""
        self.last_id: str | None = None

    def take(self, number: int, record: dict[str, Any]) -> Iterator[TranscriptItem]:
        """Read one line, and yield what can no longer change."""
        if "$rewindTo" in record:
            yield from self._rewind(as_text(record["$rewindTo"]))
        elif "$set" in record:
            patch = as_object(record["$set"])
            self.patch({key: value for key, value in patch.items() if key != "messages"})
            for message in as_list(patch.get("messages")):
                self.add(number, message, is_context=True)
        elif "type" in record or "content" in record:
            self.add(number, record)
        else:
            self.patch(record)
        yield from self.release(_MAX_PENDING)

    def patch(self, about: dict[str, Any]) -> None:
        """Read the data of the session."""
        self.about.update(about)
        self.report.keep()

    def add(self, number: int, message: object, *, is_context: bool = False) -> None:
        """Add a message, or replace the one with its id. A list for the model (*is_context*) repeats known messages; the rest is its
        summary.
        """
        if not isinstance(message, dict):
            self.report.reject(number, "not a message")
            return
        message_id = as_text(message.get("id")) or f"line:{number}:{len(self.pending)}"
        if message_id in self.turns_before or (is_context and message_id in self.pending):
            self.report.skip("message written again")
            return
        if earlier_message := self.pending.get(message_id):
            self.report.skip("message written again")
            number = earlier_message[0]
        self.pending[message_id] = number, {**message, "is_context": True} if is_context else message

    def release(self, limit: int) -> Iterator[TranscriptItem]:
        """Yield the oldest messages until only *most* wait."""
        while len(self.pending) > limit:
            message_id = next(iter(self.pending))
            number, message = self.pending.pop(message_id)
            self.turns_before[message_id] = self.last_id
            turns = list(_turns(message))
            if not turns:
                kind = as_text(message.get("type"))
                self.report.skip("empty message" if kind in _TYPES else skip_reason(self.report.skipped, f"notice: {kind or 'unknown'}"))
                continue
            self.report.keep()
            if not self.has_head:
                self.has_head = True
                yield self._head()
            lane = as_text(self.about.get("sessionId")) if self.about.get("kind") == "subagent" else None
            for index, turn in enumerate(turns):
                turn.id, turn.line, turn.sidechain = f"{message_id}:{index}" if index else message_id, number, lane
                turn.at = as_time(message.get("timestamp"))
                if lane and turn.role == "user":
                    turn.mark = "injected"
                yield turn
            self.last_id = turns[-1].id

    def _rewind(self, message_id: str) -> Iterator[TranscriptItem]:
        """Yield what waits, and the rewind to the turn before the message; to the beginning if the message is unknown."""
        self.report.keep()
        yield from self.release(0)
        yield Rewind(to=self.turns_before.get(message_id))

    def _head(self) -> SessionHead:
        folders = [folder for folder in as_list(self.about.get("directories")) if isinstance(folder, str)]
        return SessionHead(
            agent=AGENT,
            id=as_text(self.about.get("sessionId")) or None,
            started_at=as_time(self.about.get("startTime")),
            title=as_text(self.about.get("summary")),
            cwd=folders[0] if folders else find_project(self.path),
        )


def _turns(message: dict[str, Any]) -> Iterator[Turn]:
    """Yield the turns of one message: a prompt; or an answer and the results of its calls."""
    kind = as_text(message.get("type"))
    text = content_text(message.get("content")).strip()
    if kind == "user":
        display_text = content_text(message.get("displayContent")).strip()
        if message.get("is_context"):
            yield Turn(role="user", text=text, mark="summary" if _SNAPSHOT in text else "injected")
        elif display_text or text:
            yield Turn(role="user", text=display_text or text)
    elif kind in _TYPES:
        answers = [as_object(call) for call in as_list(message.get("toolCalls"))]
        calls = tuple(ToolCall(as_text(call.get("id")), as_text(call.get("name")), parse_arguments(call.get("args"))) for call in answers)
        turn = Turn(role="assistant", text=text, calls=calls, thinking=_thoughts(message), model=as_text(message.get("model")) or None)
        turn.usage = _parse_usage(message.get("tokens"))
        turn.mark = "injected" if message.get("is_context") else "said"
        if turn.text or turn.calls or turn.thinking:
            yield turn
        results = tuple(_result(call) for call in answers if call.get("result") is not None or call.get("resultDisplay") is not None)
        if results:
            yield Turn(role="tool", results=results)
    elif kind == "error" and text:
        yield Turn(role="system", text=text, mark="injected")


def _thoughts(message: dict[str, Any]) -> str:
    thoughts = (as_object(thought) for thought in as_list(message.get("thoughts")))
    return "\n\n".join(
        ": ".join(filter(None, (as_text(thought.get("subject")), as_text(thought.get("description"))))) for thought in thoughts
    )


def _result(call: dict[str, Any]) -> ToolResult:
    """Return the result of a call: the texts of its function responses, or the displayed text."""
    texts: list[str] = []
    result = call.get("result")
    for part in map(as_object, result if isinstance(result, list) else [result]):
        response = as_object(as_object(part.get("functionResponse")).get("response"))
        texts.append(content_text(response.get("output")) or content_text(response.get("error")) or as_text(part.get("text")))
    text = "\n".join(filter(None, texts)) or (result if isinstance(result, str) else "") or content_text(call.get("resultDisplay"))
    status = call.get("status")
    is_error = status != "success" if isinstance(status, str) else None
    return ToolResult(as_text(call.get("id")), text, is_error, find_exit_code("Exit Code: ", text))


def _parse_usage(tokens: object) -> Usage | None:
    """Gemini counts cached tokens as input, and thoughts apart from the output."""
    if not isinstance(tokens, dict):
        return None
    cached_tokens = as_count(tokens.get("cached"))
    output_tokens = as_count(tokens.get("output")) + as_count(tokens.get("thoughts"))
    return build_usage(max(0, as_count(tokens.get("input")) - cached_tokens), output_tokens, cached_tokens)
