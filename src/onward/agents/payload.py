"""What an agent tells a hook: one JSON object on standard input, in each agent's own words. Nothing in it is sure to be there, or to be of its kind."""

from __future__ import annotations

import json

START, COMPACT, END, STOP = EVENTS = ("session-start", "pre-compact", "session-end", "stop")
"""When hooks are called: as a session begins, before it is compacted, as it ends, and after each answer."""

MAX_BYTES = 4_000_000
"""More than any agent sends; what comes after is not read."""


class HookPayload:
    """What is known of the session that a hook is called for; empty where the agent does not say.

    `session` is the agent's own id, `transcript` a path that may be wrong, `source` why it begins (startup, resume, clear, compact) or ends.
    """

    __slots__ = ("agent", "cwd", "event", "fault", "session", "source", "transcript")

    def __init__(self, agent: str, event: str, text: str) -> None:
        self.event = event
        self.fault = ""
        data = self._parse(text)
        self.agent = agent or _detect_agent(data)
        if "cursor_version" in data:
            # Cursor calls the hooks of others, too.
            self.agent = "cursor"
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
            self.fault = f"what the agent sent is not JSON: {error}"
            return {}
        if not isinstance(data, dict):
            self.fault = "what the agent sent is no object"
            return {}
        return data


def is_complete_json(data: bytes) -> bool:
    """Whether *data* is one whole value of JSON."""
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def _detect_agent(data: dict[str, object]) -> str:
    """Return the agent that sent this, as far as it can be told."""
    transcript = _text(data, "transcript_path").replace("\\", "/")
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
