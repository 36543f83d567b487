"""Google AI Studio: a prompt saved to Drive, one document with the conversation in `chunkedPrompt.chunks`.

A thought is a chunk of its own before its answer. Code that the service ran is a call with its result.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onward.core.transcript.transcript import ImportReport, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn
from onward.formats.blocks import build_usage
from onward.formats.fields import as_count, as_list, as_object, as_text, as_time
from onward.formats.messages import MessageContent, place_turns
from onward.formats.parts import read_parts
from onward.formats.source import TranscriptSource

NAME = "ai-studio"
VERSIONS = ()
"""A saved prompt does not say which version wrote it."""
UNRECORDED = {
    "exit code": "code runs at the service, which gives its output",
    "todo state": "a chat keeps no list",
}
"""What transcripts of this format do not record, with the reason."""

_SUCCESS = "OUTCOME_OK"
_FILES = {
    "driveDocument": "[document]",
    "driveImage": "[image]",
    "driveVideo": "[video]",
    "youtubeVideo": "[video]",
    "driveAudio": "[audio]",
    "inlineFile": "[file]",
    "inlineData": "[file]",
    "inlineImage": "[image]",
}
"""What the person attached, in a chunk of its own."""


def detect(head: bytes) -> bool:
    """Whether *head* begins a saved prompt."""
    return head.lstrip().startswith(b"{") and b'"chunkedPrompt"' in head


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the conversation. A chunk is a record; so is the document around them."""
    document = as_object(source.document(report))
    model = as_text(as_object(document.get("runSettings")).get("model")).removeprefix("models/") or None
    report.keep()
    yield SessionHead(agent=NAME)
    instruction = as_object(document.get("systemInstruction"))
    if text := as_text(instruction.get("text")) or read_parts(instruction.get("parts"), report).text:
        yield Turn(role="system", text=text, mark="injected")
    thoughts: list[str] = []
    code_ids: list[str] = []
    for index, chunk in enumerate(map(as_object, as_list(as_object(document.get("chunkedPrompt")).get("chunks")))):
        if chunk.get("isThought") is True:
            thoughts.append(_text(chunk))
            report.keep()
            continue
        turns = _chunk_turns(index, chunk, thoughts, code_ids)
        if not turns:
            report.skip("empty message")
            continue
        report.keep()
        for turn in turns:
            if turn.role == "assistant":
                turn.model, turn.usage = model, build_usage(0, as_count(chunk.get("tokenCount")))
        thoughts = []
        yield from place_turns(turns, "", as_time(chunk.get("createTime")), index)


def _text(chunk: dict[str, Any]) -> str:
    """Return the text of a chunk; newer ones have it in parts."""
    return as_text(chunk.get("text")) or "".join(as_text(as_object(part).get("text")) for part in as_list(chunk.get("parts")))


def _chunk_turns(index: int, chunk: dict[str, Any], thoughts: list[str], code_ids: list[str]) -> list[Turn]:
    """Return the turns of a chunk; *code_ids* are the ids of code that runs."""
    content = MessageContent(texts=[text] if (text := _text(chunk)) else [], thoughts=thoughts)
    content.texts += [label for name, label in _FILES.items() if name in chunk]
    if code := as_object(chunk.get("executableCode")):
        content.calls.append(ToolCall(f"code:{index}", "execute_code", {"code": as_text(code.get("code"))}))
        code_ids.append(f"code:{index}")
    if outcome := as_object(chunk.get("codeExecutionResult")):
        failed = as_text(outcome.get("outcome")) not in {"", _SUCCESS}
        content.results.append(ToolResult(code_ids.pop() if code_ids else "", as_text(outcome.get("output")), failed))
    if called := as_object(chunk.get("functionCall")):
        content.calls.append(
            ToolCall(as_text(called.get("id")) or f"call:{index}", as_text(called.get("name")), as_object(called.get("args")))
        )
    turns = content.turns("user" if as_text(chunk.get("role")) == "user" else "assistant")
    for turn in turns:
        if turn.role == "user" and turn.text in _FILES.values():
            turn.mark = "injected"
    return turns
