"""Antigravity (the editor and `agy`, its command line): JSON lines of steps, `{step_index, source, type, status, created_at, content}`.

A `PLANNER_RESPONSE` has the model's words and calls; a result is a step of the tool's kind and names no call, so that it answers the
oldest open call of that kind. Steps may be written out of order. The workspace is in `history.jsonl` beside the conversations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from onward.core.transcript.transcript import ImportReport, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn
from onward.formats.blocks import find_exit_code
from onward.formats.fields import as_list, as_object, as_text, as_time
from onward.formats.messages import MessageContent, place_turns
from onward.formats.source import TranscriptSource

NAME = "antigravity"
VERSIONS = ("1.0.2", "1.1")
UNRECORDED = {
    "todo state": "the task list is a Markdown file of the conversation's folder",
    "usage": "no record counts tokens",
}
"""What transcripts of this format do not record, with the reason."""

_MAX_PENDING = 64
"""How many steps wait for one that belongs before them."""
_RESULT_TOOLS = {
    "RUN_COMMAND": ("command",),
    "VIEW_FILE": ("view",),
    "CODE_ACTION": ("write", "replace", "edit"),
    "GREP_SEARCH": ("grep",),
    "LIST_DIRECTORY": ("list",),
    "SEARCH_WEB": ("search_web",),
    "READ_URL_CONTENT": ("url",),
    "GENERATE_IMAGE": ("image",),
    "INVOKE_SUBAGENT": ("subagent",),
    "ASK_QUESTION": ("question",),
}
"""Words in the names of the tools whose results are steps of a kind."""
_MODEL = re.compile(r"Model Selection.{0,4}from .+? to (.+?)\.(?:\s|$)")
_TIMING = re.compile(r"(?m)^\t*(?:Created|Completed) At: .*\n?")
_EXIT_WORDS = ("exit code: ", "exit code ")
_INNER_FOLDERS = frozenset({"logs", ".system_generated"})
_OUTCOME = re.compile(r"\AThe command (?:failed with exit code:? \d+|completed successfully)\.?\s*\n(?:Output:\s*\n)?(?=\s*\S)")
"""What precedes the output of a command."""


def detect(head: bytes) -> bool:
    """Whether the first record is a step."""
    first = head[:16384].partition(b"\n")[0].translate(None, b" ")
    return b'"step_index":' in first and b'"source":"' in first and b'"type":"' in first


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the session, step by step in the order of their indexes."""
    session = _Session(source, report)
    for number, record in source.records(report):
        if "step_index" in record or "source" in record:
            session.add(number, record)
            yield from session.release(_MAX_PENDING)
        else:
            report.skip("record without a step")
    yield from session.release(0)


class _Session:
    """The steps that wait, and the calls without a result."""

    def __init__(self, source: TranscriptSource, report: ImportReport) -> None:
        self.source = source
        self.report = report
        self.steps: dict[float, tuple[int, dict[str, Any]]] = {}
        self.open_calls: list[ToolCall] = []
        self.model: str | None = None
        self.has_head = False

    def add(self, number: int, record: dict[str, Any]) -> None:
        """Add a step, or replace the one with its index."""
        index = record.get("step_index")
        position = float(index) if isinstance(index, int) else number + 0.5
        if position in self.steps:
            self.report.skip("step written again")
            number = self.steps[position][0]
        self.steps[position] = number, record

    def release(self, limit: int) -> Iterator[TranscriptItem]:
        """Yield the turns of the first steps until only *limit* wait."""
        while len(self.steps) > limit:
            position = min(self.steps)
            if not self.has_head:
                self.has_head = True
                yield self._head()
            number, step = self.steps.pop(position)
            turns = self._turns(position, step)
            if not turns:
                self.report.skip(f"step: {as_text(step.get('type'))[:40] or 'none'}")
                continue
            self.report.keep()
            at = as_time(step.get("created_at"))
            yield from place_turns(turns, f"{as_text(step.get('created_at'))}/{position:g}", at, number)

    def _head(self) -> SessionHead:
        """Return the head: the id is the name of the conversation's folder; the workspace, else the folder of the first command."""
        path = self.source.path
        folder = _conversation_folder(path.absolute()) if path is not None else None
        calls = (as_object(call) for _, step in self.steps.values() for call in as_list(step.get("tool_calls")))
        folders = (_native(as_object(call.get("args"))).get("Cwd") for call in calls)
        workspace = _find_folder(TranscriptSource(folder.parents[1] / "history.jsonl"), folder.name) if folder else ""
        cwd = workspace or next((cwd for cwd in folders if isinstance(cwd, str)), "")
        return SessionHead(agent=NAME, id=folder.name if folder else None, cwd=cwd)

    def _turns(self, position: float, step: dict[str, Any]) -> list[Turn]:
        kind, text = as_text(step.get("type")), as_text(step.get("content"))
        if model := _MODEL.search(text) if kind == "USER_INPUT" else None:
            self.model = model[1]
        if kind == "PLANNER_RESPONSE":
            return self._answer(position, step, text)
        if kind == "USER_INPUT" and text.strip():
            return [Turn(role="user", text=text.strip(), mark="said" if step.get("source") == "USER_EXPLICIT" else "injected")]
        if kind == "CHECKPOINT" and text.strip():
            return [Turn(role="user", text=text.strip(), mark="summary")]
        if kind in {"SYSTEM_MESSAGE", "ERROR_MESSAGE"} and text.strip():
            return [Turn(role="system", text=text.strip(), mark="injected")]
        return [self._result(kind, step, text)] if kind in _RESULT_TOOLS or (kind == "GENERIC" and self.open_calls) else []

    def _answer(self, position: float, step: dict[str, Any], text: str) -> list[Turn]:
        content = MessageContent(texts=[text], thoughts=[thought] if (thought := as_text(step.get("thinking"))) else [])
        for index, call in enumerate(map(as_object, as_list(step.get("tool_calls")))):
            content.calls.append(ToolCall(f"{position:g}:{index}", as_text(call.get("name")), _native(as_object(call.get("args")))))
        self.open_calls += content.calls
        turns = content.turns("assistant")
        for turn in turns:
            turn.model = self.model
        return turns

    def _result(self, kind: str, step: dict[str, Any], text: str) -> Turn:
        words = _RESULT_TOOLS.get(kind, ())
        call = next((call for call in self.open_calls if any(word in call.name for word in words)), None)
        call = call or next(iter(self.open_calls), None)
        if call is not None:
            self.open_calls.remove(call)
        text = _TIMING.sub("", text).strip()
        text = text.replace("\n\t\t\t\t", "\n") if kind == "RUN_COMMAND" else text
        codes = (find_exit_code(label, text) for label in _EXIT_WORDS) if kind == "RUN_COMMAND" else ()
        code = next((code for code in codes if code is not None), None)
        if code is None and kind == "RUN_COMMAND" and "The command completed successfully" in text:
            code = 0
        is_error = True if as_text(step.get("status")) in {"ERROR", "CANCELED"} or code else None
        return Turn(role="tool", results=(ToolResult(call.id if call else "", _OUTCOME.sub("", text), is_error, code),))


def _conversation_folder(path: Path) -> Path | None:
    """Return the folder that is named by the conversation's id; None of a file that was copied elsewhere."""
    folder = next(parent for parent in path.parents if parent.name not in _INNER_FOLDERS)
    return folder if len(folder.parents) > 1 and (folder != path.parent or ".gemini" in path.parts) else None


def _native(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return *arguments* as values: `transcript.jsonl` has every value as JSON text."""
    if not all(isinstance(value, str) for value in arguments.values()) or not any(value[:1] == '"' for value in arguments.values()):
        return arguments
    return {name: _parsed(value) for name, value in arguments.items()}


def _parsed(value: str) -> object:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value


def _find_folder(history: TranscriptSource, conversation: str) -> str:
    """Return the workspace of a conversation, by the list of prompts beside the conversations."""
    if history.path is None or not history.path.is_file():
        return ""
    records = (record for _, record in history.records(ImportReport()))
    return next((as_text(record.get("workspace")) for record in records if record.get("conversationId") == conversation), "")
