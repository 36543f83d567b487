"""Claude.ai's export: `conversations.json`, alone, in parts or in the original archive: a list of conversations with `chat_messages`.

`content` counts; `text` may be empty, or a flat copy of it. Exports of browser extensions are one such object, with a tree of messages
and the leaf that the user last saw; the other branches come before it, each followed by a rewind.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onward.core.transcript.transcript import ImportReport, Rewind, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn
from onward.formats.blocks import content_text, parse_call, parse_result
from onward.formats.branches import walk_branches
from onward.formats.fields import as_list, as_object, as_text, as_time
from onward.formats.json_elements import read_objects
from onward.formats.source import TranscriptSource

NAME = "claude-ai"
VERSIONS = ()
"""A transcript does not say which version wrote it."""
UNRECORDED = {
    "exit code": "code runs at the service, which gives its output",
    "todo state": "a chat keeps no list",
    "usage": "the export counts no tokens",
}
"""What transcripts of this format do not record, with the reason."""

_NAMELESS_PREFIX = "nameless:"


def detect(head: bytes) -> bool:
    """Whether *head* begins conversations of Claude.ai."""
    return head.lstrip()[:1] in {b"[", b"{"} and b'"chat_messages"' in head and b'"mapping"' not in head


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the conversations one at a time, in the order of the export; a damaged one affects no other. A message is a record."""
    for number, conversation in read_objects(source, report):
        messages = conversation.get("chat_messages")
        if not isinstance(messages, list):
            report.reject(number, "a conversation without messages")
            continue
        head: SessionHead | None = _head(conversation)
        for item in _conversation_turns(conversation, messages, report):
            if head is not None:
                yield head
                head = None
            yield item


def _head(conversation: dict[str, Any]) -> SessionHead:
    return SessionHead(
        agent=NAME,
        id=as_text(conversation.get("uuid")) or None,
        started_at=as_time(conversation.get("created_at")),
        title=as_text(conversation.get("name")),
    )


def _conversation_turns(conversation: dict[str, Any], messages: list[Any], report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the turns of the messages, abandoned branches before the one that the user last saw."""
    model = as_text(conversation.get("model")) or None
    messages_by_id: dict[str, tuple[int, dict[str, Any]]] = {}
    parents: dict[str, str] = {}
    previous_id = ""
    for index, message in enumerate(messages):
        if not isinstance(message, dict):
            report.reject(index, "not a message")
            continue
        message_id = as_text(message.get("uuid"))
        if message_id in messages_by_id:
            report.skip("repeated message")
            continue
        message_id = message_id or f"{_NAMELESS_PREFIX}{index}"
        messages_by_id[message_id] = index, message
        parents[message_id] = as_text(message.get("parent_message_uuid")) or previous_id
        previous_id = message_id
    current = as_text(conversation.get("current_leaf_message_uuid")) or previous_id
    last: str | None = None
    turn_by_message: dict[str, str | None] = {}
    for message_id, is_branch in walk_branches(parents, current):
        parent_turn = turn_by_message.get(parents[message_id])
        if is_branch and parent_turn != last:
            yield Rewind(to=parent_turn)
        turn_by_message[message_id] = parent_turn
        for turn in _message_turns(message_id, *messages_by_id[message_id], model, report):
            turn_by_message[message_id] = turn.id or parent_turn
            yield turn
        last = turn_by_message[message_id]


def _message_turns(message_id: str, index: int, message: dict[str, Any], model: str | None, report: ImportReport) -> Iterator[Turn]:
    turns = list(_split_turns(message, model))
    for number, turn in enumerate(turns):
        turn.id = None if message_id.startswith(_NAMELESS_PREFIX) else f"{message_id}:{number}" if number else message_id
        turn.at, turn.line = as_time(message.get("created_at")), index
        yield turn
    if turns:
        report.keep()
    else:
        report.skip("empty message")


def _split_turns(message: dict[str, Any], model: str | None) -> Iterator[Turn]:
    """Yield a prompt, or an answer split after every result, because later text was written knowing the result."""
    is_human = as_text(message.get("sender")) in {"human", "user"}
    turn = Turn(role="user" if is_human else "assistant", model=None if is_human else model)
    texts: list[str] = []
    has_result = False
    for block in map(as_object, as_list(message.get("content"))):
        kind = as_text(block.get("type"))
        if kind == "tool_result":
            turn.text, texts = "\n\n".join(texts), []
            if turn.text or turn.calls or turn.thinking:
                yield turn
            result = parse_result(block)
            yield Turn(
                role="tool",
                results=(result if result.call_id or not turn.calls else ToolResult(turn.calls[-1].id, result.text, result.is_error),),
            )
            turn, has_result = Turn(role=turn.role, model=turn.model), True
        elif kind == "tool_use":
            call = parse_call(block)
            turn.calls += (
                call if call.id else ToolCall(f"call:{len(turn.calls)}:{as_text(message.get('uuid'))}", call.name, call.arguments),
            )
        elif kind == "thinking":
            turn.thinking = "\n\n".join(filter(None, (turn.thinking, as_text(block.get("thinking")))))
        elif text := content_text(block).strip():
            texts.append(text)
    if not texts and not has_result:
        texts = [as_text(message.get("text")).strip()]
    names, contents = _attachments(message)
    turn.text = "\n\n".join(filter(None, [*texts, *names]))
    if turn.text or turn.calls or turn.thinking:
        yield turn
    if contents:
        yield Turn(role="user", text="\n\n".join(contents), mark="injected")


def _attachments(message: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the names of attachments, and their extracted texts, which the user provided without typing them."""
    names: list[str] = []
    contents: list[str] = []
    for attachment in map(as_object, as_list(message.get("attachments")) + as_list(message.get("files"))):
        name, content = as_text(attachment.get("file_name")), as_text(attachment.get("extracted_content"))
        if name or content:
            names.append(f"[attached: {name or 'pasted text'}]")
        if content:
            contents.append(content)
    return names, contents
