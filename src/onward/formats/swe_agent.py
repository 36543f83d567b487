"""SWE-agent: `.traj`, one document with `history` (every message that the model saw and wrote) and `trajectory` (its actions with their
results).

The history is complete; the trajectory repeats it, and is read only if the history is missing. Demonstrations in it belong to other
sessions.
"""

from __future__ import annotations

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
    if history:
        yield from _history_turns(history, report)
        if trajectory:
            report.skip("step told by the history", len(trajectory))
    else:
        yield from _trajectory_turns(trajectory, report)
    submission = as_text(as_object(document.get("info")).get("submission")).strip()
    if submission:
        report.keep()
        position = len(history) or len(trajectory)
        yield Turn(
            role="system",
            text=f"Submitted ({as_text(as_object(document['info']).get('exit_status'))}):\n{submission}",
            mark="injected",
            line=position,
        )


def _find_folder(trajectory: list[Any]) -> str:
    """Return the agent's working folder: each step has the state of its shell, as JSON text or as an object."""
    state = as_object(trajectory[0]).get("state") if trajectory else None
    return as_text(as_object(parse_arguments(state)).get("working_dir"))


def _history_turns(history: list[Any], report: ImportReport) -> Iterator[Turn]:
    """Yield the turns of the history. Without tool calls, the result of an action is the next user message."""
    call_id = ""
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
            turn = _answer(index, message, text)
            call_id = turn.calls[-1].id if turn.calls else ""
        elif role == "system":
            turn.role, turn.mark = "system", "injected"
        elif role == "tool" or call_id:
            ids = [as_text(raw_id) for raw_id in as_list(message.get("tool_call_ids"))]
            turn = Turn(role="tool", results=(ToolResult(ids[0] if ids else call_id, text),), line=index)
            call_id = ""
        report.keep()
        yield turn


def _answer(index: int, message: dict[str, Any], text: str) -> Turn:
    calls: list[ToolCall] = []
    for call in map(as_object, as_list(message.get("tool_calls"))):
        function = as_object(call.get("function"))
        calls.append(ToolCall(as_text(call.get("id")), as_text(function.get("name")), parse_arguments(function.get("arguments"))))
    if not calls and (action := as_text(message.get("action")).strip()):
        text = as_text(message.get("thought")).strip()
        calls = [_action_call(index, action)]
    return Turn(role="assistant", text=text, calls=tuple(calls), line=index)


def _action_call(index: int, action: str) -> ToolCall:
    """Return an action as a call: a shell command, or an editor command typed into the same shell."""
    return ToolCall(f"action:{index}", action.split(maxsplit=1)[0], {"command": action})


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
        calls = (_action_call(index, action),) if action else ()
        yield Turn(role="assistant", text=thought, calls=calls, line=index)
        if calls:
            yield Turn(role="tool", results=(ToolResult(calls[0].id, as_text(step.get("observation"))),), line=index)
