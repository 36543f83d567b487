"""VS Code's chat with Copilot (`chatSessions`): one document a session, or, since 2026, JSON lines of changes to that document.

A request has a prompt and a response of texts and tool invocations. Arguments and results are in `result.metadata` (`toolCallRounds`,
`toolCallResults`), in the order of the invocations; where they are missing, the invocation tells what it shows. The summary of a
compaction is in `result.metadata` too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from onward.core.transcript.transcript import ImportReport, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn
from onward.formats.blocks import build_usage, content_text, find_exit_code, parse_arguments
from onward.formats.fields import as_count, as_folder, as_list, as_object, as_text, as_time, compact_json
from onward.formats.messages import MessageContent, place_turns
from onward.formats.source import TranscriptSource, read_object_file

NAME = "vscode-chat"
AGENT = "copilot-chat"
VERSIONS = ("3",)
"""Versions of the document."""

_SET, _PUSH, _DELETE = 1, 2, 3
_EXIT_WORDS = ("exited with code ", "exit code: ", "exit code ")
_FENCE = re.compile(r"\s*```\w*\s*\Z")
"""A fragment around an edit, which is an item of its own."""


def detect(head: bytes) -> bool:
    """Whether *head* begins a session as a document, or as changes to one."""
    flat = compact_json(head)
    if flat.startswith(b'{"kind":0,"v":{'):
        return b'"sessionId":' in flat or b'"requests":' in flat
    marks = (b'"requesterUsername":', b'"responderUsername":', b'"requestId":')
    return flat.startswith(b'{"') and b'"requests":[' in flat and any(mark in flat for mark in marks)


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the session: its requests as they are after all changes. A request, or a change of the document, is a record."""
    is_log = compact_json(source.head).startswith(b'{"kind":')
    lines: dict[str, int] = {}
    if is_log:
        session = _replay(source, report, lines)
        requests = list(enumerate(as_list(session.get("requests"))))
    else:
        session = as_object(source.document(report))
        requests = list(enumerate(as_list(session.get("requests"))))
        report.keep()
    report.meet_version(str(session.get("version") or ""))
    yield _head(session, source)
    for index, request in requests:
        fields = as_object(request)
        turns = _request_turns(fields)
        if not is_log and turns:
            report.keep()
        elif not is_log:
            report.skip("empty request")
        request_id = as_text(fields.get("requestId"))
        yield from place_turns(turns, request_id, as_time(fields.get("timestamp")), lines.get(request_id, 1 if is_log else index))


def _head(session: dict[str, Any], source: TranscriptSource) -> SessionHead:
    """Return the head; the folder of the workspace is in a file beside the folder of its sessions."""
    workspace = read_object_file(source.path.absolute().parents[1] / "workspace.json") if source.path is not None else {}
    return SessionHead(
        agent=AGENT,
        id=as_text(session.get("sessionId")) or None,
        started_at=as_time(session.get("creationDate")),
        title=as_text(session.get("customTitle")),
        cwd=as_folder(workspace.get("folder")),
    )


def _replay(source: TranscriptSource, report: ImportReport, lines: dict[str, int]) -> dict[str, Any]:
    """Return the document after all its changes, and add the line of each request to *lines*."""
    session: dict[str, Any] = {}
    for number, change in source.records(report):
        value = change.get("v")
        if change.get("kind") == 0 and isinstance(value, dict):
            if earlier_requests := as_list(session.get("requests")):
                report.skip("request of an earlier document", len(earlier_requests))
            session = value
            requests = as_list(value.get("requests"))
        elif not _apply(session, change):
            report.skip("change of the panel")
            continue
        else:
            requests = as_list(value) if change.get("k") == ["requests"] else []
        report.keep()
        for request in requests:
            lines.setdefault(as_text(as_object(request).get("requestId")), number)
    return session


def _apply(session: dict[str, Any], change: dict[str, Any]) -> bool:
    """Apply one change to the document; return whether there is a place for it."""
    path = as_list(change.get("k"))
    if not path:
        return False
    parent: Any = session
    for key in path[:-1]:
        parent = _child(parent, key)
    key, value, kind = path[-1], change.get("v"), change.get("kind")
    if kind == _PUSH:
        if isinstance(parent, dict) and isinstance(key, str):
            parent.setdefault(key, [])
        target = _child(parent, key)
        if not isinstance(target, list):
            return False
        start = change.get("i")
        if type(start) is int and start >= 0:
            del target[start:]
        target.extend(as_list(value))
        return True
    is_place = (isinstance(parent, dict) and isinstance(key, str)) or (isinstance(parent, list) and _is_index(parent, key))
    if is_place and kind == _SET:
        parent[key] = value
    elif isinstance(parent, dict) and kind == _DELETE:
        parent.pop(key, None)
    else:
        return False
    return True


def _child(parent: object, key: Any) -> Any:
    if isinstance(parent, dict) and isinstance(key, str):
        return parent.get(key)
    return parent[key] if isinstance(parent, list) and _is_index(parent, key) else None


def _is_index(values: list[Any], key: Any) -> bool:
    return type(key) is int and 0 <= key < len(values)


def _request_turns(request: dict[str, Any]) -> list[Turn]:
    """Return the turns of one request: the prompt, and the answer with its calls and results, in the order of the response."""
    message, result = request.get("message"), as_object(request.get("result"))
    prompt = as_text(message) or as_text(as_object(message).get("text"))
    turns = MessageContent(texts=[prompt]).turns("user")
    answer = _Answer(as_object(result.get("metadata")))
    for item in map(as_object, as_list(request.get("response"))):
        answer.add(item)
    answer.flush()
    answers = [turn for turn in answer.turns if turn.role == "assistant"]
    metadata = as_object(result.get("metadata"))
    model = as_text(metadata.get("resolvedModel")) or as_text(request.get("modelId")).removeprefix("copilot/")
    for turn in answers:
        turn.model = model or None
    if answers:
        counts = as_object(result.get("usage")) or metadata
        answers[-1].usage = build_usage(
            as_count(counts.get("promptTokens")), as_count(counts.get("outputTokens")) or as_count(counts.get("completionTokens"))
        )
    turns += [*_summary_turns(metadata), *answer.turns]
    if error := as_text(as_object(result.get("errorDetails")).get("message")):
        turns.append(Turn(role="system", text=error, mark="injected"))
    return turns


def _summary_turns(metadata: dict[str, Any]) -> list[Turn]:
    """Return the summaries that took the place of what came before a round of calls, each once."""
    entries = [metadata.get("summary"), *as_list(metadata.get("summaries"))]
    texts = [as_text(as_object(entry).get("text")) for entry in entries]
    texts += [as_text(as_object(entry).get("summary")) for entry in as_list(metadata.get("toolCallRounds"))]
    return [Turn(role="user", text=text, mark="summary") for text in dict.fromkeys(map(str.strip, texts)) if text]


class _Answer:
    """The answer to one request. Text after a call begins another turn."""

    def __init__(self, metadata: dict[str, Any]) -> None:
        rounds = (as_object(item) for item in as_list(metadata.get("toolCallRounds")))
        self.recorded_calls = [as_object(call) for entry in rounds for call in as_list(entry.get("toolCalls"))]
        self.recorded_results = as_object(metadata.get("toolCallResults"))
        self.turns: list[Turn] = []
        self.content = MessageContent()
        self.invocations: set[str] = set()

    def add(self, item: dict[str, Any]) -> None:
        """Add one item of the response."""
        kind = as_text(item.get("kind"))
        if kind == "toolInvocationSerialized":
            self._invocation(item)
        elif kind == "thinking":
            self.content.thoughts += [thought] if (thought := content_text(item.get("value"))) else []
        elif kind == "textEditGroup":
            self._edit(item)
        elif text := _item_text(kind, item):
            if self.content.calls:
                self.flush()
            # A reference splits a sentence: the pieces belong together.
            self.content.texts = ["".join(self.content.texts) + text]

    def flush(self) -> None:
        """Close the current turn."""
        self.turns += self.content.turns("assistant")
        self.content = MessageContent()

    def _invocation(self, item: dict[str, Any]) -> None:
        call_id = as_text(item.get("toolCallId")) or as_text(item.get("id"))
        if call_id in self.invocations:
            return
        self.invocations.add(call_id)
        recorded = next((call for call in self.recorded_calls if call_id and call.get("id") == call_id), None)
        recorded = recorded or next(iter(self.recorded_calls), None)
        if recorded is not None:
            self.recorded_calls.remove(recorded)
        name = as_text((recorded or {}).get("name")) or as_text(item.get("toolId"))
        arguments = parse_arguments((recorded or {}).get("arguments")) or _shown_arguments(item)
        self.content.calls.append(ToolCall(call_id, name, arguments))
        if result := self._result(call_id, as_text((recorded or {}).get("id")), item):
            self.content.results.append(result)

    def _result(self, call_id: str, recorded_id: str, item: dict[str, Any]) -> ToolResult | None:
        details, data = as_object(item.get("resultDetails")), as_object(item.get("toolSpecificData"))
        recorded = as_object(self.recorded_results.get(recorded_id))
        text = _values_text(recorded.get("content")) or _values_text(details.get("output"))
        text = text or as_text(as_object(data.get("terminalCommandOutput")).get("text"))
        code = as_object(data.get("terminalCommandState")).get("exitCode")
        if type(code) is not int:
            code = next((code for words in _EXIT_WORDS if (code := find_exit_code(words, text[-200:])) is not None), None)
        if not text and code is None:
            return None
        is_error = details.get("isError")
        return ToolResult(call_id, text, is_error if isinstance(is_error, bool) else True if code else None, code)

    def _edit(self, item: dict[str, Any]) -> None:
        """An edit without a tool call is a call itself."""
        if self.invocations or self.recorded_calls:
            return
        uri = as_object(item.get("uri"))
        path = as_text(uri.get("fsPath")) or as_text(uri.get("path"))
        edits = [as_text(as_object(edit).get("text")) for group in as_list(item.get("edits")) for edit in as_list(group)]
        if path:
            self.content.calls.append(
                ToolCall(f"edit:{len(self.content.calls)}:{path}", "edit_file", {"path": path, "new_string": "".join(edits)})
            )


def _item_text(kind: str, item: dict[str, Any]) -> str:
    """Return the visible text of an item of a response; empty for its decoration."""
    if kind == "inlineReference":
        reference = as_object(item.get("inlineReference"))
        name = as_text(item.get("name")) or as_text(reference.get("fsPath")) or as_text(reference.get("path"))
        return f"`{name}`" if name else ""
    if kind in {"", "markdownContent", "warning"}:
        text = _markdown(item.get("value")) or _markdown(item.get("content"))
        return "" if _FENCE.match(text) else text
    return ""


def _markdown(value: object) -> str:
    return as_text(value) or as_text(as_object(value).get("value"))


def _values_text(values: object) -> str:
    """Return the texts of a result: each value is text, or a tree of rendered nodes."""
    texts = [_markdown(entry) or _node_text(as_object(entry).get("value")) for entry in as_list(values)]
    return "\n".join(filter(None, texts))


def _node_text(node: object) -> str:
    fields = as_object(node)
    text = as_text(fields.get("text"))
    children = "".join(map(_node_text, as_list(fields.get("children"))))
    return text + children or (_node_text(fields["node"]) if "node" in fields else "")


def _shown_arguments(item: dict[str, Any]) -> dict[str, object] | str:
    """Return what an invocation shows of its arguments: the input, the command, the todo list, or its message."""
    data = as_object(item.get("toolSpecificData"))
    if (given := parse_arguments(as_object(item.get("resultDetails")).get("input"))) and isinstance(given, dict):
        return given
    line = as_object(data.get("commandLine"))
    if command := as_text(line.get("toolEdited")) or as_text(line.get("original")) or as_text(data.get("command")):
        return {"command": command}
    if todos := as_list(data.get("todoList")):
        return {"todoList": todos}
    message = _markdown(item.get("pastTenseMessage")) or _markdown(item.get("invocationMessage"))
    return {"message": message} if message else {}
