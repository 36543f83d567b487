"""The execution logs of Kiro's editor: what the agent said and did for one answer of a session, in a file of its own.

They are in a folder named by a digest of the project's folder, beside `workspace-sessions`; only a log itself tells its execution.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from onward.core.transcript.transcript import ToolCall, ToolResult
from onward.formats.fields import as_list, as_object, as_text
from onward.formats.messages import MessageContent, result_text
from onward.formats.source import read_object_file

_LOGS = "414d1636299d2b9e4ce7e17fb11f63e9"
"""The name that every folder of logs has."""
_EXECUTION_ID = re.compile(rb'"executionId"\s*:\s*"([^"]+)"')
_HEAD_BYTES = 1024
_TOOLS = {"replace": "edit_file", "create": "create_file", "readCode": "read_file", "readFiles": "read_file"}
_SPOKEN = "say"


def find_logs(session: Path | None, folder: str) -> dict[str, Path]:
    """Return the log of each execution, by the file of a session and the folder of its project."""
    if session is None or len(session.absolute().parents) < 3:
        return {}
    place = session.absolute().parents[2] / sha256(folder.encode()).hexdigest()[:32] / _LOGS
    if not place.is_dir():
        return {}
    return {execution: path for path in sorted(place.iterdir()) if path.is_file() and (execution := _execution(path))}


def _execution(path: Path) -> str:
    with path.open("rb") as stream:
        match = _EXECUTION_ID.search(stream.read(_HEAD_BYTES))
    return match[1].decode("utf-8", "replace") if match else ""


def read_log(path: Path) -> MessageContent:
    """Return what the agent said and did in one execution."""
    content = MessageContent()
    for action in map(as_object, as_list(read_object_file(path).get("actions"))):
        kind, output = as_text(action.get("actionType")), as_object(action.get("output"))
        message = as_text(output.get("message"))
        if kind == _SPOKEN:
            content.texts += [message] if message else []
        elif call := _call(kind, action):
            content.calls.append(call)
            content.results += [ToolResult(call.id, text)] if (text := message or result_text(output)) and output else []
    return content


def _call(kind: str, action: dict[str, Any]) -> ToolCall | None:
    given = as_object(action.get("input"))
    arguments = dict(_arguments(kind, given))
    return ToolCall(as_text(action.get("actionId")), _TOOLS.get(kind, kind), arguments) if kind and arguments else None


def _arguments(kind: str, given: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield the arguments of an action under the names that other agents use."""
    names = {"file": "path", "originalContent": "old_string", "modifiedContent": "content" if kind == "create" else "new_string"}
    for name, value in given.items():
        if value not in (None, ""):
            yield names.get(name, name), value
