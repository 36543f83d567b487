"""Codex: rollout files, JSON lines `{timestamp, type, payload}`; also the older ones without `payload` that begin with a bare head.

`response_item` records are the conversation; `event_msg` records repeat its messages and are read only if the message itself is
missing. A turn of the agent is its reasoning, its message and its calls, up to the next message, result or prompt.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zlib import crc32

import orjson

from onward.core.transcript.frames import read_summary
from onward.core.transcript.transcript import ImportReport, Mark, Rewind, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn, Usage
from onward.formats.blocks import parse_arguments
from onward.formats.codex_items import (
    FAILURES,
    ITEM_KINDS,
    SKIPPED_EVENTS,
    SKIPPED_ITEMS,
    SKIPPED_RECORDS,
    find_header_code,
    parent_thread,
    parse_item,
    parse_script,
)
from onward.formats.envelopes import extract_typed
from onward.formats.fields import as_count, as_list, as_object, as_text, as_time, holds_objects, unknown_reason
from onward.formats.limits import note_codex_limits
from onward.formats.source import TranscriptSource

NAME = "codex"
VERSIONS = ("0.40.0", "0.171.0")

_RECORD_TYPES = (b"session_meta", b"response_item", b"event_msg", b"turn_context", b"compacted")
_CALLS = frozenset({"function_call", "custom_tool_call", "local_shell_call", "web_search_call", "tool_search_call"})
_OUTPUTS = frozenset({"function_call_output", "custom_tool_call_output", "local_shell_call_output", "tool_search_output"})
_ITEMS = _CALLS | _OUTPUTS | {"message", "reasoning"}
_REPEATS = frozenset(
    {"agent_reasoning", "agent_reasoning_section_break", "exec_command_end", "patch_apply_end", "mcp_tool_call_end", "web_search_end"}
)
_PAYLOAD, _EVENT, _ITEM = b'"payload":{"type":"', b'"type":"event_msg"', b'"type":"response_item"'
_UNPARSED_EVENTS = frozenset(kind.encode() for kind in _REPEATS)
_ENCRYPTED = "reasoning that is encrypted or empty"
_KEY_CHARACTERS = 128
_LARGE_BYTES = 1024
"""Shorter lines are parsed without checking first."""


def detect(head: bytes) -> bool:
    """Whether the first records are of a rollout."""
    if not holds_objects(head):
        return False
    flat = head[:8192].replace(b'": ', b'":')
    if b'"payload":' in flat and any(b'"type":"' + kind + b'"' in flat for kind in _RECORD_TYPES):
        return True
    if b'"record_type":"state"' in flat:
        return True
    first = flat.partition(b"\n")[0]
    return first.startswith(b'{"id":') and b'"timestamp":' in first and (b'"instructions":' in first or b'"git":' in first)


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the contents of the rollout. The first head is the session's own; later ones belong to the session it was forked from."""
    reader = _Reader(report)
    take = reader.take
    for number, record in source.records(report, _unparsed_reason):
        take(number, record)
        if reader.finished_items:
            yield from reader.finished_items
            reader.finished_items.clear()
    yield from reader.end()


def _unparsed_reason(line: bytes) -> str:
    """Return the reason why a line need not be parsed: repeated large tool output, or encrypted reasoning."""
    start = line.find(_PAYLOAD, 0, 128) if len(line) > _LARGE_BYTES else -1
    if start < 0:
        return ""
    start += len(_PAYLOAD)
    kind = line[start : line.find(b'"', start, start + 64)]
    if kind in _UNPARSED_EVENTS:
        return "event that repeats an item" if _EVENT in line[:start] else ""
    if kind == b"reasoning" and b'"summary":[],' in line and b'"content":[{' not in line and _ITEM in line[:start]:
        return _ENCRYPTED
    return ""


class _Reader:
    """The state of one read: the agent's growing turn, and the turns that wait for its usage."""

    def __init__(self, report: ImportReport) -> None:
        self.report = report
        self.head: SessionHead | None = None
        self.model: str | None = None
        self.finished_items: list[TranscriptItem] = []
        """Finished turns, to be yielded and cleared by the caller."""
        self.pending: list[TranscriptItem] = []
        """The last answer and its results, waiting for the next token count."""
        self.answer: Turn | None = None
        """The agent's turn that may still get calls."""
        self.last_answer: Turn | None = None
        """The agent's turn of the next token count; the first in `held`."""
        self.total_tokens: object = None
        self.waiting_usage = Usage()
        """What was used since the last answer got its token count."""
        self.turns_before_prompts: list[str | None] = []
        """The id of the turn before each prompt: the target of a rollback."""
        self.last_id: str | None = None
        self.thread_id = ""
        self.lane: str | None = None
        """The id of the sub-agent, in a file of its own; its turns belong to the session of its parent."""
        self.ordinals = {"said": 0, "injected": 0}
        self.message_counts: dict[str, int] = {}
        """How often each message was read as an item, minus the events that repeat it; by its beginning."""
        self.waiting_message: Turn | None = None
        """A message known only from an event so far."""
        self.scripts: dict[str, Turn | None] = {}
        """The answer of each call, if the call is a script whose steps may still come; by call id."""
        self.step_results: list[ToolResult] = []
        """The results of steps, waiting for the output of their script."""

    def take(self, number: int, record: dict[str, Any]) -> None:
        """Read one record."""
        kind = record.get("type")
        payload = record.get("payload")
        if not isinstance(payload, dict):
            self._read_bare(number, record, kind)
        elif kind == "response_item":
            self._read_item(number, payload, record.get("timestamp"))
        elif kind == "event_msg":
            self._read_event(number, payload, record.get("timestamp"))
        elif kind == "session_meta":
            self._read_session(payload, record)
        elif kind == "turn_context":
            self.model = as_text(payload.get("model")) or self.model
            self.report.skip("turn settings")
        elif kind == "compacted":
            self._read_summary(number, as_text(payload.get("message")), record.get("timestamp"))
        else:
            self._skip(SKIPPED_RECORDS, str(kind))

    def _skip(self, reasons: dict[str, str], kind: str) -> None:
        self.report.skip(reasons.get(kind) or unknown_reason(self.report.skipped, kind))

    def end(self) -> list[TranscriptItem]:
        """Yield what still waits."""
        self._settle_waiting()
        self._add_step_results()
        if self.last_answer and self.waiting_usage != Usage():
            self._assign_usage(self.last_answer)
        return self.finished_items + self.pending

    def _read_bare(self, number: int, record: dict[str, Any], kind: object) -> None:
        """Return a record of the older form, which is its own payload."""
        if kind is None and "id" in record and "timestamp" in record:
            self._read_session(record, record)
        elif isinstance(kind, str) and kind in _ITEMS:
            self._read_item(number, record, record.get("timestamp"))
        elif record.get("record_type"):
            self.report.skip("state")
        else:
            self._skip({}, str(kind))

    def _read_session(self, meta: dict[str, Any], record: dict[str, Any]) -> None:
        if self.head is not None:
            self.report.skip("head of the session it was forked from")
            return
        self.report.meet_version(as_text(meta.get("cli_version")))
        git = meta.get("git")
        git = git if isinstance(git, dict) else {}
        self.thread_id = as_text(meta.get("id")) or as_text(meta.get("session_id"))
        parent_id = parent_thread(meta)
        self.lane = self.thread_id or "sub-agent" if parent_id else None
        self._add_head(
            SessionHead(
                agent=NAME,
                id=parent_id or self.thread_id or None,
                started_at=as_time(meta.get("timestamp")) or as_time(record.get("timestamp")),
                cwd=as_text(meta.get("cwd")),
                branch=as_text(git.get("branch")),
                remote=as_text(git.get("repository_url")),
                parent_id=as_text(meta.get("forked_from_id")) or None,
            )
        )
        self.report.keep()

    def _add_head(self, head: SessionHead) -> None:
        self.head = head
        self.finished_items.append(head)

    def _read_item(self, number: int, item: dict[str, Any], at: object) -> None:
        kind = as_text(item.get("type"))
        if kind == "message":
            self._read_message(number, item, at)
        elif kind == "reasoning":
            self._read_reasoning(number, item, at)
        elif kind in _CALLS:
            self._settle_waiting()
            answer = self._open_answer(number, item, at)
            call = _parse_call(item)
            answer.calls = (*answer.calls, call)
            self.scripts[call.id] = answer if kind == "custom_tool_call" and call.name == "exec" else None
            self.report.keep()
        elif kind in _OUTPUTS:
            self._settle_waiting()
            self._read_output(number, item, at)
        elif kind == "agent_message" and (text := _join_blocks(item.get("content"))):
            self._settle_waiting()
            self._add(Turn(role="user", text=text, at=as_time(at), id=as_text(item.get("id")) or None, mark="injected", line=number))
        else:
            self._skip(SKIPPED_ITEMS, kind)

    def _read_message(self, number: int, item: dict[str, Any], at: object) -> None:
        role = item.get("role")
        mark: Mark = "said"
        if role == "assistant":
            text = _join_blocks(item.get("content"))
        else:
            text, mark = _typed_text(item.get("content"))
        if not text:
            self.report.skip("empty message")
            return
        if self._is_known(_message_key(text)):
            self.report.skip("message already read from its event")
            return
        self._settle_waiting()
        if role == "assistant":
            if self.answer is not None and (self.answer.text or self.answer.calls):
                self.answer = None
            answer = self._open_answer(number, item, at)
            answer.text = text
            self.report.keep()
        elif role == "user":
            self._add_prompt(Turn(role="user", text=text, at=as_time(at), id=as_text(item.get("id")) or None, mark=mark, line=number))
        else:
            self._add(Turn(role="system", text=text, at=as_time(at), id=as_text(item.get("id")) or None, mark="injected", line=number))

    def _read_reasoning(self, number: int, item: dict[str, Any], at: object) -> None:
        parts = [
            as_text(part.get("text")) for part in as_list(item.get("summary")) + as_list(item.get("content")) if isinstance(part, dict)
        ]
        thinking = "\n\n".join(filter(None, parts))
        if not thinking:
            self.report.skip(_ENCRYPTED)
            return
        if self.answer is not None and (self.answer.text or self.answer.calls):
            self.answer = None
        answer = self._open_answer(number, item, at)
        answer.thinking = f"{answer.thinking}\n\n{thinking}" if answer.thinking else thinking
        self.report.keep()

    def _read_output(self, number: int, item: dict[str, Any], at: object) -> None:
        call_id = as_text(item.get("call_id"))
        output = item.get("tools") if item.get("type") == "tool_search_output" else item.get("output")
        text, exit_code = _parse_output(output)
        is_error = exit_code != 0 if exit_code is not None else True if text.startswith(FAILURES) else None
        if (script_answer := self.scripts.get(call_id)) and not self.step_results:
            script = next(call.arguments for call in script_answer.calls if call.id == call_id)
            script_answer.calls = (*script_answer.calls, *parse_script(str(script), call_id))
        for result in self.step_results:
            text = text.replace(result.text.strip(), "", 1) if result.text.strip() else text
        turn = Turn(role="tool", text="", at=as_time(at), id=f"{call_id}:result" if call_id else None)
        turn.results, turn.line = (*self.step_results, ToolResult(call_id, text.rstrip(), is_error, exit_code)), number
        self.step_results.clear()
        self._add(turn)

    def _read_completed_item(self, number: int, item: dict[str, Any], at: object) -> None:
        """Read what a script did; the items of other calls repeat them."""
        step = parse_item(item)
        if step is None or step.call.id in self.scripts or item.get("source") == "user_shell":
            kind = as_text(item.get("type"))
            self.report.skip("event that repeats an item" if step or kind in ITEM_KINDS else unknown_reason(self.report.skipped, kind))
            return
        self._settle_waiting()
        answer = self._open_answer(number, item, at)
        answer.calls = (*answer.calls, step.call)
        self.scripts[step.call.id] = None
        self.step_results.append(step.result)
        self.report.keep()

    def _add_step_results(self) -> None:
        """Add the results of steps whose script has no output."""
        if self.step_results:
            results, self.step_results = tuple(self.step_results), []
            self._hold(
                Turn(role="tool", id=f"{results[0].call_id}:result", results=results, at=self.last_answer.at if self.last_answer else None)
            )

    def _read_event(self, number: int, event: dict[str, Any], at: object) -> None:
        kind = as_text(event.get("type"))
        if kind == "agent_message":
            self._note_message(Turn(role="assistant", text=as_text(event.get("message")).strip(), line=number), at)
        elif kind == "user_message":
            text, mark = _typed_text(as_text(event.get("message")))
            self._note_message(Turn(role="user", text=text, mark=mark, line=number), at)
        elif kind == "token_count":
            note_codex_limits(self.report, (self.head.id if self.head else None) or "", event, at)
            self._read_usage(event.get("info"))
        elif kind == "item_completed":
            self._read_completed_item(number, as_object(event.get("item")), at)
        elif kind == "thread_rolled_back":
            self._roll_back(event.get("num_turns"))
        elif kind in _REPEATS:
            self.report.skip("event that repeats an item")
        else:
            if title := as_text(event.get("thread_name")):
                self.report.titles[(self.head.id if self.head else None) or ""] = title
            self._skip(SKIPPED_EVENTS, kind)

    def _note_message(self, turn: Turn, at: object) -> None:
        """Let the message of an event wait for the item that it repeats, unless the item came first."""
        key = _message_key(turn.text)
        count = self.message_counts.get(key, 0)
        if count > 0 or not turn.text:
            self.message_counts[key] = count - 1
            self.report.skip("event that repeats a message")
            return
        self._settle_waiting()
        turn.at = as_time(at)
        self.waiting_message = turn

    def _is_known(self, key: str) -> bool:
        """Whether the message was already read from an event; a waiting one is replaced."""
        if self.waiting_message is not None and _message_key(self.waiting_message.text) == key:
            self.waiting_message = None
            self.report.skip("event that repeats a message")
            return False
        count = self.message_counts.get(key, 0)
        self.message_counts[key] = count + 1
        return count < 0

    def _settle_waiting(self) -> None:
        """Turn a message known only from an event into a turn."""
        turn, self.waiting_message = self.waiting_message, None
        if turn is None:
            return
        key = _message_key(turn.text)
        self.message_counts[key] = self.message_counts.get(key, 0) - 1
        if turn.role == "user":
            self._add_prompt(turn)
        else:
            self._add(turn)

    def _add_prompt(self, turn: Turn) -> None:
        if turn.mark == "said":
            self.turns_before_prompts.append(self.last_id)
        self._add(turn)

    def _open_answer(self, number: int, item: dict[str, Any], at: object) -> Turn:
        """Return the agent's growing turn, or a new one."""
        if self.answer is None:
            turn = Turn(role="assistant", text="", at=as_time(at), id=as_text(item.get("id")) or as_text(item.get("call_id")) or None)
            turn.model, turn.line = self.model, number
            self._hold(turn)
            self.answer = turn
        return self.answer

    def _add(self, turn: Turn) -> None:
        self.answer = None
        self._hold(turn)
        self.report.keep()

    def _hold(self, turn: Turn) -> None:
        if turn.role != "tool":
            self._add_step_results()
        if self.head is None:
            self._add_head(SessionHead(agent=NAME, started_at=turn.at))
        assert self.head is not None
        turn.sidechain = self.lane
        if self.lane is not None and turn.role == "user" and turn.mark == "said":
            turn.mark = "injected"  # The brief is the parent's.
        if turn.id is None and self.head.id:
            # A fork repeats its parent's prompts, which get the parent's ids.
            mark = "said" if turn.mark == "said" else "injected"
            self.ordinals[mark] += 1
            own_id = self.thread_id or self.head.id
            root = (self.head.parent_id or own_id) if mark == "said" else own_id
            turn.id = f"{root}:{mark}:{self.ordinals[mark]}:{crc32(turn.text.encode('utf-8', 'replace')):08x}"
        self.last_id = turn.id
        if turn.role != "tool":
            self._release_pending()
            self.last_answer = turn if turn.role == "assistant" else None
        (self.finished_items if self.last_answer is None else self.pending).append(turn)

    def _release_pending(self) -> None:
        """No token count follows for the last answer."""
        self.finished_items += self.pending
        self.pending.clear()
        self.last_answer = None

    def _read_summary(self, number: int, text: str, at: object) -> None:
        if not text:
            self.report.skip("compaction without a readable summary")
            return
        self._settle_waiting()
        copy = self.last_answer
        if copy is not None and copy.text and not copy.calls and text.rstrip().endswith(copy.text.strip()):
            copy.mark = "injected"  # Codex writes the summary as an answer first; it is no fresh work.
        self._add(Turn(role="user", text=read_summary(text), at=as_time(at), mark="summary", line=number))

    def _read_usage(self, info: object) -> None:
        last = info.get("last_token_usage") if isinstance(info, dict) else None
        total = info.get("total_token_usage") if isinstance(info, dict) else None
        if not isinstance(last, dict) or (total is not None and total == self.total_tokens):
            self.report.skip("token count that belongs to no new answer")
            return
        self.total_tokens = total
        cached_tokens = as_count(last.get("cached_input_tokens"))
        self.waiting_usage.input_tokens += max(as_count(last.get("input_tokens")) - cached_tokens, 0)
        self.waiting_usage.output_tokens += as_count(last.get("output_tokens"))
        self.waiting_usage.cache_read_tokens += cached_tokens
        if self.last_answer is None:
            # An interrupted answer, or a compaction: it was paid for, and counts for the next answer.
            self.report.skip("token count that belongs to no new answer")
            return
        self._assign_usage(self.last_answer)
        self.report.keep()

    def _assign_usage(self, answer: Turn) -> None:
        usage, counts = answer.usage or Usage(), self.waiting_usage
        usage.input_tokens += counts.input_tokens
        usage.output_tokens += counts.output_tokens
        usage.cache_read_tokens += counts.cache_read_tokens
        answer.usage, self.waiting_usage = usage, Usage()

    def _roll_back(self, prompts: object) -> None:
        count = min(as_count(prompts), len(self.turns_before_prompts))
        if not count:
            self.report.skip("rollback of nothing")
            return
        self._settle_waiting()
        turn_id = self.turns_before_prompts[-count]
        del self.turns_before_prompts[-count:]
        self._release_pending()
        self.answer, self.last_id = None, turn_id
        self.finished_items.append(Rewind(to=turn_id))
        self.report.keep()


def _parse_call(item: dict[str, Any]) -> ToolCall:
    kind = as_text(item.get("type"))
    call_id = as_text(item.get("call_id")) or as_text(item.get("id"))
    if kind == "function_call":
        return ToolCall(call_id, as_text(item.get("name")), parse_arguments(item.get("arguments")))
    if kind == "custom_tool_call":
        return ToolCall(call_id, as_text(item.get("name")), parse_arguments(item.get("input")))
    arguments = item.get("arguments") if kind == "tool_search_call" else item.get("action")
    name = {"local_shell_call": "local_shell", "web_search_call": "web_search"}.get(kind, "tool_search")
    return ToolCall(call_id, name, arguments if isinstance(arguments, dict) else as_text(arguments))


def _parse_output(output: object) -> tuple[str, int | None]:
    """Return the text of a result and its exit code."""
    envelope = output
    if isinstance(output, str):
        if not output.startswith('{"'):
            return output, find_header_code(output)
        try:
            envelope = orjson.loads(output)
        except orjson.JSONDecodeError:
            envelope = None
    metadata: object = None
    if isinstance(envelope, dict) and ("output" in envelope or "content" in envelope):
        output, metadata = envelope.get("output", envelope.get("content")), envelope.get("metadata")
    text = output if isinstance(output, str) else _join_blocks(output)
    if isinstance(code := as_object(metadata).get("exit_code"), int):
        return text, code
    return text, find_header_code(text)


def _typed_text(content: object) -> tuple[str, Mark]:
    """Return what the user typed and `said`, or injected text and `injected`."""
    return extract_typed([content] if isinstance(content, str) else [_block_text(block) for block in as_list(content)])


def _join_blocks(content: object) -> str:
    blocks = as_list(content)
    return (_block_text(blocks[0]) if len(blocks) == 1 else "\n\n".join(filter(None, map(_block_text, blocks)))).strip()


def _block_text(block: object) -> str:
    if isinstance(block, str):
        return block
    if not isinstance(block, dict):
        return ""
    if "image" in as_text(block.get("type")):
        return "[image]"
    return as_text(block.get("text")) or as_text(block.get("description"))


def _message_key(text: str) -> str:
    """Return the beginning that a message shares as an item and as an event; events leave images out."""
    if "[image]" in text:
        text = text.replace("[image]", "").strip()
    return text[:_KEY_CHARACTERS]
