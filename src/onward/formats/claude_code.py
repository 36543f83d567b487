"""Claude Code: JSON lines, one record each, linked by `parentUuid`; also the web export `{"loglines": […]}`.

One answer of the model is written as several lines with the same `message.id`, each with one block more or with everything so far, and results may
stand between them: a turn is the union of their distinct blocks. Prompts typed while the agent works are `queue-operation` records.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from onward.core.transcript import ImportReport, Item, Mark, Rewind, SessionHead, ToolCall, ToolResult, Turn, Usage
from onward.formats.envelopes import typed
from onward.formats.fields import as_count, as_list, as_object, as_text, as_time, holds_objects, reason
from onward.formats.source import Source

NAME = "claude-code"

_WEB = b'"loglines"'
_HELD_TURNS = 512
"""How many turns may wait for the parts of an answer that is not finished, before they are let go."""
_PROGRESS = b'"type":"progress"'
_SNAPSHOT = b'{"type":"file-history-snapshot"'
_SKIPPED = {
    "progress": "progress of a running tool",
    "file-history-snapshot": "file history snapshot",
    "file-history-delta": "file history snapshot",
    "summary": "title",
    "custom-title": "title",
    "ai-title": "title",
    "agent-name": "title",
    "last-prompt": "repeat of the last prompt",
    "mode": "mode",
    "permission-mode": "mode",
    "worktree-state": "worktree state",
    "frame-link": "link",
}


def detect(head: bytes) -> bool:
    """Whether the first records are Claude Code's."""
    if not holds_objects(head):
        return False
    if _WEB in head[:4096] or head.startswith(_SNAPSHOT):
        return True
    if b'"sessionId"' not in head:
        return b'"leafUuid"' in head and b'"summary"' in head
    return b'"parentUuid"' in head or b'"queue-operation"' in head


def read(source: Source, report: ImportReport) -> Iterator[Item]:
    """Yield what the file holds. A head comes with the first turn, because only records of the conversation say where it took place."""
    reader = _Reader(report)
    take = reader.take
    for number, record in _records(source, report):
        take(number, record)
        if reader.held:
            yield from reader.finished()
    reader.end()
    yield from reader.finished()


def _records(source: Source, report: ImportReport) -> Iterator[tuple[int, dict[str, Any]]]:
    if _WEB not in source.head[:4096]:
        yield from source.records(report, _unread)
        return
    for index, record in enumerate(as_list(as_object(source.document(report)).get("loglines"))):
        if isinstance(record, dict):
            yield index, record
        else:
            report.bad(index, "not a JSON object")


def _unread(line: bytes) -> str:
    """Why a line need not be parsed. Progress can be 99 % of a file; with one brace before it, the type is the record's own and no nested one."""
    found = line.find(_PROGRESS, 0, 1024)
    if found > 0 and line.count(b"{", 0, found) == 1:
        return _SKIPPED["progress"]
    return _SKIPPED["file-history-snapshot"] if line.startswith(_SNAPSHOT) else ""


class _Reader:
    """The state of one reading: turns that may still grow, prompts that wait in the queue, and which record belongs to which turn."""

    def __init__(self, report: ImportReport) -> None:
        self.report = report
        self.session_ids: list[str] = []
        self.held: list[Item] = []
        self.growing: dict[str | None, tuple[str, Turn]] = {}
        """The unfinished answer of each lane (main: None), with its message id."""
        self.blocks: dict[str, set[int]] = {}
        """Blocks taken so far, by message id, as hashes."""
        self.turn_of: dict[str, str | None] = {}
        """The id of the turn at or before each record."""
        self.lane_of: dict[str, str] = {}
        self.continued: set[str] = set()
        """Records that have a next prompt or answer in the main conversation: a second one is another branch."""
        self.queue: deque[Turn | None] = deque()
        self.delivered: list[Turn] = []
        """Prompts taken from the queue whose own record is still to come."""
        self.repeats: dict[str, int] = {}
        """Queued prompts already yielded, whose own record would be a repeat."""

    def take(self, number: int, record: dict[str, Any]) -> None:
        """Take one record."""
        kind = as_text(record.get("type"))
        uuid = record.get("uuid")
        if isinstance(uuid, str) and uuid in self.turn_of:
            self.report.skip("repeated record")
            return
        message = record.get("message")
        if kind in {"user", "assistant"} and isinstance(message, dict):
            self._head(record)
            lane = self._lane(record) if record.get("isSidechain") else None
            if kind == "assistant":
                self._answer(number, record, message, lane)
            else:
                self._user(number, record, message, lane)
        elif kind == "queue-operation":
            self._queue(number, record)
        else:
            self._other(number, record, kind)
        if isinstance(uuid, str) and uuid not in self.turn_of:
            self.turn_of[uuid] = self.turn_of.get(as_text(record.get("parentUuid")))

    def end(self) -> None:
        """No more records: what still waits is finished."""
        self._deliver()
        for turn in self.queue:
            if turn is not None:
                self._queued(turn)
        self.growing.clear()

    def finished(self) -> list[Item]:
        """Take out everything before the first turn that may still grow."""
        held = self.held
        if len(held) > _HELD_TURNS:
            self.growing.clear()
        first = len(held)
        for _, growing in self.growing.values():
            if held and held[0] is growing:
                return []
            first = next((place for place, item in enumerate(held[:first]) if item is growing), first)
        self.held = held[first:]
        return held[:first]

    def _head(self, record: dict[str, Any]) -> None:
        session_id = as_text(record.get("sessionId"))
        if session_id in self.session_ids or (self.session_ids and not session_id):
            return
        linked = bool(self.session_ids) and as_text(record.get("parentUuid")) in self.turn_of
        self.growing.clear()
        self.held.append(
            SessionHead(
                agent=NAME,
                id=session_id or None,
                started_at=as_time(record.get("timestamp")),
                cwd=as_text(record.get("cwd")),
                branch=as_text(record.get("gitBranch")),
                parent_id=self.session_ids[-1] or None if linked else None,
            )
        )
        self.session_ids.append(session_id)

    def _lane(self, record: dict[str, Any]) -> str:
        """The sub-agent that a record belongs to. Older files do not name it: there the first record's id does."""
        uuid = as_text(record.get("uuid"))
        lane = as_text(record.get("agentId")) or self.lane_of.get(as_text(record.get("parentUuid"))) or uuid or "sub-agent"
        self.lane_of[uuid] = lane
        return lane

    def _answer(self, number: int, record: dict[str, Any], message: dict[str, Any], lane: str | None) -> None:
        message_id = as_text(message.get("id"))
        uuid = as_text(record.get("uuid"))
        growing = self.growing.get(lane)
        if growing is not None and message_id and growing[0] == message_id:
            turn = growing[1]
        else:
            turn = Turn("assistant", "", as_time(record.get("timestamp")), uuid or message_id or None)
            turn.sidechain, turn.model, turn.line = lane, as_text(message.get("model")) or None, number
            if record.get("isApiErrorMessage") or turn.model == "<synthetic>":
                turn.mark, turn.model = "injected", None
            self.held.append(turn)
            self.growing[lane] = (message_id, turn)
        seen = self.blocks.setdefault(message_id, set()) if message_id else set[int]()
        fresh = not seen or turn.usage is not None
        _add_blocks(turn, message.get("content"), seen)
        if fresh:
            turn.usage = _usage(message.get("usage")) or turn.usage
        self.report.keep()
        if lane is None:
            parent = as_text(record.get("parentUuid"))
            if parent and self.turn_of.get(parent) != turn.id:
                self.continued.add(parent)
        if uuid:
            self.turn_of[uuid] = turn.id

    def _user(self, number: int, record: dict[str, Any], message: dict[str, Any], lane: str | None) -> None:
        content = message.get("content")
        results = tuple(_results(content, record.get("toolUseResult"))) if isinstance(content, list) else ()
        text, mark = _typed(content) if not results or len(as_list(content)) > len(results) else ("", "said")
        turn = Turn("user", text, as_time(record.get("timestamp")), as_text(record.get("uuid")) or None)
        turn.mark, turn.sidechain, turn.line = mark, lane, number
        if record.get("isCompactSummary"):
            turn.mark = "summary"
        elif record.get("isMeta") or lane is not None:
            turn.mark = "injected"
        if results:
            self.held.append(Turn(role="tool", at=turn.at, id=turn.id, results=results, sidechain=lane, line=number))
            if turn.text and turn.id:
                turn.id += ":text"
        elif turn.mark == "said" and self._is_repeat(turn):
            return
        if turn.mark == "said" and not results:
            self._prompt(as_text(record.get("parentUuid")))
        if turn.text:
            self.held.append(turn)
        if turn.text or results:
            self.report.keep()
            if turn.id and not results:
                self.turn_of[turn.id] = turn.id
        else:
            self.report.skip("empty message")

    def _prompt(self, parent: str) -> None:
        """A person's prompt ends every answer before it, and opens another branch where its parent was already continued."""
        self.growing.clear()
        self._deliver()
        if not parent:
            return
        if parent in self.continued and parent in self.turn_of:
            self.held.append(Rewind(to=self.turn_of[parent]))
        self.continued.add(parent)

    def _is_repeat(self, turn: Turn) -> bool:
        """Whether this prompt came through the queue. One that was just taken from it is counted here and kept as the prompt that it is."""
        key = _key(turn.text)
        for waiting in self.delivered:
            if _key(waiting.text) == key:
                self.delivered.remove(waiting)
                self.report.skip("queue record of a prompt that follows")
                return False
        if not self.repeats.get(key):
            return False
        self.repeats[key] -= 1
        self.report.skip("prompt already read from the queue")
        return True

    def _queue(self, number: int, record: dict[str, Any]) -> None:
        operation = record.get("operation")
        if operation == "enqueue":
            text, mark = _typed(record.get("content"))
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
                self.delivered.append(turn)
            elif turn is not None:
                self._queued(turn)

    def _deliver(self) -> None:
        """Let go the prompts whose own record did not come."""
        for turn in self.delivered:
            self._queued(turn)
        self.delivered.clear()

    def _queued(self, turn: Turn) -> None:
        if not self.session_ids:
            self._head({})
        self.held.append(turn)
        self.report.keep()
        key = _key(turn.text)
        self.repeats[key] = self.repeats.get(key, 0) + 1

    def _other(self, number: int, record: dict[str, Any], kind: str) -> None:
        attachment = record.get("attachment")
        if kind == "pr-link":
            text = f"PR #{record.get('prNumber')} {as_text(record.get('prUrl'))}".rstrip()
            if not self.session_ids:
                self._head(record)
            self.held.append(Turn(role="system", text=text, at=as_time(record.get("timestamp")), mark="injected", line=number))
            self.report.keep()
        elif kind == "attachment" and isinstance(attachment, dict):
            self._attachment(number, record, attachment)
        elif kind == "system":
            self.report.skip(f"system: {as_text(record.get('subtype')) or 'notice'}")
        elif kind in _SKIPPED:
            self.report.skip(_SKIPPED[kind])
        elif kind in {"user", "assistant"}:
            self.report.skip("message of unknown shape")
        else:
            self.report.skip(reason(self.report.skipped, f"unknown record type: {kind or 'none'}"))

    def _attachment(self, number: int, record: dict[str, Any], attachment: dict[str, Any]) -> None:
        text, mark = _typed(attachment.get("prompt")) if attachment.get("type") == "queued_command" else ("", "injected")
        if mark != "said" or not text or text.startswith("{"):
            self.report.skip(f"attachment: {as_text(attachment.get('type'))[:40] or 'unnamed'}")
            return
        turn = Turn(
            role="user", text=text, at=as_time(record.get("timestamp")), mark="queued", id=as_text(record.get("uuid")) or None, line=number
        )
        if self._is_repeat(turn):
            return
        self._head(record)
        self._queued(turn)


def _add_blocks(turn: Turn, content: object, seen: set[int]) -> None:
    """Add the blocks of one line that were not there yet. A text that begins with the last one replaces it: a snapshot that grew."""
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    for block in content if isinstance(content, list) else ():
        if not isinstance(block, dict):
            continue
        kind = as_text(block.get("type"))
        if kind == "tool_use":
            call = ToolCall(as_text(block.get("id")), as_text(block.get("name")), _arguments(block.get("input")))
            key = hash(call.id or (call.name, str(call.arguments)))
            if key not in seen:
                turn.calls = (*turn.calls, call)
        elif kind in {"text", "thinking"}:
            text = as_text(block.get(kind))
            key = hash((kind, text))
            if key not in seen and text:
                field = "thinking" if kind == "thinking" else "text"
                setattr(turn, field, _joined(getattr(turn, field), text))
        else:
            continue
        seen.add(key)


def _joined(before: str, text: str) -> str:
    if not before or text.startswith(before):
        return text
    return f"{before}\n\n{text}"


def _typed(content: object) -> tuple[str, Mark]:
    """What a person typed, and `said`; or what a program put there, and `injected`."""
    if isinstance(content, str):
        return typed([content])
    return typed([_block_text(block) for block in as_list(content) if not (isinstance(block, dict) and block.get("type") == "tool_result")])


def _results(content: list[Any], detail: object) -> Iterator[ToolResult]:
    for block in content:
        if not isinstance(block, dict) or block.get("type") != "tool_result":
            continue
        answer = block.get("content")
        text = answer if isinstance(answer, str) else "\n".join(map(_block_text, answer)) if isinstance(answer, list) else ""
        is_error = block.get("is_error")
        is_error = is_error if isinstance(is_error, bool) else None
        yield ToolResult(as_text(block.get("tool_use_id")), text, is_error, _exit_code(text, detail, failed=bool(is_error)))


def _exit_code(text: str, detail: object, *, failed: bool) -> int | None:
    """The exit code of a command. A shell result that is neither an error, nor interrupted, nor left running in the background ended with 0."""
    if failed:
        start = text.find("Exit code ", 0, 64)
        digits = text[start + 10 : start + 14].split("\n", 1)[0].strip() if start >= 0 else ""
        return int(digits) if digits.isdigit() and digits.isascii() else None
    if isinstance(detail, dict) and "stdout" in detail:
        unsaid = detail.get("interrupted") or detail.get("backgroundTaskId") or detail.get("returnCodeInterpretation")
        return None if unsaid else 0
    return None


def _block_text(block: object) -> str:
    if isinstance(block, str):
        return block
    if not isinstance(block, dict):
        return ""
    if block.get("type") == "image":
        return "[image]"
    if block.get("type") == "document":
        return "[document]"
    return as_text(block.get("text"))


def _usage(usage: object) -> Usage | None:
    if not isinstance(usage, dict):
        return None
    return Usage(
        as_count(usage.get("input_tokens")),
        as_count(usage.get("output_tokens")),
        as_count(usage.get("cache_read_input_tokens")),
        as_count(usage.get("cache_creation_input_tokens")),
    )


def _arguments(value: object) -> dict[str, object] | str:
    return value if isinstance(value, dict) else as_text(value)


def _key(text: str) -> str:
    return " ".join(text.split())
