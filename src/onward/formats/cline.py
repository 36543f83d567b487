"""Cline and Roo Code: the task folder of the extensions (`api_conversation_history.json`, `ui_messages.json`) and the sessions of Cline's
SDK of 2026.

One file of a task is enough. With both, the history has the messages and the panel their times; either file gives the same turns. In
the history the user's words are inside tags, results of tools are texts in the user's messages, and calls may be XML in the answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from onward.core.transcript.transcript import ImportReport, Mark, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn, Usage
from onward.errors import BadInput
from onward.formats.blocks import build_usage, content_text, find_exit_code, parse_call
from onward.formats.cline_page import detect_page, read_page
from onward.formats.cline_panel import PanelRequest, list_requests, panel_turns
from onward.formats.fields import as_count, as_list, as_object, as_text, as_time
from onward.formats.source import TranscriptSource, read_object_file
from onward.formats.xml_calls import parse_calls

NAME = "cline"
VERSIONS = ("3.0.65",)
_ROO = "roo"

_HISTORY, _PANEL = "api_conversation_history.json", "ui_messages.json"
_OPENINGS = (b"<task>", b"<user_message>", b"<environment_details>")
_TYPED_TAGS = ("task", "user_message", "feedback", "answer")
"""Tags around the user's words. The first one never occurs in a result."""
_ENVIRONMENT, _ENVIRONMENT_END = "<environment_details>", "</environment_details>"
_NOTICES = (
    "[TASK RESUMPTION]",
    "[ERROR]",
    "[NOTE]",
    "# task_progress",
    "# TODO LIST UPDATE",
    "The user has provided feedback on the results.",
    "<SYSTEM_NOTICE>",
    "<explicit_instructions",
    "<system_reminder>",
)
_COMPACTED = "Earlier context was compacted."
_CUT_OFF = "\n\n[Response interrupted"
_NOT_RUN = "Tool ["
_EXIT_WORDS = ("Exit code: ", "exit code ", "exited with code ")
_SHELL = "run_commands"
"""The tool of the command line; its results say whether each command succeeded."""
_NEAR_CHARACTERS = 400
"""Tags of the user's reply, errors and exit codes occur within this many characters at the beginning of a result."""


def detect(head: bytes) -> bool:
    """Whether *head* is of a task's history, of its panel, of a session of the SDK, or of a page exported from a task."""
    flat = head[:8192].replace(b'": ', b'":').lstrip()
    if flat.startswith(b"**"):
        return detect_page(head)
    if flat.startswith(b"["):
        if b'"role":"' in flat:
            return any(opening in flat for opening in _OPENINGS)
        return b'"ts":' in flat and (b'"say":"' in flat or b'"ask":"' in flat)
    return flat.startswith(b"{") and all(key in flat for key in (b'"agent":"', b'"sessionId":', b'"updated_at":', b'"messages":'))


def detect_folder(folder: Path) -> bool:
    """Whether *folder* is the folder of one task, not a collection of transcripts."""
    files = [path for path in (folder / _HISTORY, folder / _PANEL) if path.is_file()]
    return any(detect(TranscriptSource(path).head) for path in files) and not any(folder.glob("*.jsonl"))


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the session of a task or of the SDK."""
    path = source.path
    if path is not None and path.is_dir():
        name = _HISTORY if (path / _HISTORY).is_file() else _PANEL
        source = TranscriptSource(path / name)
    if detect_page(source.head):
        yield from _read_page(source, report)
        return
    document = source.document(report)
    if isinstance(document, dict):
        report.meet_version(as_text(as_object(document.get("origin")).get("version")))
        yield from _with_head(_sdk_head(document, source.path), _History(report, []).read(as_list(document.get("messages"))))
        return
    messages = as_list(document)
    folder = source.path.parent if source.path is not None else None
    if any("role" in as_object(message) for message in messages[:3]):
        panel = _other_messages(folder, _PANEL)
    elif history := _other_messages(folder, _HISTORY):
        report.skip("message of the panel, told by the history", len(messages))
        messages, panel = history, messages
    else:
        head = _task_head(folder, [])
        yield from _with_head(head, panel_turns(messages, report, is_subtask=head.parent_id is not None))
        return
    head = _task_head(folder, messages)
    yield from _with_head(head, _History(report, list_requests(panel), is_subtask=head.parent_id is not None).read(messages))


def _read_page(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the session of an exported page. A message is a record."""
    page = read_page(source)
    messages = [entry.message for entry in page]
    for item in _with_head(_task_head(None, messages), _History(report, []).read(messages)):
        if isinstance(item, Turn):
            item.line = page[item.line].line
        yield item


def _with_head(head: SessionHead, turns: Iterator[Turn]) -> Iterator[TranscriptItem]:
    """Yield *head* before the first turn, whose time it takes if it has none; no head without a turn."""
    has_head = False
    for turn in turns:
        if not has_head:
            has_head = True
            head.started_at = head.started_at or turn.at
            yield head
        yield turn


def _other_messages(folder: Path | None, name: str) -> list[Any]:
    """Return the other file of the task; empty if it is missing or damaged, because one of the two is enough."""
    if folder is None or not (folder / name).is_file():
        return []
    try:
        return as_list(TranscriptSource(folder / name).document(ImportReport()))
    except BadInput:
        return []


class _History:
    """The history of a task. A message is a record."""

    def __init__(self, report: ImportReport, requests: list[PanelRequest], *, is_subtask: bool = False) -> None:
        """*is_subtask*: the first message was written by the parent agent."""
        self.report = report
        self.requests = requests
        self.is_subtask = is_subtask
        self.answer_count = 0
        self.sent_count = 0
        """Number of requests sent before the current message."""
        self.model: str | None = None
        self.pending: dict[str, str] = {}
        """Unanswered calls, id to tool, in order."""
        self.last_call_ids: dict[str, str] = {}
        """The last call of each tool."""

    def read(self, messages: list[Any]) -> Iterator[Turn]:
        """Yield the turns of *messages*."""
        for index, message in enumerate(messages):
            if not isinstance(message, dict) or as_text(message.get("role")) not in {"user", "assistant"}:
                self.report.reject(index, "not a message")
                continue
            request = self._find_request(as_time(message.get("ts")))
            at = as_time(message.get("ts")) or request.at
            turns = list(self._answer_turns(index, message, request) if message["role"] == "assistant" else self._prompt_turns(message))
            if self.is_subtask and index == 0:
                for turn in turns:
                    turn.mark = "injected"
            message_id = as_text(message.get("id")) or None
            for number, turn in enumerate(turns):
                turn.at, turn.line = at, index
                turn.id = f"{message_id}:{number}" if number and message_id else message_id
                yield turn
            if turns:
                self.report.keep()
            else:
                self.report.skip("message with nothing but its surroundings")

    def _find_request(self, at: datetime | None) -> PanelRequest:
        """Return the request of a message at time *at*; without a time, the one with the same index."""
        if at is None:
            return self.requests[self.answer_count] if self.answer_count < len(self.requests) else PanelRequest(None, None)
        while self.sent_count < len(self.requests) and (self.requests[self.sent_count].at or at) <= at:
            self.sent_count += 1
        return self.requests[self.sent_count - 1] if self.sent_count else PanelRequest(None, None)

    def _answer_turns(self, index: int, message: dict[str, Any], request: PanelRequest) -> Iterator[Turn]:
        self.answer_count += 1
        info = as_object(message.get("modelInfo"))
        turn = Turn(role="assistant", model=as_text(info.get("modelId")) or as_text(info.get("id")) or self.model)
        turn.usage = _parse_usage(as_object(message.get("metrics"))) or request.usage
        turn.mark = "summary" if message.get("isSummary") is True else "said"
        prose: list[str] = []
        calls: list[ToolCall] = []
        for block in _blocks(message.get("content")):
            kind = as_text(block.get("type"))
            if kind == "tool_use":
                calls.append(parse_call(block))
            elif kind in {"thinking", "reasoning"}:
                turn.thinking = as_text(block.get("thinking")) or as_text(block.get("text"))
            elif kind == "text":
                parsed_text = parse_calls(as_text(block.get("text")).partition(_CUT_OFF)[0])
                prose.append(parsed_text.prose)
                turn.thinking = parsed_text.thinking or turn.thinking
                calls += [ToolCall(f"{index}:{len(calls) + number}", *call) for number, call in enumerate(parsed_text.calls)]
            elif kind != "redacted_thinking":
                self.report.meet_unknown_part(kind)
        turn.text, turn.calls = "\n\n".join(filter(None, prose)), tuple(calls)
        self.pending = {call.id: call.name for call in calls}
        self.last_call_ids.update((call.name, call.id) for call in calls)
        if turn.text or turn.calls or turn.thinking:
            yield turn

    def _prompt_turns(self, message: dict[str, Any]) -> Iterator[Turn]:
        """Yield the parts of a message in the user's name: results, the user's words, and injected text."""
        parts = _Parts(self)
        for block in _blocks(message.get("content")):
            parts.add(block)
        if results := parts.results():
            yield Turn(role="tool", results=results)
        is_summary = as_object(message.get("metadata")).get("kind") == "compaction_summary" or message.get("isSummary") is True
        texts_by_mark: dict[Mark, list[str]] = {"said": parts.typed_texts, "injected": parts.injected_texts, "summary": parts.summaries}
        for mark, texts in texts_by_mark.items():
            if texts:
                yield Turn(role="user", text="\n\n".join(texts), mark="summary" if is_summary else mark)

    def take_call(self, tool: str) -> str:
        """Return the id of the call that a result of *tool* answers: the first waiting one, else the last one of that tool."""
        for call_id, name in self.pending.items():
            if name == tool:
                del self.pending[call_id]
                return call_id
        return self.last_call_ids.get(tool, "")


class _Parts:
    """The parts of one message in the user's name."""

    def __init__(self, history: _History) -> None:
        self.history = history
        self.typed_texts: list[str] = []
        self.injected_texts: list[str] = []
        self.summaries: list[str] = []
        self._results: list[ToolResult] = []
        self._finished: set[str] = set()
        """The calls whose commands all succeeded."""
        self._tool = ""
        """The tool whose result continues in the next texts."""

    def results(self) -> tuple[ToolResult, ...]:
        """The results, each with its exit code and error flag, if any."""
        for result in self._results:
            start = result.text[:_NEAR_CHARACTERS]
            codes = (find_exit_code(words, start) for words in _EXIT_WORDS)
            success = 0 if result.call_id in self._finished else None
            result.exit_code = next((code for code in codes if code is not None), success)
            if result.is_error is None and (
                start.startswith("The tool execution failed") or "<error>" in start or "denied this operation" in start
            ):
                result.is_error = True
        return tuple(self._results)

    def add(self, block: dict[str, Any]) -> None:
        """Add one content block."""
        kind = block.get("type")
        if kind == "text":
            self._text(as_text(block.get("text")))
        elif kind == "tool_result":
            text, is_error = _result_text(block.get("content"))
            text, self._tool = self._strip_surroundings(text), "result"
            call_id = as_text(block.get("tool_use_id"))
            flag = block.get("is_error")
            self._results.append(ToolResult(call_id, text, flag if isinstance(flag, bool) else is_error))
            self._finished |= {call_id} if block.get("name") == _SHELL and is_error is False else set()
            self.history.pending.pop(call_id, None)
            self._take_typed(text)
            self._tool = ""
        elif kind == "image":
            (self.injected_texts if self._results else self.typed_texts).append("[image]")
        elif path := as_text(block.get("path")):
            self.injected_texts.append(f"[attached: {path}]")
        else:
            self.history.report.meet_unknown_part(as_text(kind))

    def _text(self, text: str) -> None:
        text = self._strip_surroundings(text).strip()
        tool, rest = _result_header(text)
        if tool:
            self._tool = tool
            self._results.append(ToolResult(self.history.take_call(tool), rest))
            self._take_typed(rest)
        elif text.startswith(_NOT_RUN) and "was not executed" in text[:100]:
            self._results.append(ToolResult(self.history.take_call(text[len(_NOT_RUN) :].partition("]")[0]), text, is_error=True))
        elif _COMPACTED in text[:100]:
            self.summaries.append(text.removeprefix("<SYSTEM_NOTICE>").removesuffix("</SYSTEM_NOTICE>").strip())
        elif tag := self._take_typed(text):
            if self._tool and tag != "user_message":
                self._extend_result(text)
        elif text.startswith(_NOTICES):
            self.injected_texts.append(text)
        elif self._tool and text:
            self._extend_result(text)
        elif text:
            self.typed_texts.append(text)

    def _extend_result(self, text: str) -> None:
        last = self._results[-1]
        last.text = f"{last.text}\n{text}".strip()

    def _take_typed(self, text: str) -> str:
        """Extract the user's words from their tag, and return its name. Tags deep inside a result belong to the result."""
        start = f"\n{text[:_NEAR_CHARACTERS]}"
        for tag in _TYPED_TAGS[bool(self._tool) :]:
            if f"\n<{tag}>" in start:
                words = text.partition(f"<{tag}>")[2]
                self.typed_texts.append((words.rpartition(f"</{tag}>")[0] or words).strip())
                return tag
        return ""

    def _strip_surroundings(self, text: str) -> str:
        """Return *text* without the editor's environment details, from which the model is taken."""
        start = text.find(_ENVIRONMENT)
        while start > 0 and text[start - 1] != "\n":
            start = text.find(_ENVIRONMENT, start + 1)
        if start < 0:
            return text
        surroundings, _, rest = text[start:].partition(_ENVIRONMENT_END)
        model = surroundings.partition("<model>")[2].partition("</model>")[0]
        self.history.model = model.strip() or self.history.model
        return text[:start] + rest


def _blocks(content: object) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else [as_object(block) for block in as_list(content)]


def _result_header(text: str) -> tuple[str, str]:
    """Return the tool and the rest of `[tool for '…'] Result: …`; empty if the text begins otherwise."""
    if not text.startswith("["):
        return "", ""
    tool = text[1:60].partition("]")[0].partition(" ")[0]
    _, separator, rest = text.partition("] Result:")
    return (tool, rest.strip("\n").removeprefix(" ")) if separator and tool.replace("_", "").isalpha() and tool.islower() else ("", "")


def _result_text(content: object) -> tuple[str, bool | None]:
    """Return the text of a result, and whether it failed: the SDK writes `[{query, result, success}]`, as a list or as JSON text."""
    entries = as_list(content)
    if isinstance(content, str) and content.startswith('{"query":'):
        try:
            entries = [orjson.loads(content)]
        except orjson.JSONDecodeError:
            return content, None
    if not any("result" in as_object(entry) or "error" in as_object(entry) for entry in entries):
        return content_text(content), None
    texts = [content_text(entry.get("result")) or as_text(entry.get("error")) for entry in map(as_object, entries)]
    outcomes = [as_object(entry).get("success") for entry in entries]
    return "\n".join(texts), False in outcomes if any(isinstance(outcome, bool) for outcome in outcomes) else None


def _parse_usage(metrics: dict[str, Any]) -> Usage | None:
    """Return the usage of an answer, as the extension (`tokens.prompt`) or the SDK (`inputTokens`) writes it."""
    if not metrics:
        return None
    tokens = as_object(metrics.get("tokens"))
    return build_usage(
        as_count(metrics.get("inputTokens")) or as_count(tokens.get("prompt")),
        as_count(metrics.get("outputTokens")) or as_count(tokens.get("completion")),
        as_count(metrics.get("cacheReadTokens")) or as_count(tokens.get("cached")),
        as_count(metrics.get("cacheWriteTokens")),
    )


def _task_head(folder: Path | None, messages: list[Any]) -> SessionHead:
    """Return the head of a task: the folder name is its id; the working folder is in the first message."""
    first = content_text(as_object(messages[0]).get("content")) if messages else ""
    surroundings = first.rpartition(_ENVIRONMENT)[2]
    item = _task_item(folder)
    cwd = as_text(item.get("workspace"))
    for words in ("# Current Working Directory (", "# Current Workspace Directory ("):
        cwd = cwd or surroundings.partition(words)[2].partition(")")[0]
    return SessionHead(
        agent=_ROO if "<slug>" in surroundings or item else NAME,
        id=folder.name if folder is not None and (folder / _HISTORY).is_file() | (folder / _PANEL).is_file() else None,
        title=as_text(item.get("task"))[:200],
        cwd=cwd,
        parent_id=as_text(item.get("parentTaskId")) or None,
    )


def _task_item(folder: Path | None) -> dict[str, Any]:
    """Return what Roo Code stores of a task beside its messages; of a copied task, which tools give metadata of their own, its parent."""
    if folder is None:
        return {}
    parent_id = as_text(read_object_file(folder / "task_metadata.json").get("parentTaskId"))
    return read_object_file(folder / "history_item.json") or ({"parentTaskId": parent_id} if parent_id else {})


def _sdk_head(document: dict[str, Any], path: Path | None) -> SessionHead:
    """Return the head of an SDK session, from a file beside the messages."""
    session_id = as_text(document.get("sessionId"))
    about = (
        read_object_file(path.with_name(path.name.replace(".messages.json", ".json")))
        if path is not None and path.name.endswith(".messages.json")
        else {}
    )
    metadata = as_object(about.get("metadata"))
    return SessionHead(
        agent=NAME,
        id=session_id or None,
        started_at=as_time(about.get("started_at")),
        title=as_text(metadata.get("title")),
        cwd=as_text(about.get("cwd")),
        parent_id=as_text(as_object(metadata.get("fork")).get("forkedFromSessionId")) or None,
    )
