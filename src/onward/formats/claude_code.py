"""Claude Code: JSON lines, one record each, linked by `parentUuid`; also the web export `{"loglines": […]}`.

One answer of the model is written as several lines with the same `message.id`, each with one more block or with everything so far, and
results may lie between them: a turn is the union of their distinct blocks. Prompts typed while the agent works are `queue-operation`
records.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from onward.core.transcript.frames import read_summary
from onward.core.transcript.transcript import ImportReport, Mark, Rewind, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn, Usage
from onward.formats.envelopes import extract_typed
from onward.formats.fields import as_count, as_list, as_object, as_text, as_time, holds_objects, unknown_reason
from onward.formats.limits import note_claude_limit
from onward.formats.source import TranscriptSource

NAME = "claude-code"
VERSIONS = ("1.0.24", "2.1.332")

_WEB_EXPORT = b'"loglines"'
_MAX_PENDING = 512
"""Maximum number of turns that wait for further parts of an answer."""
_FASTEST_ANSWER = timedelta(milliseconds=10)
"""No model answers faster: a record this close to its parent got its time when the file was copied."""
_COPY_PAUSE = timedelta(seconds=1)
"""Records further apart in time did not get their times from one copy."""
_KEY_CHARACTERS = 256
_PROGRESS = b'"type":"progress"'
_SNAPSHOT = b'{"type":"file-history-snapshot"'
_SKIPPED = {
    "progress": "progress of a running tool",
    "file-history-snapshot": "file history snapshot",
    "file-history-delta": "file history snapshot",
    **dict.fromkeys(("summary", "custom-title", "ai-title", "agent-name"), "title"),
    "last-prompt": "repeat of the last prompt",
    "mode": "mode",
    "permission-mode": "mode",
    "worktree-state": "worktree state",
    "frame-link": "link",
    **dict.fromkeys(("api-request", "api-request-blob", "api-request-shape"), "request to the model"),
    **dict.fromkeys(("atis-latch", "tools-used", "cost-state"), "state of the client"),
}
_TITLE_FIELDS = ("agentName", "aiTitle", "customTitle")
"""The titles of a session, the person's own last."""


def detect(head: bytes) -> bool:
    """Whether the first records are Claude Code's."""
    if not holds_objects(head):
        return False
    if _WEB_EXPORT in head[:4096] or head.startswith(_SNAPSHOT):
        return True
    if b'"sessionId"' not in head:
        return b'"leafUuid"' in head and b'"summary"' in head
    return b'"parentUuid"' in head or b'"queue-operation"' in head


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the contents of the file. A head comes with the first turn, because only records of the conversation name the folder."""
    reader = _Reader(report)
    take = reader.take
    for number, record in _records(source, report):
        take(number, record)
        if reader.pending:
            yield from reader.take_finished()
    reader.end()
    yield from reader.take_finished()


def _records(source: TranscriptSource, report: ImportReport) -> Iterator[tuple[int, dict[str, Any]]]:
    if _WEB_EXPORT not in source.head[:4096]:
        yield from source.records(report, _unparsed_reason)
        return
    for index, record in enumerate(as_list(as_object(source.document(report)).get("loglines"))):
        if isinstance(record, dict):
            yield index, record
        else:
            report.reject(index, "not a JSON object")


def _unparsed_reason(line: bytes) -> str:
    """Return the reason why a line need not be parsed. Progress can be 99 % of a file; with one brace before it, the type belongs to the
    record itself.
    """
    position = line.find(_PROGRESS, 0, 1024)
    if position > 0 and line.count(b"{", 0, position) == 1:
        return _SKIPPED["progress"]
    return _SKIPPED["file-history-snapshot"] if line.startswith(_SNAPSHOT) else ""


class _Reader:
    """The state of one read: turns that may still grow, queued prompts, and the turn of each record."""

    def __init__(self, report: ImportReport) -> None:
        self.report = report
        self.session_ids: list[str] = []
        self.pending: list[TranscriptItem] = []
        self.open_answers: dict[str | None, tuple[str, Turn]] = {}
        """The unfinished answer of each sidechain (main: None), with its message id."""
        self.block_hashes: dict[str, set[int]] = {}
        """Hashes of the blocks read so far, by message id."""
        self.turn_ids: dict[str, str | None] = {}
        """The id of the turn at or before each record."""
        self.record_keys: dict[str, int] = {}
        """What distinguishes two records with the same id."""
        self.ambiguous_ids: set[str] = set()
        self.lanes: dict[str, str] = {}
        self.continued_records: set[str] = set()
        """Records with a next prompt or answer in the main conversation; a second one opens a branch."""
        self.queue: deque[Turn | None] = deque()
        self.delivered_prompts: list[Turn] = []
        """Prompts taken from the queue whose own record is still to come."""
        self.repeat_counts: dict[str, int] = {}
        """Queued prompts already yielded; their own record would be a duplicate."""
        self.clock = _Clock()
        self.titles: dict[str, tuple[int, str]] = {}
        self.summaries: dict[str, str] = {}
        """Titles by the last record of the conversation that they name, which may be another file's."""

    def take(self, number: int, record: dict[str, Any]) -> None:
        """Read one record."""
        kind = as_text(record.get("type"))
        uuid = record.get("uuid")
        if isinstance(uuid, str):
            key = _record_key(kind, record)
            if self.record_keys.setdefault(uuid, key) == key:
                if uuid in self.turn_ids:
                    self.report.skip("repeated record")
                    return
            else:
                # An id that names two records names none: an exporter may have replaced the ids.
                self.ambiguous_ids.add(uuid)
        message = record.get("message")
        if kind in {"user", "assistant"} and isinstance(message, dict):
            self._open_session(record)
            lane = self._lane(record) if record.get("isSidechain") else None
            if kind == "assistant":
                self._read_answer(number, record, message, lane)
            else:
                self._read_user(number, record, message, lane)
        elif kind == "queue-operation":
            self._read_queue(number, record)
        else:
            self._read_other(number, record, kind)
        if isinstance(uuid, str) and uuid not in self.turn_ids:
            self.turn_ids[uuid] = self.turn_ids.get(as_text(record.get("parentUuid")))

    def end(self) -> None:
        """Finish what still waits at the end of the file."""
        self._release_delivered()
        for turn in self.queue:
            if turn is not None:
                self._add_queued(turn)
        self.open_answers.clear()
        for leaf, title in self.summaries.items():
            if leaf in self.turn_ids and self.session_ids:
                self.titles.setdefault(self.session_ids[-1], (0, title))
        self.report.titles.update({session_id: title for session_id, (_, title) in self.titles.items()})

    def take_finished(self) -> list[TranscriptItem]:
        """Yield everything before the first turn that may still grow."""
        pending = self.pending
        if len(pending) > _MAX_PENDING:
            self.open_answers.clear()
        first = len(pending)
        for _, answer in self.open_answers.values():
            if pending and pending[0] is answer:
                return []
            first = next((index for index, item in enumerate(pending[:first]) if item is answer), first)
        self.pending = pending[first:]
        return pending[:first]

    def _open_session(self, record: dict[str, Any]) -> None:
        session_id = as_text(record.get("sessionId"))
        if session_id in self.session_ids or (self.session_ids and not session_id):
            return
        self.report.meet_version(as_text(record.get("version")))
        is_linked = bool(self.session_ids) and as_text(record.get("parentUuid")) in self.turn_ids
        self.open_answers.clear()
        self.pending.append(
            SessionHead(
                agent=NAME,
                id=session_id or None,
                started_at=as_time(record.get("timestamp")),
                cwd=as_text(record.get("cwd")),
                branch=as_text(record.get("gitBranch")),
                parent_id=self.session_ids[-1] or None if is_linked else None,
            )
        )
        self.session_ids.append(session_id)

    def _lane(self, record: dict[str, Any]) -> str:
        """Return the sub-agent of a record. Older files do not name it; the id of its first record is used instead."""
        uuid = as_text(record.get("uuid"))
        lane = as_text(record.get("agentId")) or self.lanes.get(as_text(record.get("parentUuid"))) or uuid or "sub-agent"
        self.lanes[uuid] = lane
        return lane

    def _read_answer(self, number: int, record: dict[str, Any], message: dict[str, Any], lane: str | None) -> None:
        message_id = as_text(message.get("id"))
        uuid = as_text(record.get("uuid"))
        open_answer = self.open_answers.get(lane)
        if open_answer is not None and message_id and open_answer[0] == message_id:
            turn = open_answer[1]
        else:
            turn = Turn(role="assistant", text="", at=as_time(record.get("timestamp")), id=uuid or message_id or None)
            turn.sidechain, turn.model, turn.line = lane, as_text(message.get("model")) or None, number
            if record.get("isApiErrorMessage") or turn.model == "<synthetic>":
                turn.mark, turn.model = "injected", None
                note_claude_limit(self.report, record)
            if lane is None:
                self.clock.set_time(turn, self.pending)
            self.pending.append(turn)
            self.open_answers[lane] = (message_id, turn)
        known_blocks = self.block_hashes.setdefault(message_id, set()) if message_id else set[int]()
        is_first = not known_blocks or turn.usage is not None
        self._add_blocks(turn, message.get("content"), known_blocks)
        if is_first:
            turn.usage = _parse_usage(message.get("usage")) or turn.usage
        self.report.keep()
        if lane is None:
            parent = as_text(record.get("parentUuid"))
            if parent and self.turn_ids.get(parent) != turn.id:
                self.continued_records.add(parent)
        if uuid:
            self.turn_ids[uuid] = turn.id

    def _read_user(self, number: int, record: dict[str, Any], message: dict[str, Any], lane: str | None) -> None:
        content = message.get("content")
        results = tuple(_tool_results(content, record.get("toolUseResult"))) if isinstance(content, list) else ()
        text, mark = _typed_text(content) if not results or len(as_list(content)) > len(results) else ("", "said")
        turn = Turn(role="user", text=text, at=as_time(record.get("timestamp")), id=as_text(record.get("uuid")) or None)
        turn.mark, turn.sidechain, turn.line = mark, lane, number
        if record.get("isCompactSummary"):
            turn.text, turn.mark = read_summary(text), "summary"
        elif record.get("isMeta") or lane is not None:
            turn.mark = "injected"
        if lane is None:
            self.clock.set_time(turn, self.pending)
        if results:
            self.pending.append(Turn(role="tool", at=turn.at, id=turn.id, results=results, sidechain=lane, line=number))
            if turn.text and turn.id:
                turn.id += ":text"
        elif turn.mark == "said" and self._is_repeat(turn):
            return
        if turn.mark == "said" and not results:
            self._open_prompt(as_text(record.get("parentUuid")))
        if turn.text:
            self.pending.append(turn)
        if turn.text or results:
            self.report.keep()
            if turn.id and not results:
                self.turn_ids[turn.id] = turn.id
        else:
            self.report.skip("empty message")

    def _open_prompt(self, parent: str) -> None:
        """A prompt ends every unfinished answer, and opens a branch if its parent already has a continuation."""
        self.open_answers.clear()
        self._release_delivered()
        if not parent or parent in self.ambiguous_ids:
            return
        if parent in self.continued_records and parent in self.turn_ids:
            self.pending.append(Rewind(to=self.turn_ids[parent]))
        self.continued_records.add(parent)

    def _is_repeat(self, turn: Turn) -> bool:
        """Whether this prompt came through the queue. A prompt just taken from the queue is kept as a queued prompt."""
        key = _text_key(turn.text)
        for prompt in self.delivered_prompts:
            if _text_key(prompt.text) == key:
                self.delivered_prompts.remove(prompt)
                self.report.skip("queue record of a prompt that follows")
                return False
        if not self.repeat_counts.get(key):
            return False
        self.repeat_counts[key] -= 1
        self.report.skip("prompt already read from the queue")
        return True

    def _read_queue(self, number: int, record: dict[str, Any]) -> None:
        operation = record.get("operation")
        if operation == "enqueue":
            text, mark = _typed_text(record.get("content"))
            if mark != "said" or not text or text.startswith("{"):
                self.queue.append(None)
                self.report.skip("notification in the prompt queue")
                return
            self.queue.append(Turn(role="user", text=text, at=as_time(record.get("timestamp")), mark="queued", line=number))
            return
        self.report.skip("prompt queue bookkeeping")
        if operation == "popAll":
            for turn in self.queue:
                if turn is not None:
                    self.report.skip("prompt taken back before it was sent")
            self.queue.clear()
        elif self.queue:
            turn = self.queue.popleft()
            if turn is not None and operation == "dequeue":
                self.delivered_prompts.append(turn)
            elif turn is not None:
                self._add_queued(turn)

    def _release_delivered(self) -> None:
        """Yield the prompts whose own record did not come."""
        for turn in self.delivered_prompts:
            self._add_queued(turn)
        self.delivered_prompts.clear()

    def _add_queued(self, turn: Turn) -> None:
        if not self.session_ids:
            self._open_session({})
        self.pending.append(turn)
        self.report.keep()
        key = _text_key(turn.text)
        self.repeat_counts[key] = self.repeat_counts.get(key, 0) + 1

    def _add_blocks(self, turn: Turn, content: object, known_blocks: set[int]) -> None:
        """Add the new blocks of one line. A text that begins with the previous one replaces it: a growing snapshot."""
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        for block in content if isinstance(content, list) else ():
            if not isinstance(block, dict):
                continue
            kind = as_text(block.get("type"))
            if kind == "tool_use":
                call = ToolCall(as_text(block.get("id")), as_text(block.get("name")), _parse_arguments(block.get("input")))
                key = hash(call.id or (call.name, str(call.arguments)))
                if key not in known_blocks:
                    turn.calls = (*turn.calls, call)
            elif kind in {"text", "thinking"}:
                text = as_text(block.get(kind))
                key = hash((kind, text))
                if key not in known_blocks and text:
                    field = "thinking" if kind == "thinking" else "text"
                    setattr(turn, field, _extend_text(getattr(turn, field), text))
            else:
                if kind != "redacted_thinking":
                    self.report.meet_unknown_part(kind)
                continue
            known_blocks.add(key)

    def _read_other(self, number: int, record: dict[str, Any], kind: str) -> None:
        attachment = record.get("attachment")
        if kind == "pr-link":
            text = f"PR #{record.get('prNumber')} {as_text(record.get('prUrl'))}".rstrip()
            if not self.session_ids:
                self._open_session(record)
            self.pending.append(Turn(role="system", text=text, at=as_time(record.get("timestamp")), mark="injected", line=number))
            self.report.keep()
        elif kind == "attachment" and isinstance(attachment, dict):
            self._read_attachment(number, record, attachment)
        elif kind == "system":
            self.report.skip(f"system: {as_text(record.get('subtype')) or 'notice'}")
        elif kind in _SKIPPED:
            self._read_title(record)
            self.report.skip(_SKIPPED[kind])
        elif kind in {"user", "assistant"}:
            self.report.skip("message of unknown shape")
        else:
            self.report.skip(unknown_reason(self.report.skipped, kind))

    def _read_title(self, record: dict[str, Any]) -> None:
        if summary := as_text(record.get("summary")):
            self.summaries[as_text(record.get("leafUuid"))] = summary
        for rank, field in enumerate(_TITLE_FIELDS, start=1):
            session_id = as_text(record.get("sessionId"))
            if (title := as_text(record.get(field))) and rank >= self.titles.get(session_id, (0, ""))[0]:
                self.titles[session_id] = (rank, title)

    def _read_attachment(self, number: int, record: dict[str, Any], attachment: dict[str, Any]) -> None:
        text, mark = _typed_text(attachment.get("prompt")) if attachment.get("type") == "queued_command" else ("", "injected")
        if mark != "said" or not text or text.startswith("{"):
            self.report.skip(f"attachment: {as_text(attachment.get('type'))[:40] or 'unnamed'}")
            return
        turn = Turn(
            role="user", text=text, at=as_time(record.get("timestamp")), mark="queued", id=as_text(record.get("uuid")) or None, line=number
        )
        if self._is_repeat(turn):
            return
        self._open_session(record)
        self._add_queued(turn)


class _Clock:
    """The times of turns in the main conversation. A copied session may carry the time of the copy on every record but the prompts; such a
    turn gets the time of the last turn whose own time is known.
    """

    def __init__(self) -> None:
        self.known_at: datetime | None = None
        """The last time that was not set by a copy."""
        self.copied_at: datetime | None = None
        """The time of the current copy."""
        self.burst_start: datetime | None = None
        """The last known time before the copied times that `last_at` ends."""
        self.last_at: datetime | None = None
        self.is_last_answer = False

    def set_time(self, turn: Turn, pending: list[TranscriptItem]) -> None:
        """Set the time of *turn*; if it reveals that a copy set the times of *pending* turns before it, correct theirs too."""
        stamp = turn.at
        if stamp is None:
            return
        is_answer = turn.role == "assistant" and turn.model is not None
        if self.last_at is None or not timedelta(0) <= stamp - self.last_at < _COPY_PAUSE:
            self.burst_start = self.known_at
        if is_answer and self.last_at and not self.is_last_answer and timedelta(0) <= stamp - self.last_at < _FASTEST_ANSWER:
            for item in pending if self.copied_at is None else ():
                if isinstance(item, Turn) and item.sidechain is None and item.at and timedelta(0) <= stamp - item.at < _COPY_PAUSE:
                    item.at = self.burst_start or item.at
            self.copied_at, self.known_at = stamp, self.burst_start
        is_copied = self.copied_at is not None and timedelta(0) <= stamp - self.copied_at < _COPY_PAUSE
        if is_copied:
            self.copied_at, turn.at = stamp, self.known_at or stamp
        else:
            self.known_at = stamp
        self.last_at, self.is_last_answer = stamp, is_answer


def _extend_text(previous: str, text: str) -> str:
    if not previous or text.startswith(previous):
        return text
    return f"{previous}\n\n{text}"


def _typed_text(content: object) -> tuple[str, Mark]:
    """Return what the user typed and `said`, or injected text and `injected`."""
    if isinstance(content, str):
        return extract_typed([content])
    return extract_typed(
        [_block_text(block) for block in as_list(content) if not (isinstance(block, dict) and block.get("type") == "tool_result")]
    )


def _tool_results(content: list[Any], detail: object) -> Iterator[ToolResult]:
    for block in content:
        if not isinstance(block, dict) or block.get("type") != "tool_result":
            continue
        answer = block.get("content")
        text = answer if isinstance(answer, str) else "\n".join(map(_block_text, answer)) if isinstance(answer, list) else ""
        is_error = block.get("is_error")
        is_error = is_error if isinstance(is_error, bool) else None
        yield ToolResult(as_text(block.get("tool_use_id")), text, is_error, _exit_code(text, detail, has_failed=bool(is_error)))


def _exit_code(text: str, detail: object, *, has_failed: bool) -> int | None:
    """Return the exit code of a command. A shell result without an error, an interruption or a background task ended with 0."""
    if has_failed:
        start = text.find("Exit code ", 0, 64)
        digits = text[start + 10 : start + 14].split("\n", 1)[0].strip() if start >= 0 else ""
        return int(digits) if digits.isdigit() and digits.isascii() else None
    if isinstance(detail, dict) and "stdout" in detail:
        is_unknown = detail.get("interrupted") or detail.get("backgroundTaskId") or detail.get("returnCodeInterpretation")
        return None if is_unknown else 0
    return None


def _block_text(block: object) -> str:
    if isinstance(block, str):
        return block
    if not isinstance(block, dict):
        return ""
    if (kind := block.get("type")) in ("image", "document"):
        return f"[{kind}]"
    return as_text(block.get("text"))


def _parse_usage(usage: object) -> Usage | None:
    if not isinstance(usage, dict):
        return None
    return Usage(
        input_tokens=as_count(usage.get("input_tokens")),
        output_tokens=as_count(usage.get("output_tokens")),
        cache_read_tokens=as_count(usage.get("cache_read_input_tokens")),
        cache_write_tokens=as_count(usage.get("cache_creation_input_tokens")),
        cache_write_1h_tokens=as_count(as_object(usage.get("cache_creation")).get("ephemeral_1h_input_tokens")),
    )


def _parse_arguments(value: object) -> dict[str, object] | str:
    return value if isinstance(value, dict) else as_text(value)


def _text_key(text: str) -> str:
    return " ".join(text.split())


def _record_key(kind: str, record: dict[str, Any]) -> int:
    """Return a number that two records under one id share only if they are the same."""
    content = as_object(record.get("message")).get("content")
    block = content[0] if isinstance(content, list) and content else content
    if isinstance(block, dict):
        block = block.get("id") or block.get("tool_use_id") or block.get("text") or block.get("thinking")
    return hash((kind, as_text(record.get("timestamp")), as_text(block)[:_KEY_CHARACTERS]))
