"""Gemini CLI's checkpoints: a chat saved with `/chat save`, and the state stored before a tool changed files (`clientHistory`).

The history is a list of messages in the parts of Gemini's API, bare or under `history`. It has no times and no ids.
"""

from __future__ import annotations

from collections.abc import Iterator

from onward.core.transcript.transcript import ImportReport, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn
from onward.formats.fields import as_list, as_object, as_text, compact_json
from onward.formats.gemini_folder import find_project
from onward.formats.parts import SETUP_ANSWER, PartContent, pair_results, read_parts
from onward.formats.source import TranscriptSource

NAME = "gemini-checkpoint"
AGENT = "gemini-cli"
VERSIONS = ()
"""No version is known to have been seen."""
UNRECORDED = {
    "times": "a message has no time",
    "usage": "only the messages are saved",
    "model": "only the messages are saved",
}
"""What transcripts of this format do not record, with the reason."""

_ROLES = (b'{"role":"user","parts":[', b'{"parts":[{"text":', b'{"role":"model","parts":[')


def detect(head: bytes) -> bool:
    """Whether *head* begins a list of messages with parts, bare or wrapped."""
    flat = compact_json(head, len(head))
    if flat.startswith(b"["):
        return flat[1:].startswith(_ROLES) and b'"role":"user"' in flat
    is_wrapped = flat.startswith((b'{"history":[', b'{"clientHistory":[', b'{"authType":', b'{"toolCall":'))
    return is_wrapped and (b'"clientHistory":[' in flat or any(role in flat for role in _ROLES))


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the saved conversation. A message is a record."""
    document = source.document(report)
    fields = as_object(document)
    messages = document if isinstance(document, list) else as_list(fields.get("clientHistory")) or as_list(fields.get("history"))
    yield SessionHead(agent=AGENT, title=_tag(source), cwd=find_project(source.path))
    unanswered: list[ToolCall] = []
    for index, message in enumerate(map(as_object, messages)):
        content = read_parts(message.get("parts"), report)
        pair_results(index, content, unanswered)
        turns = _turns(as_text(message.get("role")), content)
        if turns:
            report.keep()
        else:
            report.skip("empty message")
        for turn in turns:
            turn.line = index
            yield turn


def _tag(source: TranscriptSource) -> str:
    """Return the name under which the person saved the chat."""
    name = source.path.stem if source.path is not None else ""
    return name.removeprefix("checkpoint-") if name.startswith("checkpoint-") else ""


def _turns(role: str, content: PartContent) -> list[Turn]:
    results: tuple[ToolResult, ...] = tuple(content.results)
    turns = [Turn(role="tool", results=results)] if results else []
    if role == "model":
        answer = Turn(role="assistant", text=content.text, calls=tuple(content.calls), thinking="\n\n".join(content.thoughts))
        answer.mark = "injected" if content.text == SETUP_ANSWER else "said"
        return [*turns, answer] if answer.text or answer.calls or answer.thinking else turns
    turns += [Turn(role="user", text=content.text)] if content.text else []
    return [*turns, Turn(role="user", text="\n".join(content.attached), mark="injected")] if content.attached else turns
