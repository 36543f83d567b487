"""What an agent tells a hook: one JSON object on standard input, in each agent's own words. Nothing in it is sure to be there, or to be of its kind."""

from __future__ import annotations

import json

AGENTS = ("claude-code", "codex", "gemini-cli", "cursor")
START, COMPACT, END, STOP = EVENTS = ("session-start", "pre-compact", "session-end", "stop")
"""When hooks are called: as a session begins, before it is compacted, as it ends, and after each answer."""

MOST_BYTES = 4_000_000
"""More than any agent sends; what comes after is not read."""


class Payload:
    """What is known of the session that a hook is called for; empty where the agent does not say.

    `session` is the agent's own id, `transcript` a path that may be wrong, `source` why it begins (startup, resume, clear, compact) or ends.
    """

    __slots__ = ("agent", "cwd", "event", "fault", "session", "source", "transcript")

    def __init__(self, agent: str, event: str, text: str) -> None:
        self.event = event
        self.fault = ""
        said = self._read(text)
        self.agent = agent or _agent(said)
        if "cursor_version" in said:
            # Cursor calls the hooks of others, too.
            self.agent = "cursor"
        self.session = _text(said, "session_id", "sessionId", "conversation_id", "thread_id")
        self.transcript = _text(said, "transcript_path", "transcriptPath", "rollout_path")
        self.source = _text(said, "source", "trigger", "reason")
        self.cwd = _text(said, "cwd", "workspace_root") or _first(said.get("workspace_roots"))

    def _read(self, text: str) -> dict[str, object]:
        if not text.strip():
            self.fault = "the agent sent nothing"
            return {}
        try:
            said = json.loads(text)
        except (ValueError, RecursionError) as error:
            self.fault = f"what the agent sent is not JSON: {error}"
            return {}
        if not isinstance(said, dict):
            self.fault = "what the agent sent is no object"
            return {}
        return said


def is_whole(data: bytes) -> bool:
    """Whether *data* is one whole value of JSON."""
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def _agent(said: dict[str, object]) -> str:
    """Return the agent that sent this, as far as it can be told."""
    transcript = _text(said, "transcript_path").replace("\\", "/")
    if "/.gemini/" in transcript or "timestamp" in said:
        return "gemini-cli"
    return "codex" if "/rollout-" in transcript or "turn_id" in said else "claude-code"


def _text(said: dict[str, object], *names: str) -> str:
    for name in names:
        value = said.get(name)
        if isinstance(value, str) and value.strip() and "\0" not in value:
            return value.strip()
    return ""


def _first(values: object) -> str:
    value = values[0] if isinstance(values, list) and values else ""
    return value if isinstance(value, str) and "\0" not in value else ""
