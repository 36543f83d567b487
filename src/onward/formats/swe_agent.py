"""SWE-agent: `.traj`, one document with `history` (every message that the model saw and wrote) and `trajectory` (its actions with their
results).

The history is complete; the trajectory repeats it, and is read only if the history is missing. Demonstrations in it belong to other
sessions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from onward.core.transcript.transcript import ImportReport, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn
from onward.formats.blocks import content_text, parse_arguments
from onward.formats.fields import as_list, as_object, as_text
from onward.formats.source import TranscriptSource

NAME = "swe-agent"
VERSIONS = ()
"""A transcript does not say which version wrote it."""
UNRECORDED = {
    "times": "no entry has a time",
    "exit code": "an observation is the output alone",
    "todo state": "the agent keeps no list",
    "usage": "`info` has one sum for the run",
    "model": "the model is in the settings of the run",
}
"""What transcripts of this format do not record, with the reason."""

_OPEN_FILE = re.compile(r"\(Open file: ([^)\n]+)\)|^\[File: (\S+) \(\d+ lines", re.M)
_REFUSED_EDIT = re.compile(r"\s*Your proposed edit has introduced new syntax error")
"""How the editor shows which file is open, and how it refuses a change."""


def detect(head: bytes) -> bool:
    """Whether *head* begins a trajectory of SWE-agent."""
    flat = head[:8192].replace(b'": ', b'":')
    if not flat.lstrip().startswith(b"{"):
        return False
    if b'"trajectory":[' in flat:
        return b'"environment":' in flat or b'"action":' in flat
    return b'"history":[' in flat[:2048] and b'"agent":"' in flat and b'"role":"' in flat


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the session. A message of the history is a record, and so is a step of the trajectory."""
    document = as_object(source.document(report))
    history, trajectory = as_list(document.get("history")), as_list(document.get("trajectory"))
    yield SessionHead(agent=NAME, id=as_text(document.get("instance_id")) or None, cwd=_find_folder(trajectory))
    submission = as_text(as_object(document.get("info")).get("submission")).strip()
    last_call = ""
    if history:
        for turn in _history_turns(history, report):
            last_call = turn.calls[-1].id if turn.calls else "" if turn.results else last_call
            yield turn
        if trajectory:
            report.skip("step told by the history", len(trajectory))
    else:
        yield from _trajectory_turns(trajectory, report)
    if submission:
        report.keep()
        position = len(history) or len(trajectory)
        text = f"Submitted ({as_text(as_object(document['info']).get('exit_status'))}):\n{submission}"
        if last_call:
            yield Turn(role="tool", results=(ToolResult(last_call, text),), line=position)
        else:
            yield Turn(role="system", text=text, mark="injected", line=position)


def _find_folder(trajectory: list[Any]) -> str:
    """Return the agent's working folder: each step has the state of its shell, as JSON text or as an object."""
    state = as_object(trajectory[0]).get("state") if trajectory else None
    return as_text(as_object(parse_arguments(state)).get("working_dir"))


def _history_turns(history: list[Any], report: ImportReport) -> Iterator[Turn]:
    """Yield the turns of the history. Without tool calls, the result of an action is the next user message."""
    call_id = open_file = ""
    for index, message in enumerate(history):
        if not isinstance(message, dict):
            report.reject(index, "not a message")
            continue
        role, text = message.get("role"), content_text(message.get("content")).strip()
        if message.get("is_demo"):
            report.skip("demonstration")
            continue
        if not text and not message.get("tool_calls"):
            report.skip("empty message")
            continue
        turn = Turn(role="user", text=text, line=index)
        if role == "assistant":
            turn = _answer(index, message, text, open_file)
            call_id = turn.calls[-1].id if turn.calls else ""
        elif role == "system":
            turn.role, turn.mark = "system", "injected"
        elif role == "tool" or call_id:
            ids = [as_text(raw_id) for raw_id in as_list(message.get("tool_call_ids"))]
            turn = Turn(role="tool", results=(_result(ids[0] if ids else call_id, text),), line=index)
            open_file = _open_file(text) or open_file
            call_id = ""
        report.keep()
        yield turn


def _result(call_id: str, text: str) -> ToolResult:
    return ToolResult(call_id, text, True if _REFUSED_EDIT.match(text) else None)


def _open_file(text: str) -> str:
    """Return the file that the agent's editor shows after an observation; empty where it does not say."""
    names = [first or second for first, second in _OPEN_FILE.findall(text)]
    return next((name for name in reversed(names) if name != "n/a"), "")


def _answer(index: int, message: dict[str, Any], text: str, open_file: str) -> Turn:
    calls: list[ToolCall] = []
    for call in map(as_object, as_list(message.get("tool_calls"))):
        function = as_object(call.get("function"))
        calls.append(ToolCall(as_text(call.get("id")), as_text(function.get("name")), parse_arguments(function.get("arguments"))))
    if not calls and (action := as_text(message.get("action")).strip()):
        text = as_text(message.get("thought")).strip()
        calls = [_action_call(index, action, open_file)]
    return Turn(role="assistant", text=text, calls=tuple(calls), line=index)


def _action_call(index: int, action: str, open_file: str) -> ToolCall:
    """Return an action as a call: a shell command, or an editor command typed into the same shell, which changes the file that is open."""
    name, _, rest = action.partition(" ")
    name = name.strip()
    path = open_file if name == "edit" else rest.strip() if name == "create" else ""
    arguments: dict[str, object] = {"path": path, "action": action} if path else {"command": action}
    return ToolCall(f"action:{index}", name.split(maxsplit=1)[0], arguments)


def _trajectory_turns(trajectory: list[Any], report: ImportReport) -> Iterator[Turn]:
    for index, step in enumerate(trajectory):
        if not isinstance(step, dict):
            report.reject(index, "not a step")
            continue
        action, thought = as_text(step.get("action")).strip(), as_text(step.get("thought")).strip() or as_text(step.get("response")).strip()
        if not action and not thought:
            report.skip("empty step")
            continue
        report.keep()
        calls = (_action_call(index, action, as_text(as_object(parse_arguments(step.get("state"))).get("open_file"))),) if action else ()
        yield Turn(role="assistant", text=thought, calls=calls, line=index)
        if calls:
            yield Turn(role="tool", results=(_result(calls[0].id, as_text(step.get("observation"))),), line=index)
