"""Posit Assistant: a conversation's `lm-messages.jsonl`, JSON lines `{id, message}` in the form of the AI SDK.

Title, branch and which messages are on the path last seen are in `conversation.json` beside it, the project's folder in
`workspace.json` above it. A sub-agent's conversation lies in `subagents/` of its parent's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from onward.core.transcript.transcript import ImportReport, SessionHead, TranscriptItem, Usage
from onward.formats.blocks import build_usage
from onward.formats.fields import as_count, as_list, as_object, as_text, as_time, first_record, unknown_reason
from onward.formats.messages import place_turns, read_content
from onward.formats.source import TranscriptSource, read_object_file

NAME = "posit"
AGENT = "posit-assistant"
VERSIONS = ("3",)
"""Versions of the schema of a conversation."""
UNRECORDED = {
    "exit code": "a result is text, marked as an error or not",
}
"""What transcripts of this format do not record, with the reason."""

_MESSAGES = "lm-messages.jsonl"
_SUMMARY_TAGS = re.compile(r"\s*<(MESSAGESUMMARY|CONVERSATIONSUMMARY)>.*?</\1>", re.S)


def detect(head: bytes) -> bool:
    """Whether *head* is of a conversation's tree, or of its messages: those of the AI SDK with the assistant's metadata."""
    if b'"lmMessageIds"' in head:
        return head.lstrip().startswith(b"{") and b'"schemaVersion"' in head
    if record := first_record(head):
        return (
            {"id", "message"} <= record.keys()
            and "type" not in record
            and "role" in as_object(record["message"])
            and b'"providerMetadata"' in head[:16384]
        )
    flat = head[:16384].translate(None, b" ")
    return flat.startswith(b'{"id":') and b'"message":{"role":' in flat.partition(b"\n")[0] and b'"providerMetadata":' in flat


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the conversation. Messages on a path that was left are skipped."""
    folder = source.path.absolute().parent if source.path is not None else None
    conversation = read_object_file(folder / "conversation.json") if folder else {}
    abandoned_numbers = {
        number
        for message in map(as_object, as_list(conversation.get("messages")))
        if message.get("isActive") is False
        for number in as_list(message.get("lmMessageIds"))
        if isinstance(number, int)
    }
    if folder and b'"lmMessageIds"' in source.head:
        source = TranscriptSource(folder / _MESSAGES)
    head = _head(conversation, folder, report)
    lane = head.id if head.parent_id else None
    yield head
    for number, record in source.records(report):
        message = as_object(record.get("message"))
        role = as_text(message.get("role"))
        is_abandoned = isinstance(record.get("id"), int) and record["id"] in abandoned_numbers
        if not role or is_abandoned:
            report.skip("abandoned path" if role else unknown_reason(report.skipped, as_text(record.get("type"))))
            continue
        metadata = _metadata(message)
        content = read_content(message.get("content"), report)
        content.texts = [text for text in (_SUMMARY_TAGS.sub("", text).strip() for text in content.texts) if text]
        turns = content.turns("user" if role == "user" else "tool" if role == "tool" else "system" if role == "system" else "assistant")
        if not turns:
            report.skip("empty message")
            continue
        report.keep()
        for turn in turns:
            if turn.role == "assistant":
                turn.model, turn.usage = as_text(metadata.get("modelId")) or None, _parse_usage(as_object(metadata.get("usage")))
            elif lane and turn.role == "user":
                turn.mark = "injected"
        message_id = f"{head.id}:{record.get('id')}" if head.id else ""
        yield from place_turns(turns, message_id, as_time(metadata.get("timestamp")), number, sidechain=lane)


def _head(conversation: dict[str, Any], folder: Path | None, report: ImportReport) -> SessionHead:
    root = as_object(conversation.get("root"))
    metadata = as_object(root.get("metadata"))
    is_sub_agent = folder is not None and folder.parent.name == "subagents"
    parent = folder.parents[1] if folder is not None and is_sub_agent else None
    workspace = (parent or folder).parent if folder is not None else None
    report.meet_version(as_text(conversation.get("schemaVersion")))
    return SessionHead(
        agent=AGENT,
        id=as_text(root.get("id")) or None,
        started_at=as_time(root.get("timestamp")),
        title=as_text(root.get("title")) or as_text(root.get("summary")),
        cwd=as_text(read_object_file(workspace / "workspace.json").get("path")) if workspace else "",
        branch=as_text(metadata.get("gitBranch")),
        parent_id=parent.name if parent else None,
    )


def _metadata(message: dict[str, Any]) -> dict[str, Any]:
    """Return what the assistant notes about a message, under the name of its provider."""
    providers = as_object(as_object(message.get("providerOptions")).get("providerMetadata"))
    return next((fields for fields in map(as_object, providers.values()) if fields), {})


def _parse_usage(usage: dict[str, Any]) -> Usage | None:
    return build_usage(*(as_count(usage.get(name)) for name in ("inputTokens", "outputTokens", "cacheReadTokens", "cacheWriteTokens")))
