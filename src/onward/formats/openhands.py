"""OpenHands: a list of events, `{id, timestamp, source, action | observation, …}`, the resolver's `output.jsonl` with such a list as
`history`, and the folder of a conversation with one file per event (`events/0.json`, `events/1.json`, …) and its `metadata.json`.

An action of the agent is a call; the observation with its `cause` is the result. The text and cost of an answer are in
`tool_call_metadata`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from onward.core.transcript.transcript import ImportReport, SessionHead, ToolCall, ToolResult, TranscriptItem, Turn
from onward.formats.blocks import build_usage, content_text, parse_arguments
from onward.formats.fields import as_count, as_list, as_object, as_text, as_time, skip_reason
from onward.formats.source import TranscriptSource

NAME = "openhands"
VERSIONS = ()
"""A transcript does not say which version wrote it."""

_BOOKKEEPING = frozenset({"change_agent_state", "agent_state_changed", "null", "recall"})
_TRIES = 8
"""How many events of a folder are checked; the first ones may hold only the agent's state."""
_THOUGHTS = frozenset({"think", "agent_think"})


def detect(head: bytes) -> bool:
    """Whether *head* begins events of OpenHands or an output of its resolver."""
    flat = head[:8192].replace(b'": ', b'":')
    if flat.lstrip().startswith(b'{"issue":') and b'"history":' in head:
        return True
    return (
        b'"source":"' in flat and b'"timestamp":' in flat and (b'"action":"' in flat or b'"observation":"' in flat) and b'"args":' in flat
    )


def detect_folder(folder: Path) -> bool:
    """Whether *folder* is the folder of a conversation, or the one with its events."""
    return any(detect(TranscriptSource(path).head) for path in _event_files(folder)[:_TRIES])


def read(source: TranscriptSource, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield one session for a list of events or a conversation folder, or one per line of a resolver's output. An event is a record."""
    if source.path is not None and source.path.is_dir():
        yield from _stored_session(source.path, report)
        return
    if source.head.lstrip().startswith(b"["):
        yield from _session(as_list(source.document(report)), {}, report)
        return
    for _, record in source.records(report):
        if isinstance(record.get("history"), list):
            yield from _session(record["history"], record, report)
        elif "action" in record or "observation" in record:
            yield from _session([record], {}, report)
        else:
            report.skip("neither an event nor an output of the resolver")


def _session(events: list[Any], output: dict[str, Any], report: ImportReport) -> Iterator[TranscriptItem]:
    issue = as_object(output.get("issue"))
    yield SessionHead(
        agent=NAME,
        id=f"{as_text(issue.get('owner'))}/{as_text(issue.get('repo'))}#{as_count(issue.get('number'))}" if issue else None,
        started_at=as_time(as_object(events[0]).get("timestamp")) if events else None,
        title=as_text(issue.get("title")),
    )
    if instruction := as_text(output.get("instruction")).strip():
        report.keep()
        yield Turn(role="user", text=instruction)
    yield from _event_turns(enumerate(events), report)


def _event_files(folder: Path) -> list[Path]:
    """Return the event files of a conversation in order. They are named by the number of the event."""
    events = folder / "events" if (folder / "events").is_dir() else folder
    files = [path for path in events.glob("*.json") if path.stem.isdecimal() and path.stem.isascii()]
    return sorted(files, key=lambda path: (len(path.stem), path.stem))


def _stored_session(folder: Path, report: ImportReport) -> Iterator[TranscriptItem]:
    """Yield the conversation in *folder*, whose name is its id. A file is read only when its event is due."""
    files = _event_files(folder)
    conversation_folder = folder.parent if folder.name == "events" else folder
    about = as_object(_load_value(conversation_folder / "metadata.json"))
    first = as_object(_load_value(files[0])) if files else {}
    yield SessionHead(
        agent=NAME,
        id=conversation_folder.name or None,
        started_at=as_time(about.get("created_at")) or as_time(first.get("timestamp")),
        title=as_text(about.get("title")),
        branch=as_text(about.get("selected_branch")),
    )
    yield from _event_turns(((int(path.stem), _load_value(path)) for path in files), report)


def _load_value(path: Path) -> Any:
    """The value in one small file; None where there is none."""
    try:
        return orjson.loads(path.read_bytes()) if path.is_file() and not path.is_symlink() else None
    except (OSError, orjson.JSONDecodeError):
        return None


def _event_turns(events: Iterable[tuple[int, Any]], report: ImportReport) -> Iterator[Turn]:
    """Yield the turns of *events*, which are given with their numbers."""
    answer_counts: dict[str, int] = {}
    for index, event in events:
        if not isinstance(event, dict):
            report.reject(index, "not an event")
            continue
        turn = _turn(event, answer_counts)
        if isinstance(turn, str):
            report.skip(skip_reason(report.skipped, turn))
            continue
        report.keep()
        turn.at, turn.line = as_time(event.get("timestamp")), index
        yield turn


def _turn(event: dict[str, Any], answer_counts: dict[str, int]) -> Turn | str:
    """Return the turn of an event, or the reason to skip it. *answers* counts the calls of each answer; the first has its text."""
    action, observation = as_text(event.get("action")), as_text(event.get("observation"))
    arguments = as_object(event.get("args"))
    if action in _BOOKKEEPING or observation in _BOOKKEEPING:
        return "state of the agent"
    if observation:
        return _observation_turn(event, observation)
    if not action:
        return "event of unknown shape"
    turn = Turn(role="assistant")
    if as_text(event.get("source")) == "user" or action == "system":
        turn = Turn(role="system" if action == "system" else "user", mark="injected" if action == "system" else "said")
        turn.text = (as_text(arguments.get("content")) or as_text(event.get("message"))).strip()
        return turn if turn.text else "empty message"
    _add_answer(turn, event, answer_counts)
    if action == "message":
        turn.text = (as_text(arguments.get("content")) or as_text(event.get("message"))).strip()
    elif action in _THOUGHTS:
        turn.thinking = as_text(arguments.get("thought"))
    elif action in {"condensation", "condensation_request"}:
        turn.text, turn.mark = as_text(arguments.get("summary")).strip(), "summary"
    else:
        _add_call(turn, event, action, arguments)
    return turn if turn.text or turn.calls or turn.thinking else "empty message"


def _add_answer(turn: Turn, event: dict[str, Any], answer_counts: dict[str, int]) -> None:
    """Set the model of *turn*, and the cost and text of the answer on its first event only."""
    response = as_object(as_object(event.get("tool_call_metadata")).get("model_response"))
    turn.model = as_text(response.get("model")) or None
    response_id = as_text(response.get("id"))
    answer_counts[response_id] = answer_counts.get(response_id, 0) + 1
    if not response_id or answer_counts[response_id] > 1:
        return
    choice = next(iter(as_list(response.get("choices"))), None)
    turn.text = content_text(as_object(as_object(choice).get("message")).get("content")).strip()
    usage = as_object(response.get("usage"))
    cached_tokens = as_count(as_object(usage.get("prompt_tokens_details")).get("cached_tokens"))
    turn.usage = build_usage(
        max(0, as_count(usage.get("prompt_tokens")) - cached_tokens), as_count(usage.get("completion_tokens")), cached_tokens
    )


def _add_call(turn: Turn, event: dict[str, Any], action: str, arguments: dict[str, Any]) -> None:
    metadata = as_object(event.get("tool_call_metadata"))
    call_arguments: dict[str, object] | str = {key: value for key, value in arguments.items() if value is not None and key != "thought"}
    call_id = as_text(metadata.get("tool_call_id"))
    for choice in as_list(as_object(metadata.get("model_response")).get("choices")):
        for requested_call in map(as_object, as_list(as_object(as_object(choice).get("message")).get("tool_calls"))):
            if call_id and requested_call.get("id") == call_id:
                call_arguments = parse_arguments(as_object(requested_call.get("function")).get("arguments")) or call_arguments
    if not turn.text and not call_id:
        turn.text = as_text(arguments.get("thought")).strip()
    if action == "finish":
        final_text = (as_text(arguments.get("final_thought")) or as_text(event.get("message"))).strip()
        turn.text = final_text if turn.text in final_text else f"{turn.text}\n\n{final_text}".strip()
    turn.calls = (ToolCall(call_id or f"event:{event.get('id')}", as_text(metadata.get("function_name")) or action, call_arguments),)


def _observation_turn(event: dict[str, Any], observation: str) -> Turn:
    extras = as_object(event.get("extras"))
    text = as_text(event.get("content")) or as_text(event.get("message"))
    code = as_object(extras.get("metadata")).get("exit_code", extras.get("exit_code"))
    call_id = as_text(as_object(event.get("tool_call_metadata")).get("tool_call_id")) or f"event:{event.get('cause')}"
    if observation in {"message", "recall", "microagent"} and "cause" not in event:
        return Turn(role="system", text=text, mark="injected")
    return Turn(
        role="tool", results=(ToolResult(call_id, text, observation == "error", code if type(code) is int and code >= 0 else None),)
    )
