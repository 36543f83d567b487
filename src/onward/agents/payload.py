"""What an agent sends to a hook: one JSON object on standard input. Names differ between agents; any field may be missing."""

from __future__ import annotations

import json

START, COMPACT, COMPACTED, END, STOP = EVENTS = ("session-start", "pre-compact", "post-compact", "session-end", "stop")
"""When hooks are called: at the start of a session, before and after a compaction, at the end, and after each answer."""

CATCH_UP = "catch-up"
"""What a start does first: it imports sessions that ended without an event."""

MAX_BYTES = 4_000_000
"""More than any agent sends; the rest is not read."""


class HookPayload:
    """What is known about the session of a hook call; fields are empty if the agent does not send them.

    `session` is the agent's own id, `transcript` a path that may be wrong, and `source` why the session starts (startup, resume, clear,
    compact) or ends. `data` is the whole object.
    """

    __slots__ = ("agent", "cwd", "data", "event", "fault", "session", "source", "transcript")

    def __init__(self, agent: str, event: str, text: str) -> None:
        self.event = event
        self.fault = ""
        self.data = data = self._parse(text)
        self.agent = agent or _detect_agent(data)
        if "cursor_version" in data:
            # Cursor also calls the hooks of other agents.
            self.agent = "cursor"
        if self.agent == "gemini-cli" and event == COMPACT:
            # An older installation hooked into PreCompress, which Gemini calls before every request to its model.
            self.event = STOP
        self.session = _text(data, "session_id", "sessionId", "conversation_id", "thread_id")
        self.transcript = _text(data, "transcript_path", "transcriptPath", "rollout_path")
        self.source = _text(data, "source", "trigger", "reason")
        self.cwd = _text(data, "cwd", "workspace_root") or _first(data.get("workspace_roots"))

    def _parse(self, text: str) -> dict[str, object]:
        if not text.strip():
            self.fault = "the agent sent nothing"
            return {}
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            self.fault = f"the agent sent invalid JSON: {error}"
            return {}
        if not isinstance(data, dict):
            self.fault = "the agent sent no JSON object"
            return {}
        return data


def is_complete_json(data: bytes) -> bool:
    """Return whether *data* is one complete JSON value."""
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def _detect_agent(data: dict[str, object]) -> str:
    """Return the agent that probably sent *data*."""
    transcript = _text(data, "transcript_path").replace("\\", "/")
    if "/.qwen/" in transcript:
        return "qwen-code"
    if "sessionId" in data:
        return "copilot"
    if "/.gemini/" in transcript or "timestamp" in data:
        return "gemini-cli"
    return "codex" if "/rollout-" in transcript or "turn_id" in data else "claude-code"


def _text(data: dict[str, object], *names: str) -> str:
    for name in names:
        value = data.get(name)
        if isinstance(value, str) and value.strip() and "\0" not in value:
            return value.strip()
    return ""


def _first(values: object) -> str:
    value = values[0] if isinstance(values, list) and values else ""
    return value if isinstance(value, str) and "\0" not in value else ""
