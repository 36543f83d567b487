"""The messages of OpenCode 2 (`session_message`), in the form of the messages and parts of OpenCode 1."""

from __future__ import annotations

from typing import Any

from onward.formats.blocks import content_text
from onward.formats.fields import as_list, as_object, as_text

SWITCHES = frozenset({"agent-switched", "model-switched"})
_EXIT_KEYS = ("exit", "exitCode", "exit_code")


def to_message(message_id: str, kind: str, data: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    """Return one message of the type *kind* as a head and parts; a head without a role for a type that is not known."""
    head: dict[str, Any] = {"id": message_id, "time": as_object(data.get("time"))}
    text = as_text(data.get("text"))
    if kind == "user":
        files = [_file(as_object(file)) for file in as_list(data.get("files"))]
        return {**head, "role": "user"}, [*_text_parts(text), *files]
    if kind in {"synthetic", "system", "skill"}:
        return {**head, "role": "user"}, _text_parts(text, synthetic=True)
    if kind == "shell":
        return {**head, "role": "shell"}, [_shell(message_id, data)]
    if kind == "compaction":
        return {**head, "role": "assistant", "summary": True}, _text_parts(as_text(data.get("summary")))
    if kind == "assistant":
        about = {**head, "role": "assistant", "modelID": _model_id(data.get("model")), "tokens": data.get("tokens")}
        if error := as_text(as_object(data.get("error")).get("message")):
            about["error"] = {"data": {"message": error}}
        return about, [_content(as_object(part)) for part in as_list(data.get("content"))]
    return {**head, "role": "", "type": kind}, []


def _text_parts(text: str, *, synthetic: bool = False) -> list[Any]:
    return [{"type": "text", "text": text, "synthetic": synthetic}] if text else []


def _file(file: dict[str, Any]) -> dict[str, Any]:
    return {"type": "file", "filename": as_text(file.get("name")), "url": as_text(file.get("uri")) or as_text(file.get("url"))}


def _model_id(model: object) -> str:
    return as_text(model) or as_text(as_object(model).get("id")) or as_text(as_object(model).get("modelID"))


def _shell(message_id: str, data: dict[str, Any]) -> dict[str, Any]:
    state = {"status": "completed", "input": {"command": as_text(data.get("command"))}, "output": as_text(data.get("output"))}
    return {
        "type": "tool",
        "tool": "shell",
        "callID": as_text(data.get("callID")) or f"{message_id}:shell",
        "state": {**state, "metadata": data},
    }


def _content(part: dict[str, Any]) -> dict[str, Any]:
    """Return a part of an answer in the older form."""
    if part.get("type") != "tool":
        return part
    state = as_object(part.get("state"))
    structured = {**as_object(state.get("metadata")), **as_object(state.get("structured"))}
    code = next((structured[key] for key in _EXIT_KEYS if key in structured), None)
    error = state.get("error")
    output = content_text(state.get("content")) or content_text(state.get("output")) or content_text(state.get("result"))
    return {
        "type": "tool",
        "tool": as_text(part.get("name")) or as_text(part.get("tool")),
        "callID": as_text(part.get("callID")) or as_text(part.get("id")),
        "state": {
            "status": state.get("status"),
            "input": state.get("input"),
            "output": output,
            "error": as_text(as_object(error).get("message")) or as_text(error) or output,
            "metadata": {"exit": code},
        },
    }
